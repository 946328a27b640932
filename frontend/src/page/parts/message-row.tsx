import type { Message, Trust } from '../../client';
import type { Opened } from '../../sealing';
import { formatCount, formatTime, shortBytes, toHex } from '../format';
import { sealingKeyId } from '../state/sealing';
import { stateWords, useInspection } from './inspection';
import { memo } from './memo';
import { messageTrustWords, trustWord } from './trust';

interface MessageRowProps {
  readonly message: Message;
  readonly trust: Trust;
  readonly index: number;
  /** In pixels. */
  readonly top: number;
  readonly height: number;
  readonly active: boolean;
  readonly chosen: boolean;
  /** Dropped by the store after this page read it. */
  readonly dropped: boolean;
  readonly onPick: (index: number, message: Message) => void;
}

/** The attributes of the row at an index; the first row is the head. */
export function rowAttributes(index: number, top: number, height: number) {
  return {
    id: `row-${index}`,
    'aria-rowindex': index + 2,
    style: { transform: `translateY(${top}px)`, height: `${height}px` },
  };
}

export const MessageRow = memo(
  ({ message, trust, index, top, height, active, chosen, dropped, onPick }: MessageRowProps) => {
    const opened = useInspection(message);
    const classes = ['row', active && 'active', chosen && 'chosen', dropped && 'dropped'].filter(Boolean).join(' ');
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keyboard: arrows move, Enter opens
      <div
        role="row"
        aria-selected={chosen}
        class={classes}
        onClick={() => onPick(index, message)}
        {...rowAttributes(index, top, height)}
      >
        <span role="gridcell" class="id">
          {formatCount(message.id)}
        </span>
        <span role="gridcell" class="time">
          {formatTime(message.timestamp)}
        </span>
        <span role="gridcell" class="key" title={toHex(message.key_id)}>
          {shortBytes(message.key_id)}
        </span>
        <span role="gridcell" class="size">
          {formatCount(message.ciphertext.length)}
          <span class="unit"> bytes</span>
        </span>
        <span role="gridcell" class="links">
          {link('previous', message.prev_id)} {link('next', message.next_id)}
        </span>
        <span
          role="gridcell"
          class={`proof ${trust.kind === 'verified' ? 'good' : 'muted'}`}
          title={messageTrustWords(trust)}
        >
          {trustWord(trust)}
        </span>
        <span role="gridcell" class="what">
          {dropped && <em>now dropped </em>}
          {opened && <What opened={opened} message={message} />}
        </span>
      </div>
    );
  },
);

function link(name: string, id: number) {
  const arrow = name === 'previous' ? '←' : '→';
  return (
    <span>
      <span aria-hidden="true">{arrow}</span>
      <span class="visually-hidden">{name}</span> {id === 0 ? <span class="none">none</span> : formatCount(id)}
    </span>
  );
}

function What({ opened, message }: { readonly opened: Opened; readonly message: Message }) {
  if (opened.state === 'opened') {
    const { content } = opened;
    return (
      <>
        <span class="tag good">opened</span>{' '}
        {content.kind === 'text' ? content.text.slice(0, 120) : `File: ${content.name}`}
      </>
    );
  }
  return <span class="muted">{stateWords(opened, toHex(message.key_id) === sealingKeyId.value)}</span>;
}
