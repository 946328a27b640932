/**
 * Proofs of reads: whether a page is genuine, complete and current, although one replica answered it. docs/proofs.md has the
 * argument, and lists what is not proved. No DOM, no agent; BLAKE3 and SHA-256 come from @noble/hashes. Only `certificate.ts`,
 * which is not exported here, needs @icp-sdk/core.
 *
 *     const certified = await certifiedData(certificate, canisterId, rootKey);     // from './certificate'
 *     if (certified.kind === 'refused') return certificateRefusedWords(certified.why);
 *     const shown = messages.map((message) => ({ …, len: ciphertext.length, hash: sha256(ciphertext) }));
 *     const question = { key: { id: keyId }, order: 'ascending', entry: { kind: 'after', id: seen.id } };
 *     const page = verifyPage(proof, question, shown, certified, Date.now() / 1000);
 *     if (page.kind === 'refused') return pageRefusedWords(page.why);
 *     const how = continuation(seen, page);                  // rolled back or forked since the last visit?
 *
 * A verified page is complete as of `page.asOf`, the certificate's time. `page.more` says whether more messages follow.
 * Remember {@link newestOf} the page beside the messages.
 */
export type { Fields } from './chain';
export type { Hash } from './hash';
export type { Certified, Head, Key, State } from './head';
export { type HeadsRefused, type VerifiedHeads, verifyHeads } from './heads';
export type { Entry, Question, Shown } from './question';
export { type Broken, type Continuation, continuation, missed, newestOf, type Seen } from './seen';
export type { WitnessError } from './trie';
export type { Refused } from './verdict';
export { type Known, type PageRefused, type VerifiedPage, verifyPage } from './verify';
export type { Malformed, MalformedProof } from './wire';
export { brokenWords, headsRefusedWords, pageRefusedWords } from './words';
