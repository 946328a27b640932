/** The key of a list: its head, the proved part of the head, and a form to acknowledge messages. */
import { useState } from 'preact/hooks';
import { Failure, type KeyHead, type Read } from '../../client';
import { formatBytes, formatCount, formatTime, parseU32 } from '../format';
import { acknowledge, mailbox } from '../state/mailbox';
import { quotaWords, usedWords } from '../state/quota';
import { writesWords } from '../state/rules';
import { status } from '../state/session';
import { announce } from './announcer';
import { Notice } from './notice';

interface KeyCardProps {
  readonly keyId: Uint8Array;
  /** In hex. */
  readonly name: string;
  readonly head: Read<KeyHead | null>;
}

export function KeyCard({ keyId, name, head: { value, trust } }: KeyCardProps) {
  const own = name === mailbox.value;
  return (
    <section class="card key-card" aria-labelledby="key-head">
      <h2 id="key-head">{own ? 'Your mailbox' : 'This key'}</h2>
      {value ? <Head head={value} /> : <p class="muted">The store does not know this key.</p>}
      {trust.kind === 'verified' && (
        <p class="muted">
          Verified as of {formatTime(trust.asOf)}
          {value && ', except the lines marked “one node says”'}.
        </p>
      )}
      {status.value && value && (
        <p class="muted">
          {writesWords(status.value)} {quotaWords(value.quota)} <OneNode />
        </p>
      )}
      {mailbox.value && value && <Acknowledge keyId={keyId} newest={value.max_id} />}
    </section>
  );
}

function Head({ head }: { readonly head: KeyHead }) {
  const used = usedWords(head.quota, head);
  return (
    <dl class="facts">
      <dt>Messages ever</dt>
      <dd>{formatCount(head.rank)}</dd>
      <dt>Acknowledged</dt>
      <dd>{head.acknowledged_id === 0 ? 'nothing' : `everything up to id ${formatCount(head.acknowledged_id)}`}</dd>
      <dt>Newest id</dt>
      <dd>{head.max_id === 0 ? 'none is live' : formatCount(head.max_id)}</dd>
      <dt>Live</dt>
      <dd>
        {formatCount(head.count)} messages, {formatBytes(head.bytes)} <OneNode />
      </dd>
      {used && (
        <>
          <dt>Quota used</dt>
          <dd>
            {used} <OneNode />
          </dd>
        </>
      )}
      <dt>Full</dt>
      <dd>
        {head.full_since === 0
          ? 'no'
          : `strangers are refused since ${formatTime(head.full_since)}, until messages are acknowledged or dropped`}{' '}
        <OneNode />
      </dd>
    </dl>
  );
}

function OneNode() {
  return <span class="muted">(one node says)</span>;
}

function Acknowledge({ keyId, newest }: { readonly keyId: Uint8Array; readonly newest: number }) {
  const [through, setThrough] = useState<number>();
  const [problem, setProblem] = useState<string>();
  const submit = (event: Event) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get('through'));
    const id = parseU32(text);
    setProblem(id === undefined ? `“${text}” is not an id.` : undefined);
    setThrough(id);
  };
  const send = async (id: number) => {
    setThrough(undefined);
    try {
      // The list is loaded again, and the head in it shows the new acknowledged id.
      announce(acknowledgedWords(await acknowledge(keyId, id)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      setProblem(error.message);
    }
  };
  return (
    <form onSubmit={submit}>
      <div class="acknowledge">
        <label>
          <span>Acknowledge up to and including id</span>
          <input
            name="through"
            inputMode="numeric"
            autocomplete="off"
            defaultValue={newest === 0 ? '' : String(newest)}
          />
        </label>
        <button type="submit">Acknowledge</button>
      </div>
      {through !== undefined && (
        <p class="actions">
          <span>This removes the messages up to id {formatCount(through)} for ever. Their bytes are overwritten.</span>
          <button type="button" class="danger" onClick={() => void send(through)}>
            Acknowledge them
          </button>
          <button type="button" onClick={() => setThrough(undefined)}>
            Keep them
          </button>
        </p>
      )}
      {problem && <Notice tone="bad">{problem}</Notice>}
    </form>
  );
}

function acknowledgedWords(count: number): string {
  return count === 1 ? '1 message is acknowledged' : `${formatCount(count)} messages are acknowledged`;
}
