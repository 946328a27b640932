import { describe, expect, it } from 'vitest';
import {
  type Broken,
  brokenWords,
  type Continuation,
  continuation,
  type HeadsRefused,
  headsRefusedWords,
  type Malformed,
  missed,
  newestOf,
  type PageRefused,
  pageRefusedWords,
  type VerifiedPage,
  type WitnessError,
} from '../../src/proofs';
import { bytes, HEADS, headsText, named, PAGES, pageText, SEEN, verdictOnHeads, verdictOnPage } from './proof-vectors';

function verified(vector: (typeof PAGES)[number]): VerifiedPage {
  const page = verdictOnPage(vector);
  if (page.kind !== 'verified') throw new Error(`"${vector.name}" is refused: ${page.why.kind}`);
  return page;
}

describe('the vectors of proofs', () => {
  it.each(PAGES)('a page: $name', (vector) => {
    const verdict = verdictOnPage(vector);
    expect(pageText(verdict)).toEqual(vector.expected);
    if (verdict.kind === 'verified') expect(verdict.asOf).toBe(vector.time);
  });

  it.each(HEADS)('heads: $name', (vector) => {
    expect(headsText(verdictOnHeads(vector))).toEqual(vector.expected);
  });

  it.each(SEEN)('what was seen: $page.name', (vector) => {
    const seen = { ...vector, epoch: BigInt(vector.epoch), chain: bytes(vector.chain) };
    const page = verified(vector.page);
    const how = continuation(seen, page);
    const text = how.kind === 'broken' ? { broken: why(how.why) } : { continued: how.kind, missed: missed(seen, page) };
    expect(text).toEqual(vector.expected);
  });

  it('have every verdict', () => {
    // The compiler asks for each case of the types, and no other.
    const page: Record<PageRefused['kind'], true> = {
      malformed: true,
      'label-unknown': true,
      witness: true,
      root: true,
      count: true,
      'below-missing': true,
      'no-such-key': true,
      'jump-outside': true,
      order: true,
      chain: true,
      'before-entry': true,
      start: true,
      empty: true,
    };
    const heads: Record<HeadsRefused['kind'], true> = {
      malformed: true,
      count: true,
      'label-unknown': true,
      witness: true,
      root: true,
    };
    const witness: Record<WitnessError, true> = {
      positions: true,
      'off-the-way': true,
      'not-absent': true,
      nothing: true,
    };
    const malformed: Record<Malformed['kind'], true> = {
      truncated: true,
      'trailing-bytes': true,
      version: true,
      case: true,
      number: true,
      count: true,
    };
    const how: Record<Exclude<Continuation['kind'], 'broken'>, true> = {
      extends: true,
      unlinked: true,
      restarted: true,
      restored: true,
    };
    const broken: Record<Broken['kind'], true> = { epoch: true, 'rolled-back': true, forked: true };
    const text = (vectors: object[]) => JSON.stringify(vectors);
    for (const kind of Object.keys(page)) expect(text(PAGES)).toContain(`"kind":"${kind}"`);
    for (const kind of Object.keys(heads)) expect(text(HEADS)).toContain(`"kind":"${kind}"`);
    for (const error of Object.keys(witness)) {
      expect(text(PAGES)).toContain(`"error":"${error}","kind":"witness"`);
      expect(text(HEADS)).toContain(`"error":"${error}","kind":"witness"`);
    }
    for (const kind of Object.keys(malformed))
      expect(text(PAGES)).toMatch(new RegExp(`"error":{[^}]*"kind":"${kind}"`));
    for (const kind of Object.keys(how)) expect(text(SEEN)).toContain(`"continued":"${kind}"`);
    for (const kind of Object.keys(broken)) expect(text(SEEN)).toContain(`"kind":"${kind}"`);
  });
});

describe('the memory of a reader', () => {
  it('is the newest message of the page', () => {
    const vector = named(PAGES, 'to the newest');
    const page = verified(vector);
    expect(newestOf(page)).toMatchObject({ epoch: 1n, id: 58, rank: 20, chain: page.head?.chain });
    expect(newestOf(verified(named(PAGES, 'no such key, ascending')))).toBeNull();
  });

  it('stays as it was when the bytes of the proof change', () => {
    const vector = named(PAGES, 'to the newest');
    const proof = bytes(vector.proof);
    const page = verdictOnPage(vector, proof);
    proof.fill(0);
    expect(page).toEqual(verdictOnPage(vector));
  });
});

describe('words', () => {
  it('say of each refusal why, each in another way', () => {
    const pages = PAGES.map((vector) => verdictOnPage(vector)).filter((verdict) => verdict.kind === 'refused');
    const heads = HEADS.map((vector) => verdictOnHeads(vector)).filter((verdict) => verdict.kind === 'refused');
    const words = new Map([
      ...pages.map(({ why }) => [JSON.stringify(why), pageRefusedWords(why)] as const),
      ...heads.map(({ why }) => [`heads ${JSON.stringify(why)}`, headsRefusedWords(why)] as const),
    ]);
    const malformed = [...words.keys()].filter((why) => why.startsWith('heads') && why.includes('malformed')).length;
    // Malformed bytes are described alike in both kinds of proof.
    expect(new Set(words.values()).size).toBeGreaterThanOrEqual(words.size - malformed);
    for (const sentence of words.values()) expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
  });

  it('say how an answer contradicts the memory', () => {
    expect(brokenWords({ kind: 'epoch', seen: 3n, found: 2n })).toContain('epoch 2, but epoch 3 was seen');
    expect(brokenWords({ kind: 'rolled-back', seen: 9, found: 7 })).toContain('has 7 messages, but 9 were seen');
    expect(brokenWords({ kind: 'forked', rank: 4 })).toContain('Number 4 of this key is not the message');
  });
});

/** As the vectors write it: an epoch is a text. */
function why(broken: Broken): unknown {
  return broken.kind === 'epoch' ? { ...broken, seen: String(broken.seen), found: String(broken.found) } : broken;
}
