/** An answer that its proof contradicts: what a node tried, and what to do. */
import type { Failure } from '../../client';
import { forgetSeen, seenKey } from '../state/browse';
import { client } from '../state/session';
import { Notice } from './notice';

export function LieNotice({ lie, onAgain }: { readonly lie: Failure; readonly onAgain: () => void }) {
  return (
    <Notice
      tone="bad"
      title={lie.variant === 'no-proof' ? 'No proof came' : 'This answer is false, so it is not shown'}
    >
      <p>{lie.message}</p>
      {lie.variant !== 'no-proof' && <p>{who(lie)}</p>}
      <p class="actions">
        <button type="button" onClick={onAgain}>
          Ask again
        </button>
        {byMemory(lie) && (
          <button type="button" onClick={forgetSeen}>
            Forget what this browser saw of this key
          </button>
        )}
      </p>
    </Notice>
  );
}

/** Whoever can have done it. */
function who({ variant }: Failure): string {
  if (variant === 'seen') return 'No node can do this alone.';
  return 'One node answered. That node, or somebody between it and you, lies: the network as a whole certifies something else. If you ask again, another node may answer.';
}

/** Whether the answer contradicts what this browser remembers of the key: what was seen, or perhaps its label. */
function byMemory({ variant }: Failure): boolean {
  const key = seenKey.value;
  if (!key) return false;
  if (variant === 'seen' || variant === 'behind') return true;
  // A canister that was installed again has other labels.
  return (variant === 'page' || variant === 'heads') && client.value?.knowsLabel(key) === true;
}
