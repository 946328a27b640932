/** The data of the directory view: one label, looked up with its whole history and verified. */
import { effect, signal } from '@preact/signals';
import {
  connectDirectory,
  type DirectoryClient,
  DirectoryMemory,
  Failure,
  type Lie,
  type LookedUp,
  lieFailure,
  type PinsOfShown,
  pin,
  published,
  type Storage,
  samePins,
} from '../../client';
import { DirectoryError, type Trusted } from '../../directory';
import { decodeConfiguration } from '../../directory/configuration';
import { sha256 } from '../../directory/hash';
import { toHex } from '../format';
import { labelBytes } from './label';
import { fragment, type LabelQuery, labelOf, viewOf } from './route';
import { browserStorage, directoryPlace, nameOf } from './session';

/** Maximum age of verifiers' cosignatures, in seconds. */
const MAX_COSIGNATURE_AGE = 3_600n;

/** A label that was looked up, and the memory that it was compared with. */
export interface Shown {
  readonly query: LabelQuery;
  readonly found: LookedUp;
  /** Number of heads in the log that this browser had seen before. */
  readonly seenBefore: bigint | undefined;
  /** Number of verifiers that ratify a head together; 0: none is needed. The look-up has proved it. */
  readonly threshold: number;
  /** Whether a registrar vouched for the registration, with the keys that the directory shows. */
  readonly vouched: boolean;
}

export const shown = signal<Shown | undefined>(undefined);
export const looking = signal(false);
export const lookupProblem = signal<Failure | undefined>(undefined);

interface Session {
  readonly directory: DirectoryClient;
  readonly trusted: Trusted | PinsOfShown;
  readonly threshold: number;
}

/** The storage if the browser withholds its own. It keeps nothing. */
const NOWHERE: Storage = { getItem: () => null, setItem: () => {} };

function memoryHere(): DirectoryMemory | undefined {
  if (!directoryPlace) return undefined;
  // A local network has new keys each time it starts, so memory of an earlier one does not apply.
  const { rootKey } = directoryPlace;
  const network = rootKey ? ` ${toHex(sha256(rootKey)).slice(0, 16)}` : '';
  return new DirectoryMemory(browserStorage() ?? NOWHERE, nameOf(directoryPlace) + network);
}

let session: Promise<Session> | undefined;

/** Connects once. After a failure the next look-up tries again. */
function connected(): Promise<Session> {
  session ??= connectHere().catch((error) => {
    session = undefined;
    throw error;
  });
  return session;
}

/** Pins the published values. The first look-up proves them, and later visits compare with them. */
async function connectHere(): Promise<Session> {
  if (!directoryPlace) throw new Failure('input', 'The server of this page names no directory.', false);
  const publishes = await published(directoryPlace);
  const { threshold } = decodeConfiguration(publishes.encoded);
  const trusted = pin(directoryPlace.canisterId, publishes, 'shown', MAX_COSIGNATURE_AGE);
  const remembered = memoryHere()?.read();
  if (remembered && !samePins(remembered.pins, trusted)) throw lieFailure({ kind: 'other-directory' });
  return { directory: await connectDirectory(directoryPlace, trusted, remembered?.memory), trusted, threshold };
}

/** Looks up the label in the current address. */
export async function lookUp(): Promise<void> {
  const query = labelOf(fragment.peek());
  const asked = fragment.peek().toString();
  shown.value = undefined;
  lookupProblem.value = undefined;
  if (!query) return;
  looking.value = true;
  try {
    const label = labelBytes(query);
    const { directory, trusted, threshold } = await connected();
    const seenBefore = directory.memory?.log.size;
    const found = await directory.lookup(label, { history: true, ratified: query.state === 'ratified' });
    memoryHere()?.write({ pins: trusted, memory: found.memory });
    // The address may change while the directory answers.
    if (fragment.peek().toString() === asked) {
      const vouched = trusted.registrars === 'shown' && query.label !== 'registrar';
      shown.value = { query, found, seenBefore, threshold, vouched };
    }
  } catch (error) {
    // A configuration that cannot be read is a lie too.
    const failure = error instanceof DirectoryError ? lieFailure({ kind: 'directory', code: error.code }) : error;
    if (!(failure instanceof Failure)) throw failure;
    if (fragment.peek().toString() === asked) lookupProblem.value = failure;
    // The published values may be false.
    if (failure.kind === 'lie') session = undefined;
  } finally {
    looking.value = false;
  }
}

/** Whether the answer contradicts this browser's memory of the directory. */
export function contradictsMemory({ variant, cause }: Failure): boolean {
  if (variant === 'other-directory' || variant === 'UnknownLog') return true;
  const code = (cause as Partial<Extract<Lie, { kind: 'directory' }>> | undefined)?.code ?? '';
  return variant === 'directory' && /^(FromKnown|OlderHead)/.test(code);
}

/** Forgets this browser's memory of the directory, and asks again. The answer is compared with nothing. */
export async function forgetDirectory(): Promise<void> {
  memoryHere()?.forget();
  session = undefined;
  await lookUp();
}

export function startLookups(): void {
  let last = '';
  effect(() => {
    const { value } = fragment;
    if (viewOf(value) !== 'directory' || value.toString() === last) return;
    last = value.toString();
    void lookUp();
  });
}
