/** Bits of proofs flipped: caught, or harmless because the verdict is the same. */
import { expect, it } from 'vitest';
import { bytes, HEADS, named, PAGES, shownOf, verdictOnHeads, verdictOnPage } from './proof-vectors';

/** The bytes with each bit flipped in turn. */
function* flipped(proof: Uint8Array): Generator<[bit: number, proof: Uint8Array]> {
  for (let bit = 0; bit < proof.length * 8; bit += 1) {
    const changed = proof.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield [bit, changed];
  }
}

/** The link taken from the newest message, of which both links lead to the same: version, state, two nodes, head, count. */
const FIRST_LINK = 8 * (1 + 52 + (2 + 2 * 33) + (1 + 52) + 2);

it.each([
  ['the start: everything before was acknowledged', 0],
  // The rank of the oldest message, of which there is none.
  ['nothing before what is live: dropped', 32],
])('catches every flipped bit of a page: %s', (name, harmless) => {
  const vector = named(PAGES, name);
  const truth = verdictOnPage(vector);
  expect(truth.kind).toBe('verified');
  const same: number[] = [];
  for (const [bit, proof] of flipped(bytes(vector.proof))) {
    const verdict = verdictOnPage(vector, proof);
    if (verdict.kind === 'refused') continue;
    expect(verdict, `bit ${bit}`).toEqual(truth);
    same.push(bit);
  }
  expect(same[0]).toBe(FIRST_LINK);
  expect(same).toHaveLength(1 + harmless);
});

it('catches every flipped bit of a message', () => {
  const vector = named(PAGES, 'behind an id');
  const shown = shownOf(vector);
  for (const [at, message] of shown.entries()) {
    for (const field of ['id', 'prevId', 'timestamp', 'len'] as const) {
      for (let bit = 0; bit < 32; bit += 1) {
        const changed = shown.with(at, { ...message, [field]: (message[field] ^ (1 << bit)) >>> 0 });
        expect(verdictOnPage(vector, undefined, changed).kind, `${field} ${bit} of ${at}`).toBe('refused');
      }
    }
    for (const [bit, hash] of flipped(message.hash)) {
      const changed = shown.with(at, { ...message, hash });
      expect(verdictOnPage(vector, undefined, changed), `bit ${bit} of ${at}`).toMatchObject({
        why: { kind: 'chain' },
      });
    }
  }
});

it('catches every flipped bit of heads', () => {
  const vector = named(HEADS, 'heads of three keys, and of none');
  expect(verdictOnHeads(vector).kind).toBe('verified');
  for (const [bit, proof] of flipped(bytes(vector.proof))) {
    expect(verdictOnHeads(vector, proof).kind, `bit ${bit}`).toBe('refused');
  }
});

it('reads no proof that was cut short', () => {
  const page = named(PAGES, 'behind an id');
  const heads = named(HEADS, 'heads of three keys, and of none');
  const refused = { kind: 'refused', why: { kind: 'malformed', error: { kind: 'truncated' } } };
  for (let length = 0; length < page.proof.length / 2; length += 1) {
    expect(verdictOnPage(page, bytes(page.proof).subarray(0, length))).toEqual(refused);
  }
  for (let length = 0; length < heads.proof.length / 2; length += 1) {
    expect(verdictOnHeads(heads, bytes(heads.proof).subarray(0, length))).toEqual(refused);
  }
});
