/**
 * Translates the agent's errors into {@link Failure}s: no network, an answer that cannot be trusted, no such canister,
 * a canister of another kind, a rejection.
 */
import {
  AgentError,
  CertificateNotAuthorizedErrorCode,
  CertificateOutdatedErrorCode,
  CertificateTimeErrorCode,
  CertifiedRejectErrorCode,
  ErrorKindEnum,
  HttpErrorCode,
  IngressExpiryInvalidErrorCode,
  TimeoutWaitingForResponseErrorCode,
  UncertifiedRejectErrorCode,
  UncertifiedRejectUpdateErrorCode,
} from '@icp-sdk/core/agent';
import { Failure } from './failure';

export interface Whereabouts {
  readonly canisterId: string;
  /** The network's origin. */
  readonly network: string;
}

/** Reject codes that tell whether a message canister exists at the id. */
const NO_CANISTER = new Set(['IC0301']);
const NOT_OURS = new Set(['IC0302', 'IC0536', 'IC0537']);
/** The canister is stopping, stopped or frozen, or the network is busy. */
const LATER = new Set(['IC0207', 'IC0508', 'IC0509', 'IC0532', 'IC0533', 'IC0515']);
/** The platform's message if the canister's inspection did not admit the call. It does not give the reason. */
const NOT_ADMITTED = 'rejected the message';

export function failureOf(error: unknown, { canisterId, network }: Whereabouts): Failure {
  if (error instanceof Failure) return error;
  const cause = { cause: error };
  const make = (kind: Failure['kind'], message: string, transient: boolean, variant?: string) =>
    new Failure(kind, message, transient, variant, cause);

  if (!(error instanceof AgentError)) {
    // The agent wraps its own errors; any other error comes from decoding the answer.
    const detail = error instanceof Error ? error.message : String(error);
    return make('not-ours', `${canisterId} answers, but not as a message canister does: ${detail}`, false);
  }
  const { code } = error;
  if (
    code instanceof UncertifiedRejectErrorCode ||
    code instanceof UncertifiedRejectUpdateErrorCode ||
    code instanceof CertifiedRejectErrorCode
  ) {
    return rejection(make, canisterId, code.rejectErrorCode, code.rejectCode, code.rejectMessage);
  }
  if (code instanceof CertificateNotAuthorizedErrorCode) {
    return make('no-canister', `The network at ${network} does not hold the canister ${canisterId}.`, false);
  }
  if (code instanceof CertificateTimeErrorCode) {
    const minutes = Math.round(Math.abs(code.timeDiffMsecs) / 60_000);
    return make(
      'untrusted',
      `The clocks of the network and of this device differ by ${minutes} minutes. Correct the clock of this device.`,
      true,
    );
  }
  if (code instanceof CertificateOutdatedErrorCode || code instanceof IngressExpiryInvalidErrorCode) {
    return make('untrusted', 'The request or its answer came too late. Is the clock of this device right?', true);
  }
  if (code instanceof HttpErrorCode) {
    const body = code.bodyText?.trim() ?? '';
    if (code.status === 400 && body.startsWith('canister_not_found')) {
      return make('no-canister', `The network at ${network} does not hold the canister ${canisterId}.`, false);
    }
    const transient = code.status >= 500 || code.status === 408 || code.status === 429;
    const said = body ? `: ${body.slice(0, 200)}` : '';
    return make('away', `The network at ${network} answers with HTTP ${code.status}${said}`, transient);
  }
  if (code instanceof TimeoutWaitingForResponseErrorCode) {
    return make('away', `The network at ${network} did not report the outcome of the call in time.`, true);
  }
  switch (error.kind) {
    case ErrorKindEnum.Transport:
      return make('away', `The network at ${network} does not answer.`, true);
    case ErrorKindEnum.Trust:
    case ErrorKindEnum.Protocol:
      return make('untrusted', `An answer of ${network} is not signed by this network's key, and was not used.`, false);
    default:
      return make('rejected', `The call failed: ${firstLine(error.message)}`, false);
  }
}

function rejection(
  make: (kind: Failure['kind'], message: string, transient: boolean, variant?: string) => Failure,
  canisterId: string,
  errorCode: string | undefined,
  rejectCode: number,
  said: string,
): Failure {
  const variant = errorCode ?? `reject code ${rejectCode}`;
  if (NO_CANISTER.has(variant))
    return make('no-canister', `There is no canister ${canisterId} (${variant}).`, false, variant);
  if (NOT_OURS.has(variant)) {
    return make('not-ours', `${canisterId} is not a message canister (${variant}): ${firstLine(said)}`, false, variant);
  }
  if (variant === 'IC0406' && said.includes(NOT_ADMITTED)) {
    return make(
      'rejected',
      'The canister did not admit the call. Your rate or the budget of callers like you is used up, or the canister takes no such calls from you. Try again in a minute.',
      true,
      variant,
    );
  }
  // Reject code 2 is SYS_TRANSIENT.
  const transient = rejectCode === 2 || LATER.has(variant);
  return make('rejected', `The network rejected the call (${variant}): ${firstLine(said)}`, transient, variant);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
