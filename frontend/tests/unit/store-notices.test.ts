import { expect, it } from 'vitest';
import type { StoreStatus } from '../../src/client';
import { storeNotices } from '../../src/page/parts/store-notices';

const rebuild = { done: 1799, total: 52_000 };
const READY: StoreStatus = {
  first_id: 1,
  next_id: 9,
  messages: 8,
  keys: 2,
  backlog: 0,
  erasing: false,
  oldest_timestamp: 1_800_000_000,
  newest_timestamp: 1_800_000_000,
  live_bytes: 2_000n,
  stable_bytes: 117_506_048n,
  stable_bytes_free: 0n,
  index_entries: 8n,
  low_memory: false,
};

/** The only notice about a store in this state. */
function only(state: Partial<StoreStatus>) {
  const notices = storeNotices({ sealed: false, store: { ...READY, ...state } });
  expect(notices).toHaveLength(1);
  return notices[0];
}

it('says nothing of a store that is ready, or that the visitor does not see', () => {
  expect(storeNotices({ sealed: false, store: READY })).toEqual([]);
  expect(storeNotices({ sealed: false })).toEqual([]);
});

it('does not take a backlog of dropped messages for a rebuild, nor for any other trouble', () => {
  const swept = { ...READY, backlog: 5000 };
  expect(storeNotices({ sealed: false, store: swept })).toEqual([]);
  for (const trouble of [{ low_memory: true }, { erasing: true }]) {
    const notices = storeNotices({ sealed: true, store: { ...swept, ...trouble } });
    expect(JSON.stringify(notices)).not.toMatch(/rebuil/i);
  }
});

it('says to everybody that a store is sealed, and what that means', () => {
  for (const status of [{ sealed: true, store: READY }, { sealed: true }]) {
    const [notice, ...others] = storeNotices(status);
    expect(notice).toMatchObject({ tone: 'warn', title: 'The store is sealed' });
    expect(notice?.paragraphs.join(' ')).toContain('accepts none until the operator resumes it');
    expect(others).toEqual([]);
  }
});

it('says when memory is low, and who is affected', () => {
  const notice = only({ low_memory: true });
  expect(notice?.tone).toBe('warn');
  expect(notice?.paragraphs.join(' ')).toContain('opens no new keys');
});

it('says everything at once', () => {
  const store = { ...READY, low_memory: true, rebuild };
  expect(storeNotices({ sealed: true, store }).map(({ title }) => title)).toEqual([
    'The store is sealed',
    'The store is rebuilding its index',
    'The memory of the store is nearly used up',
  ]);
});

it('says how far a rebuild is, and what waits for it', () => {
  const words = only({ rebuild });
  expect(words).toMatchObject({ tone: 'warn', title: 'The store is rebuilding its index' });
  const text = words?.paragraphs.join(' ');
  expect(text).toContain('1,799 of 52,000 messages are indexed');
  expect(text).toContain('no lookups by hash, and accepts no messages');
  expect(text).not.toContain('retry_rebuild');
});

it('explains a rebuild that has stopped: the reason, the working calls, and the steps for operators', () => {
  const reason = 'the record of message 1800 is of a kind this release does not know';
  const words = only({ rebuild, rebuild_failure: reason });
  expect(words).toMatchObject({ tone: 'bad', title: 'The index could not be rebuilt' });
  const [why, works, next] = words?.paragraphs ?? [];
  expect(why).toContain('stopped after 1,799 of 52,000 messages');
  expect(why).toContain(`The canister says why: ${reason}.`);
  expect(works).toContain('still read messages by key, by id, by range and by time');
  expect(works).toContain('no lookups by hash, and accepts no messages');
  expect(next).toContain('does not restart by itself');
  expect(next).toContain('an admin must call retry_rebuild');
});
