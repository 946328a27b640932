/**
 * Every failure of a call, as one error class. Its message is a sentence for people.
 */

export type FailureKind =
  /** The canister answered with one of its own errors: `variant` names it. */
  | 'refused'
  /** No answer: the network cannot be reached or answers with an HTTP error. */
  | 'away'
  /** There was an answer, but its signature is not valid. */
  | 'untrusted'
  /** There was an answer, and its proof contradicts it: `variant` says how. It is not used. */
  | 'lie'
  /** There is no such canister on this network. */
  | 'no-canister'
  /** There is a canister, but not a message canister. */
  | 'not-ours'
  /** The platform rejected the call: `variant` is its reject code. */
  | 'rejected'
  /** The input is not valid, and nothing was sent. */
  | 'input';

export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly kind: FailureKind,
    message: string,
    /** The same call may succeed later, unchanged. */
    readonly transient: boolean,
    readonly variant?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
