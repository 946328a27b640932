/** The notice of a store with closed reads. */
import type { Status } from '../../client';
import { principal } from '../state/identity';
import { readsClosed } from '../state/rules';
import { identity } from '../state/session';
import { Notice } from './notice';

/** Shown if reads are closed. A store shows its counts only to callers who may read all keys. */
export function ClosedNotice({ status }: { readonly status: Status | undefined }) {
  if (!status || !readsClosed(status)) return null;
  return (
    <Notice tone="plain" title="Reads are closed">
      <p>
        The store shows a key to its owner, and everything to its readers and admins. You are{' '}
        {identity.value ? <code>{principal.value}</code> : 'anonymous, and own no key'}.
      </p>
      {status.store ? (
        <p>
          You read all of the store. This page verifies only keys that you claimed here. Only the owner of a key can
          learn its label, and proofs need the label. Ranges of ids and times show all messages, unproved.
        </p>
      ) : (
        <p>
          So you see no counts, no chart, and no lists of ids or times. A key or a message that you may not see looks
          absent. The store does not prove that something is absent.
        </p>
      )}
    </Notice>
  );
}
