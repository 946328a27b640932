/** The state of a rebuild of the indexes, in words. */
import type { Status } from '../../client';
import { formatCount } from '../format';

export interface RebuildWords {
  readonly tone: 'bad' | 'warn';
  readonly title: string;
  readonly paragraphs: readonly string[];
}

/** undefined: the indexes are complete. */
export function rebuildWords(status: Pick<Status, 'rebuild' | 'rebuild_failure'>): RebuildWords | undefined {
  const { rebuild, rebuild_failure: reason } = status;
  if (!rebuild) return undefined;
  const progress = `${formatCount(rebuild.done)} of ${formatCount(rebuild.total)} messages`;
  if (reason === undefined) {
    return {
      tone: 'warn',
      title: 'The store is rebuilding its indexes',
      paragraphs: [
        `${progress} done. Until it is done, the store answers no lookups by key or hash, and accepts no messages.`,
      ],
    };
  }
  return {
    tone: 'bad',
    title: 'The indexes could not be rebuilt',
    paragraphs: [
      `The rebuild stopped after ${progress}. The canister says why: ${reason}.`,
      'You can still read messages by id, by range and by time. The store answers no lookups by key or hash, and accepts no messages.',
      'The rebuild does not start again by itself. If a record is damaged, a controller restores the snapshot from before the damage; if the heap has no room, a controller raises wasm_memory_limit. Then a controller calls retry_rebuild.',
    ],
  };
}
