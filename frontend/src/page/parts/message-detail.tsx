/** All details of one message. */
import type { Message, Trust } from '../../client';
import type { Content, Opened } from '../../sealing';
import { formatCount, formatTime, shortBytes, toHex } from '../format';
import { linkTo } from '../state/route';
import { sealingKeyId } from '../state/sealing';
import { Copy } from './copy';
import { saveFile } from './files';
import { stateWords, useInspection } from './inspection';
import { messageTrustWords } from './trust';

/** Number of leading ciphertext bytes shown in hex. */
const SHOWN_BYTES = 256;

interface MessageDetailProps {
  readonly message: Message;
  readonly trust: Trust;
  readonly onClose?: () => void;
}

export function MessageDetail({ message, trust, onClose }: MessageDetailProps) {
  const opened = useInspection(message);
  const key = toHex(message.key_id);
  return (
    <section class="card detail" aria-labelledby="detail-title">
      <div class="detail-bar">
        <h2 id="detail-title" tabIndex={-1}>
          Message {formatCount(message.id)}
        </h2>
        {onClose && (
          <button type="button" onClick={onClose}>
            Close
          </button>
        )}
      </div>
      <p class={`trust ${trust.kind === 'verified' ? 'good' : 'warn'}`}>{messageTrustWords(trust)}</p>
      {opened && <Reading opened={opened} message={message} />}
      <dl class="facts">
        <dt>Stored</dt>
        <dd>
          <time dateTime={new Date(message.timestamp * 1000).toISOString()}>{formatTime(message.timestamp)}</time>{' '}
          <span class="muted">unix {message.timestamp}</span>
        </dd>
        <dt>Key id</dt>
        <dd>
          <Copy name="key id" value={key} />
          <a href={linkTo('messages', { by: 'key', key, order: 'newest', after: '', limit: '' })}>
            All messages of {shortBytes(message.key_id)}
          </a>
        </dd>
        <dt>Previous of this key</dt>
        <dd>{neighbour(message.prev_id, 'none left')}</dd>
        <dt>Next of this key</dt>
        <dd>{neighbour(message.next_id, 'none yet')}</dd>
        <dt>Size</dt>
        <dd>{formatCount(message.ciphertext.length)} bytes</dd>
        <dt>Hash</dt>
        <dd>
          <Copy name="hash" value={toHex(message.hash)} />
          <span class="good">The hash was computed in this browser and matches.</span>
        </dd>
      </dl>
      <h3>Ciphertext</h3>
      <pre class="bytes">{toHex(message.ciphertext.subarray(0, SHOWN_BYTES)).replace(/(.{8})/g, '$1 ')}</pre>
      <p class="actions">
        {message.ciphertext.length > SHOWN_BYTES && <span class="muted">The first {SHOWN_BYTES} bytes are shown.</span>}
        <button type="button" onClick={() => saveFile(`message-${message.id}.bin`, message.ciphertext)}>
          Save the ciphertext
        </button>
      </p>
    </section>
  );
}

function neighbour(id: number, none: string) {
  if (id === 0) return <span class="muted">{none}</span>;
  return <a href={linkTo('messages', { by: 'id', id: String(id) })}>{formatCount(id)}</a>;
}

function Reading({ opened, message }: { readonly opened: Opened; readonly message: Message }) {
  const own = toHex(message.key_id) === sealingKeyId.value;
  return (
    <div class={`reading ${opened.state === 'opened' ? 'open' : ''}`}>
      <strong>{stateWords(opened, own)}</strong>
      {opened.state === 'opened' && <Plain content={opened.content} />}
      {opened.state === 'unknown-content' && <p>{opened.reason}</p>}
      {opened.state === 'other-key' && (
        <p class="muted">
          {own
            ? 'It is stored under your key id, but was sealed with another key or altered.'
            : 'It has the form of a message sealed by this page. Unlock its key under “Seal and store” to read it.'}
        </p>
      )}
      {opened.state === 'bytes' && (
        <p class="muted">Not in this page’s sealing format. The page cannot tell whether these bytes are encrypted.</p>
      )}
    </div>
  );
}

function Plain({ content }: { readonly content: Content }) {
  if (content.kind === 'text') return <pre class="plain">{content.text}</pre>;
  return (
    <p class="actions">
      <span>
        File <code>{content.name}</code>, {formatCount(content.bytes.length)} bytes
      </span>
      <button type="button" onClick={() => saveFile(content.name, content.bytes)}>
        Save the file
      </button>
    </p>
  );
}
