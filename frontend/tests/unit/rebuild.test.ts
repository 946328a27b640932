import { expect, it } from 'vitest';
import { rebuildWords } from '../../src/page/parts/rebuild';

const rebuild = { done: 1799, total: 52_000 };

it('says nothing while the index is complete', () => {
  expect(rebuildWords({})).toBeUndefined();
});

it('says how far a rebuild is, and what waits for it', () => {
  const words = rebuildWords({ rebuild });
  expect(words).toMatchObject({ tone: 'warn', title: 'The store is rebuilding its index' });
  const text = words?.paragraphs.join(' ');
  expect(text).toContain('1,799 of 52,000 messages done');
  expect(text).toContain('no lookups by hash, and accepts no messages');
  expect(text).not.toContain('retry_rebuild');
});

it('says of a rebuild that has stopped why, what still works, and what operators do', () => {
  const reason = 'the record of message 1800 is of a kind this release does not know';
  const words = rebuildWords({ rebuild, rebuild_failure: reason });
  expect(words).toMatchObject({ tone: 'bad', title: 'The index could not be rebuilt' });
  const [why, works, next] = words?.paragraphs ?? [];
  expect(why).toContain('stopped after 1,799 of 52,000 messages');
  expect(why).toContain(`The canister says why: ${reason}.`);
  expect(works).toContain('still read messages by key, by id, by range and by time');
  expect(works).toContain('no lookups by hash, and accepts no messages');
  expect(next).toContain('does not start again by itself');
  expect(next).toContain('an admin calls retry_rebuild');
});
