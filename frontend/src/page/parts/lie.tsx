/** An answer that its proof contradicts: the lie, and what a person can do. */
import type { Failure } from '../../client';
import { Notice } from './notice';

/** The memory of this browser, and how to forget it. */
export interface Forget {
  readonly of: string;
  readonly run: () => void;
}

interface LieNoticeProps {
  readonly lie: Failure;
  readonly onAgain: () => void;
  /** Given if the answer contradicts this browser's memory. */
  readonly forget?: Forget | undefined;
}

export function LieNotice({ lie, onAgain, forget }: LieNoticeProps) {
  const unproved = unprovedTitle(lie);
  return (
    <Notice tone="bad" title={unproved ?? 'This answer is false, so it is not shown'}>
      <p>{lie.message}</p>
      {!unproved && <p>{who(lie)}</p>}
      <p class="actions">
        <button type="button" onClick={onAgain}>
          Ask again
        </button>
        {forget && <ForgetButton {...forget} />}
      </p>
    </Notice>
  );
}

export function ForgetButton({ of, run }: Forget) {
  return (
    <button type="button" onClick={run}>
      Forget what this browser saw of {of}
    </button>
  );
}

/** The title if nothing is known to be false. undefined: something is. */
function unprovedTitle({ variant, cause }: Failure): string | undefined {
  if (variant === 'no-proof') return 'No proof came';
  const { why } = (cause ?? {}) as { why?: { kind?: string } };
  return why?.kind === 'label-unknown' ? 'This answer cannot be verified, so it is not shown' : undefined;
}

/** Who can have caused the false answer. */
function who({ variant, cause }: Failure): string {
  const { code } = (cause ?? {}) as { code?: string };
  if (variant === 'seen' || code === 'FromKnown/Root') {
    return 'One node alone cannot cause this: the subnet certified it.';
  }
  return 'One node answered. That node, or somebody between it and you, lies: the network as a whole certifies something else. If you ask again, another node may answer.';
}
