/** The state of a rebuild of the index, in words. */
import type { StoreStatus } from '../../client';
import { formatCount } from '../format';

export interface RebuildWords {
  readonly tone: 'bad' | 'warn';
  readonly title: string;
  readonly paragraphs: readonly string[];
}

/** undefined: the index is complete. */
export function rebuildWords(status: Pick<StoreStatus, 'rebuild' | 'rebuild_failure'>): RebuildWords | undefined {
  const { rebuild, rebuild_failure: reason } = status;
  if (!rebuild) return undefined;
  const progress = `${formatCount(rebuild.done)} of ${formatCount(rebuild.total)} messages`;
  if (reason === undefined) {
    return {
      tone: 'warn',
      title: 'The store is rebuilding its index',
      paragraphs: [
        `${progress} done. Until it is done, the store answers no lookups by hash, and accepts no messages.`,
      ],
    };
  }
  return {
    tone: 'bad',
    title: 'The index could not be rebuilt',
    paragraphs: [
      `The rebuild stopped after ${progress}. The canister says why: ${reason}.`,
      'You can still read messages by key, by id, by range and by time. The store answers no lookups by hash, and accepts no messages.',
      'The rebuild does not start again by itself. If a record is damaged, a controller restores the snapshot from before the damage; if the heap has no room, a controller raises wasm_memory_limit. Then an admin calls retry_rebuild.',
    ],
  };
}
