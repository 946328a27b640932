/** The trust in a look-up, in words: its time, who backs it, and the lies that the page would have noticed. */
import type { LookedUp } from '../../client';
import { formatCount, formatTime } from '../format';
import type { LabelQuery } from '../state/route';

const SECOND = 1_000_000_000n;
/** Nanoseconds since 1970 as text. */
export const timeOf = (nanoseconds: bigint): string => formatTime(Number(nanoseconds / SECOND));

type Answer = Pick<LookedUp, 'trust' | 'asOf' | 'head' | 'memory' | 'state' | 'changes' | 'profile'>;

/** Who backs the answer. `view`: the head that was asked for. `threshold`: number of verifiers that the directory needs; 0: none. */
export function standsBehind(
  { trust, asOf }: Pick<Answer, 'trust' | 'asOf'>,
  view: LabelQuery['state'],
  threshold: number,
): string {
  const certified = `as of ${timeOf(asOf)}, when the subnet certified the directory’s log.`;
  if (trust.by === 'ratified') {
    const signed = `Enough verifiers have replayed every change of every label and signed this state. Each has signed it at ${formatTime(Number(trust.since))} or later.`;
    return view === 'newest' ? `Ratified ${certified} ${signed}` : `Ratified. ${signed} Later changes are not shown.`;
  }
  const why =
    threshold === 0
      ? 'this directory is for development and needs no verifier'
      : `fewer than the ${formatCount(threshold)} verifiers that the directory needs have signed it recently`;
  return `Certified ${certified} It is not ratified: ${why}. The controllers of the directory could show other people another entry.`;
}

/** The possible lies of a node, and whether the page would have noticed them. */
export function lieWouldBe({ state }: Pick<Answer, 'state'>, view: LabelQuery['state']): string {
  const old = `A node can refuse to answer, or answer from a state that is as old as the ${view === 'newest' ? 'certificate' : 'verifiers’ signatures'}.`;
  return state
    ? `A lying node could show a foreign key or profile, leave a change out, hide the label, or show an older state than this browser has seen. This page would notice each of these. ${old}`
    : `A lying node could hide a label that is registered. This page would notice: the answer proves that there is no entry. ${old}`;
}

/** The checks that the answer has passed, in their order. `vouched`: the directory has a registrar. */
export function checksOf(
  { head, memory, state, changes, profile }: Answer,
  seenBefore: bigint | undefined,
  vouched: boolean,
): string[] {
  const heads = formatCount(memory.log.size);
  const count = `${formatCount(changes.length)} ${changes.length === 1 ? 'change' : 'changes'}`;
  const entry = [
    'The tree of labels of this head has this entry, at the label’s place.',
    `${count} from version 0 on: the rules allow each after the one before, and the label’s owner signed it. The times of older changes are not proved.`,
    ...(vouched
      ? [
          'The registrar signed the registration. The page takes the registrar’s keys from this directory, so it cannot check who the registrar is.',
        ]
      : []),
    profile
      ? 'The profile is the one that the entry commits to.'
      : 'No profile is shown: the label is closed, or its profile was erased or is withheld.',
  ];
  return [
    `The subnet signed the log of ${heads} heads (states), and the signature is recent.`,
    seenBefore === undefined
      ? 'This browser sees this log for the first time, and remembers it.'
      : `The log continues the one of ${formatCount(seenBefore)} heads that this browser has seen.`,
    `Head ${formatCount(head.epoch)}, closed at ${timeOf(head.time)}, is in that log. It has ${formatCount(head.labels)} labels.`,
    'The directory’s key proves the place of this label.',
    ...(state ? entry : ['The tree of labels of this head has nothing at that place.']),
  ];
}
