/** The trust in a read: verified as of a time, or one node says so. An answer that its proof contradicts is a {@link Lie}. */
import {
  type Broken,
  brokenWords,
  type HeadsRefused,
  headsRefusedWords,
  type PageRefused,
  pageRefusedWords,
} from '../proofs';
import { type CertificateRefused, certificateRefusedWords } from '../proofs/certificate';
import { directoryLieWords } from './directory-words';
import { Failure } from './failure';

/** A value, and whether it was verified. */
export interface Read<T> {
  readonly value: T;
  readonly trust: Trust;
}

export type Trust =
  /** A certificate of the subnet proves it as of `asOf`, the certificate's time in unix seconds. */
  | { readonly kind: 'verified'; readonly asOf: number }
  /** One node says so. The canister has no proofs for this kind of query. */
  | { readonly kind: 'unprovable' };

export const UNPROVABLE: Trust = { kind: 'unprovable' };

/** The fault of an answer that does not verify. Fields have their names in canister.did. */
export type Lie =
  /** A proof was requested, but none came. A caller who may not read the key gets none either. */
  | { readonly kind: 'no-proof' }
  /** The certificate is not signed by the subnet, or belongs to another canister. */
  | { readonly kind: 'certificate'; readonly why: CertificateRefused }
  /** The proof does not prove the messages. */
  | { readonly kind: 'page'; readonly why: PageRefused }
  /** The proof does not prove the heads. */
  | { readonly kind: 'heads'; readonly why: HeadsRefused }
  /** The state is this many seconds older than one seen before: the node lags behind, or lies. */
  | { readonly kind: 'behind'; readonly why: Broken; readonly seconds: number }
  /** A later certificate contradicts the state seen before. */
  | { readonly kind: 'seen'; readonly why: Broken }
  /** A message belongs to another key than the requested one. */
  | { readonly kind: 'other-key'; readonly id: number }
  /** The message is not the requested one. */
  | { readonly kind: 'other-message'; readonly asked: number; readonly found: number }
  /** A field of a message contradicts its content or the proof. */
  | { readonly kind: 'message'; readonly id: number; readonly field: string }
  /** A field of the answer contradicts the proof. */
  | { readonly kind: 'answer'; readonly field: string }
  /** The directory shows other pins than those with which it was verified before. */
  | { readonly kind: 'other-directory' }
  /** The directory's log is not the certified one. */
  | { readonly kind: 'other-log' }
  /** The directory's proof or a device's bundle does not verify. `code` names the failed check. */
  | { readonly kind: 'directory'; readonly code: string }
  /** A field of a key's head contradicts the proof. `at` is the key's index in the question. */
  | { readonly kind: 'head'; readonly at: number; readonly field: string };

/** A lie as sentences for people. */
export function lieWords(lie: Lie): string {
  switch (lie.kind) {
    case 'no-proof':
      return 'The answer came without the proof that was asked for. Where reads are closed, only the owner of the key gets a proof. Otherwise the node withholds it.';
    case 'certificate':
      return certificateRefusedWords(lie.why);
    case 'page':
      return pageRefusedWords(lie.why);
    case 'heads':
      return headsRefusedWords(lie.why);
    case 'behind':
      return `${brokenWords(lie.why)} The state is ${seconds(lie.seconds)} older than the one seen before: the node lags behind or hides newer messages.`;
    case 'seen':
      return `${brokenWords(lie.why)} The subnet itself certifies this, later than the state seen before. So the controllers of the canister have changed or replaced its messages.`;
    case 'other-key':
      return `Message ${lie.id} belongs to another key than the one asked for.`;
    case 'other-message':
      return `Message ${lie.found} came instead of message ${lie.asked}.`;
    case 'message':
      return `The ${lie.field} of message ${lie.id} is false.`;
    case 'answer':
      return `The field ${lie.field} of the answer is false.`;
    case 'other-directory':
      return 'The directory shows another key or another configuration than before. Both are fixed at its installation: it was installed again, or the node invented them.';
    case 'other-log':
      return 'The log of the answer is not the one that the subnet certifies.';
    case 'directory':
      return directoryLieWords(lie.code);
    case 'head':
      return lie.field === 'opt'
        ? `The answer denies or invents key ${lie.at + 1}.`
        : `The field ${lie.field} of key ${lie.at + 1} is false.`;
  }
}

function seconds(count: number): string {
  return count === 0 ? 'less than a second' : count === 1 ? '1 second' : `${count} seconds`;
}

/** The failure of a call whose answer is a lie; `variant` is the lie's kind, `cause` the lie. */
export function lieFailure(lie: Lie): Failure {
  return new Failure('lie', lieWords(lie), lie.kind === 'behind', lie.kind, { cause: lie });
}

/** Ends a verification. */
export function refuse(lie: Lie): never {
  throw lieFailure(lie);
}
