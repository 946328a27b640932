/** The messages view: the query form, the list, and the chosen message. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Message } from '../../client';
import { formatCount, toHex } from '../format';
import { announce } from '../parts/announcer';
import { ClosedNotice } from '../parts/closed';
import { KeyCard } from '../parts/key-card';
import { KeyRights } from '../parts/key-rights';
import { LieNotice } from '../parts/lie';
import { MailboxButton } from '../parts/mailbox-button';
import { MessageDetail } from '../parts/message-detail';
import { MessageList } from '../parts/message-list';
import { Notice } from '../parts/notice';
import { QueryForm } from '../parts/query-form';
import {
  busy,
  contradictsSeen,
  forgetSeen,
  found,
  head,
  type List,
  list,
  listVersion,
  problem,
  run,
  seenKey,
} from '../state/browse';
import { fragment, queryOf } from '../state/route';
import { status } from '../state/session';

/** The refusals that a node may give instead of a message. */
const NOT_THERE = new Set<string | undefined>(['NotFound', 'UnknownId', 'Dropped']);

export function MessagesView() {
  const query = queryOf(fragment.value);
  return (
    <>
      <ClosedNotice status={status.value} />
      <div class="actions">
        <MailboxButton />
      </div>
      <QueryForm />
      {problem.value?.kind === 'lie' && (
        <LieNotice
          lie={problem.value}
          onAgain={run}
          forget={contradictsSeen(problem.value) ? { of: 'this key', run: forgetSeen } : undefined}
        />
      )}
      {problem.value && problem.value.kind !== 'lie' && (
        <Notice tone="bad">
          <p>{problem.value.message}</p>
          {NOT_THERE.has(problem.value.variant) && (
            <p>One node says this. The store does not prove that a single message is absent.</p>
          )}
          {problem.value.transient && (
            <p class="actions">
              <button type="button" onClick={run}>
                Try again
              </button>
            </p>
          )}
        </Notice>
      )}
      {!query && <p class="muted">Choose which messages to show.</p>}
      {busy.value && !list.value && !found.value && <p class="muted">Asking the canister…</p>}
      {found.value && <MessageDetail message={found.value.value} trust={found.value.trust} />}
      {list.value && <ListWithDetail key={fragment.value.toString()} value={list.value} />}
      {seenKey.value && <KeyRights key={toHex(seenKey.value)} keyId={seenKey.value} />}
    </>
  );
}

function ListWithDetail({ value }: { readonly value: List }) {
  const [chosen, setChosen] = useState<Message>();
  const detail = useRef<HTMLDivElement>(null);
  const version = listVersion.value;

  // The window is mutable; its version changes with it.
  useEffect(() => {
    announce(`${formatCount(value.window.messages.length)} messages loaded`);
  }, [value, version]);

  // On a narrow screen the message is below the list.
  useEffect(() => detail.current?.scrollIntoView({ block: 'nearest' }), [chosen]);

  return (
    <>
      {value.keyId && head.value && <KeyCard keyId={value.keyId} name={toHex(value.keyId)} head={head.value} />}
      <div class={chosen ? 'list-and-detail open' : 'list-and-detail'}>
        <MessageList
          value={value}
          chosen={chosen?.id}
          onChoose={setChosen}
          onOpen={(message) => {
            setChosen(message);
            // Runs after the message is rendered.
            setTimeout(() => detail.current?.querySelector('h2')?.focus());
          }}
        />
        {chosen && (
          <div ref={detail} class="detail-holder">
            <MessageDetail message={chosen} trust={value.window.trustOf(chosen)} onClose={() => setChosen(undefined)} />
          </div>
        )}
      </div>
    </>
  );
}
