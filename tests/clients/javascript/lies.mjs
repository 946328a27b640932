// The verdicts of the verifier in TypeScript (frontend/src/proofs) on the answers of a network that lies. The table of
// lies is that of tests/clients/lies, which drives the client for Rust too.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { frontend } from './frontend.mjs';
import { actor, agent, bytes } from './inbox.mjs';

/** The verifier of the page. */
async function verifier() {
  return { ...(await frontend('proofs/index.ts')), ...(await frontend('proofs/certificate.ts')) };
}

export async function everyLieIsNamed(packages, { url, choose, canister, lies }) {
  const proofs = await verifier();
  const id = packages.Principal.fromText(canister).toUint8Array();
  const wrong = [];
  for (const [number, { name, asked, seen, expected }] of lies.entries()) {
    await fetch(`${choose}${number}`, { method: 'POST' });
    // Each is a new agent: some lies bring another network's key.
    const network = await agent(packages, url, { retryTimes: 0, verifyQuerySignatures: false });
    const inbox = actor(packages, network, canister);
    const certify = (certificate) => proofs.certifiedData(certificate, id, new Uint8Array(network.rootKey));
    const verdict = await verdictOn(proofs, inbox, certify, asked, seen);
    if (!expected.includes(verdict)) {
      wrong.push(`${name}: ${verdict}, not ${expected.join(' or ')}`);
    }
  }
  assert.deepEqual(wrong, []);
}

/** The verdict of a reader on the answer to its question: the kind of the refusal, or "verified". */
async function verdictOn(proofs, inbox, certify, asked, seen) {
  const { answer, verify } = question(proofs, asked);
  const { Ok } = await answer(inbox);
  const [proof] = Ok.proof;
  if (!proof) {
    return 'no-proof';
  }
  const certified = await certify(Uint8Array.from(proof.certificate));
  if (certified.kind === 'refused') {
    return certified.why.kind;
  }
  const verified = verify(Ok, Uint8Array.from(proof.bytes), certified);
  if (verified.kind === 'refused') {
    return verified.why.kind;
  }
  if (seen) {
    const chain = Uint8Array.from(Buffer.from(seen.chain, 'hex'));
    const continued = proofs.continuation({ ...seen, epoch: BigInt(seen.epoch), chain }, verified);
    if (continued.kind === 'broken') {
      return continued.why.kind;
    }
  }
  return 'verified';
}

/** How a question is put, and how its answer is verified. */
function question({ verifyPage, verifyHeads }, asked) {
  const now = () => Date.now() / 1000;
  if (asked.kind === 'heads') {
    const keys = asked.keys.map(bytes);
    return {
      answer: (inbox) => inbox.get_key_heads(keys, [true]),
      verify: (_, proof, certified) => verifyHeads(proof, keys.map((id) => ({ id })), certified),
    };
  }
  if (asked.kind === 'message') {
    return {
      answer: (inbox) => inbox.get_message_by_id(asked.id, [true]),
      verify: ({ message }, proof, certified) => {
        const entry = { kind: 'after', id: asked.id - 1 };
        const key = { id: Uint8Array.from(message.key_id) };
        return verifyPage(proof, { key, order: 'ascending', entry }, [shown(message)], certified, now());
      },
    };
  }
  const id = bytes(asked.key);
  const cursor = { start: asked.start, order: { [asked.order]: null }, limit: asked.limit, prove: true };
  return {
    answer: (inbox) => inbox.get_messages_by_key(id, cursor),
    verify: ({ messages }, proof, certified) => {
      const oldestFirst = asked.order === 'ascending' ? messages : messages.toReversed();
      const question = { key: { id }, order: asked.order, entry: entry(asked.start) };
      return verifyPage(proof, question, oldestFirst.map(shown), certified, now());
    },
  };
}

/** The entry of a page that starts there. */
function entry(start) {
  const [[kind, value]] = Object.entries(start);
  return {
    beginning: { kind: 'start' },
    after: { kind: 'after', id: value },
    time: { kind: 'time', second: value },
    rank: { kind: 'rank', rank: value },
  }[kind];
}

/** A message as its proof must have it. The hash is the reader's own. */
function shown({ id, prev_id, timestamp, ciphertext }) {
  const sealed = Uint8Array.from(ciphertext);
  const hash = Uint8Array.from(createHash('sha256').update(sealed).digest());
  return { id, prevId: prev_id, timestamp, len: sealed.length, hash };
}
