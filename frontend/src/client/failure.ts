/**
 * Everything that can go wrong with a call, as one kind of error whose message is a sentence for people.
 */

export type FailureKind =
  /** The canister answered with one of its own errors: `variant` names it. */
  | 'refused'
  /** No answer: the network is away, or answers with an HTTP error. */
  | 'away'
  /** There was an answer, but its signature does not hold. */
  | 'untrusted'
  /** There is no such canister on this network. */
  | 'no-canister'
  /** There is a canister, but not a message canister. */
  | 'not-ours'
  /** The platform rejected the call: `variant` is its reject code. */
  | 'rejected'
  /** What was typed cannot be sent. */
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
