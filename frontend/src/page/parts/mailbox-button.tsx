/** A button that opens the caller's own mailbox. */
import { useState } from 'preact/hooks';
import { openMailbox } from '../state/mailbox';
import { Notice } from './notice';

export function MailboxButton() {
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<string>();
  const open = async () => {
    setWorking(true);
    setProblem(await openMailbox());
    setWorking(false);
  };
  return (
    <>
      <button type="button" onClick={open} disabled={working}>
        Open my mailbox
      </button>
      {problem && <Notice tone="bad">{problem}</Notice>}
    </>
  );
}
