/** Look-ups of labels. A history that is too long for one proof is fetched in pages first. */
import {
  DirectoryError,
  decodeUpdate,
  type Memory,
  type Policy,
  policiesInForce,
  REGISTRAR,
  replay,
  type State,
  type Trusted,
} from '../directory';
import { checkContact } from '../directory/history';
import type { Timed } from '../directory/proof';
import { equal } from '../proofs/hash';
import { type directoryInterface, Variant_ratified_newest as View } from './bindings/directory';
import { type Asked, type LookedUp, named, verifyFound } from './directory-answers';
import { directoryLookupErrorWords } from './directory-words';
import { Failure } from './failure';
import type { PinsOfShown } from './pins';
import { refuse } from './read';
import { take } from './sentences';

/** Changes asked for at once; the directory may answer with fewer. */
const PAGE = 1_000;

export interface LookupOptions {
  /** Whether to ask for the state that verifiers have cosigned. It may be older. */
  readonly ratified?: boolean;
  /** The label's state at the last look-up. Each change since then is shown. */
  readonly contact?: State | undefined;
  /**
   * Whether to show all changes from version 0 on. With more than 64 versions the address's own signature under version 0 is
   * not shown.
   */
  readonly history?: boolean;
}

type Question = Pick<Asked, 'label' | 'trusted'> & { readonly view: View };
type Pinned = Pick<Asked, 'canister' | 'rootKey'> & { readonly trusted: Trusted | PinsOfShown };
/** The history has this many versions, too many for a proof. */
type TooLong = { readonly versions: bigint };

/** Looks labels up, one after the other, and keeps the directory's log. */
export class Lookups {
  readonly #actor: Pick<directoryInterface, 'lookup' | 'get_history'>;
  readonly #pinned: Pinned;
  #memory: Memory | undefined;
  /** The last look-up that was asked for. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(actor: Pick<directoryInterface, 'lookup' | 'get_history'>, pinned: Pinned, memory: Memory | undefined) {
    this.#actor = actor;
    this.#pinned = pinned;
    this.#memory = memory;
  }

  get memory(): Memory | undefined {
    return this.#memory;
  }

  /** Each look-up must continue the log of the one before, so it waits for that. */
  lookup(label: Uint8Array, options: LookupOptions = {}): Promise<LookedUp> {
    const mine = this.#last.then(() => this.#lookup(label, options));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #lookup(label: Uint8Array, options: LookupOptions): Promise<LookedUp> {
    const view = options.ratified ? View.ratified : View.newest;
    const { trusted } = this.#pinned;
    const isPinned = trusted.registrars !== 'shown';
    const registrars = isPinned ? trusted.registrars : await this.#registrarsFor(label, view);
    return this.#find({ label, view, trusted: { ...trusted, registrars } }, options);
  }

  /** The policies that may vouch for the label, as the directory shows them. Nobody vouches for the registrar's own label. */
  async #registrarsFor(label: Uint8Array, view: View): Promise<readonly Policy[]> {
    if (equal(label, REGISTRAR)) return [];
    const question = { label: REGISTRAR, view, trusted: { ...this.#pinned.trusted, registrars: [] } };
    const { changes, head } = await this.#find(question, { history: true });
    const registrars = policiesInForce(changes, head.time);
    // Without policies the rules of open registration would apply.
    if (!registrars.length) {
      throw new Failure('refused', 'The directory has no registrar yet, so it has registered no label.', true);
    }
    return registrars;
  }

  async #find(question: Question, { contact, history }: LookupOptions): Promise<LookedUp> {
    const answer = await this.#ask(question, history ? 0 : contact && following(contact), contact);
    if (!('versions' in answer)) {
      // The newest entry alone proves itself, but not how the label came to it.
      const isCut = history && answer.state && answer.changes[0]?.update.entry.version !== 0;
      return isCut ? refuse({ kind: 'directory', code: 'History' }) : answer;
    }
    const { state, changes } = await this.#replay(question, history ? undefined : contact, answer.versions);
    // The pages prove nothing by themselves. The proof's newest entry must be the pages' last one, or follow from it.
    const newest = await this.#ask(question, following(state), state);
    if ('versions' in newest || !equal(newest.index, state.entry.index)) {
      return refuse({ kind: 'directory', code: 'History' });
    }
    const since = newest.changes.filter(({ update }) => update.entry.version > state.entry.version);
    const all = [...changes, ...since];
    if (contact) named(() => checkContact(contact, all));
    return { ...newest, changes: all };
  }

  /** Asks for a proof with the changes from a version on, or with the newest entry alone, and verifies it. */
  async #ask(
    { label, view, trusted }: Question,
    from: number | undefined,
    contact: State | undefined,
  ): Promise<LookedUp | TooLong> {
    const found = await this.#actor.lookup({
      label,
      view,
      known: this.#memory?.log.size ?? 0n,
      history: from === undefined ? { __kind__: 'newest', newest: null } : { __kind__: 'version', version: from },
    });
    if (found.__kind__ === 'Err' && found.Err.__kind__ === 'HistoryTooLong') return found.Err.HistoryTooLong;
    const answer = take(found, directoryLookupErrorWords);
    const asked = { ...this.#pinned, trusted, memory: this.#memory, contact, label, view };
    const verified = await verifyFound(asked, answer);
    this.#memory = verified.memory;
    return verified;
  }

  /** Replays the next `versions` changes of a label by the rules, page by page. */
  async #replay(
    { label, trusted }: Question,
    start: State | undefined,
    versions: bigint,
  ): Promise<{ state: State; changes: Timed[] }> {
    let state = start;
    const changes: Timed[] = [];
    while (BigInt(changes.length) < versions) {
      const left = versions - BigInt(changes.length);
      const limit = left < PAGE ? Number(left) : PAGE;
      const asked = { label, from: state ? following(state) : 0, limit };
      const page = take(await this.#actor.get_history(asked), directoryLookupErrorWords).slice(0, limit);
      state = named(() => {
        const decoded = page.map(({ time, update }) => ({ time, update: decodeUpdate(update) }));
        const index = (state?.entry ?? decoded[0]?.update.entry)?.index;
        // A page without changes would go on for ever.
        if (!index || !decoded.length) throw new DirectoryError('History');
        changes.push(...decoded);
        return replay(trusted, label, index, state, decoded);
      });
    }
    if (!state) return refuse({ kind: 'directory', code: 'History' });
    return { state, changes };
  }
}

/** The version that a label's next entry has. */
const following = ({ entry }: State): number => Math.min(entry.version + 1, 0xffff_ffff);
