/** The state of a store in words, as far as it matters to its users. */
import type { Status, StoreStatus } from '../../client';
import { formatCount } from '../format';

export interface StoreNotice {
  readonly tone: 'bad' | 'warn';
  readonly title: string;
  readonly paragraphs: readonly string[];
}

/** All notices about a store, the most important first. */
export function storeNotices(status: Pick<Status, 'sealed' | 'store'>): StoreNotice[] {
  const { sealed, store } = status;
  const notices = [sealed && SEALED, store && rebuildNotice(store), store?.low_memory && LOW_MEMORY];
  return notices.filter((notice) => typeof notice === 'object');
}

const SEALED: StoreNotice = {
  tone: 'warn',
  title: 'The store is sealed',
  paragraphs: [
    'The operator is taking a snapshot, or has restored one. You can read messages. The store accepts none until the operator resumes it.',
  ],
};

const LOW_MEMORY: StoreNotice = {
  tone: 'warn',
  title: 'The memory of the store is nearly used up',
  paragraphs: [
    'The store accepts messages for keys that it knows, and opens no new keys. A controller must lower max_messages or raise wasm_memory_limit, and then upgrade the canister.',
  ],
};

/** undefined: the index is complete. */
function rebuildNotice(status: StoreStatus): StoreNotice | undefined {
  const { rebuild, rebuild_failure: reason } = status;
  if (!rebuild) return undefined;
  const progress = `${formatCount(rebuild.done)} of ${formatCount(rebuild.total)} messages`;
  if (reason === undefined) {
    return {
      tone: 'warn',
      title: 'The store is rebuilding its index',
      paragraphs: [
        `${progress} are indexed. Until all are, the store answers no lookups by hash, and accepts no messages.`,
      ],
    };
  }
  return {
    tone: 'bad',
    title: 'The index could not be rebuilt',
    paragraphs: [
      `The rebuild stopped after ${progress}. The canister says why: ${reason}.`,
      'You can still read messages by key, by id, by range and by time. The store answers no lookups by hash, and accepts no messages.',
      'The rebuild does not restart by itself. If a record is damaged, a controller must restore the snapshot from before the damage. If the heap has no room, a controller must raise wasm_memory_limit. Then an admin must call retry_rebuild.',
    ],
  };
}
