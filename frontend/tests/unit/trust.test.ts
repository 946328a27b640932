/** The words about a read: whether it is verified, its time, and the lie. */
import { describe, expect, it } from 'vitest';
import { type Lie, lieWords } from '../../src/client';
import { formatTime } from '../../src/page/format';
import { listTrustWords, messageTrustWords, trustWord } from '../../src/page/parts/trust';

const VERIFIED = { kind: 'verified', asOf: 1_800_000_000 } as const;
const UNPROVABLE = { kind: 'unprovable' } as const;

describe.each([
  ['a list', listTrustWords],
  ['a message', messageTrustWords],
])('%s', (_, words) => {
  it('is verified as of a time, and says which lies the page would have noticed', () => {
    expect(words(VERIFIED)).toContain(`Verified as of ${formatTime(VERIFIED.asOf)}`);
    expect(words(VERIFIED)).toContain('would have noticed');
  });

  it('is not proved otherwise, and says what the node could have done', () => {
    expect(words(UNPROVABLE)).toMatch(/^Not proved: this comes from one node\..*could have invented/);
  });
});

it('is one word in a row', () => {
  expect([trustWord(VERIFIED), trustWord(UNPROVABLE)]).toEqual(['verified', 'unproved']);
});

describe('each lie is a sentence that names the false part', () => {
  const why = { kind: 'rolled-back', seen: 4, found: 3 } as const;
  it.each<[Lie, ...string[]]>([
    [{ kind: 'no-proof' }, 'without the proof', 'closed'],
    [{ kind: 'certificate', why: { kind: 'canister' } }, 'no data of this canister'],
    [{ kind: 'page', why: { kind: 'chain' } }, 'forged'],
    [{ kind: 'page', why: { kind: 'count', shown: 4, proved: 5 } }, 'left out'],
    [{ kind: 'page', why: { kind: 'count', shown: 6, proved: 5 } }, 'were added'],
    [{ kind: 'heads', why: { kind: 'root', at: 2 } }, 'key 3'],
    [{ kind: 'behind', why, seconds: 0 }, '4 were seen', 'less than a second older'],
    [{ kind: 'behind', why, seconds: 40 }, '40 seconds older', 'lags behind'],
    [{ kind: 'seen', why }, '4 were seen', 'The subnet itself'],
    [{ kind: 'other-key', id: 7 }, 'Message 7'],
    [{ kind: 'other-message', asked: 7, found: 8 }, 'Message 8', 'message 7'],
    [{ kind: 'message', id: 7, field: 'hash' }, 'hash of message 7'],
    [{ kind: 'answer', field: 'gap' }, 'gap'],
    [{ kind: 'head', at: 0, field: 'opt' }, 'denies or invents key 1'],
    [{ kind: 'head', at: 1, field: 'rank' }, 'rank of key 2'],
  ])('%j', (lie, ...values) => {
    for (const value of values) expect(lieWords(lie)).toContain(value);
    expect(lieWords(lie)).toMatch(/^[A-Z][^{}]*\.$/);
  });
});
