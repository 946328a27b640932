/** The failure of a call: one error class for all. Its message is a sentence for people. */

export type FailureKind =
  /** The canister answered with one of its own errors: `variant` names it. */
  | 'refused'
  /** The network cannot be reached, or answers with an HTTP error. */
  | 'away'
  /** The answer's signature is not valid. */
  | 'untrusted'
  /** The answer's proof contradicts it, so it is not used. `variant` names the contradiction. */
  | 'lie'
  /**
   * The operator has restored an earlier state, so ids may belong to other messages. A reader that continues after an id must
   * start again at the beginning.
   */
  | 'restored'
  /** There is no such canister on this network. */
  | 'no-canister'
  /** There is a canister, but not a message canister. */
  | 'not-ours'
  /** The platform rejected the call. `variant` is its reject code. */
  | 'rejected'
  /** The input is not valid. Nothing was sent. */
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
