import type { ErrorCode, RequestId } from '@icp-sdk/core/agent';
import {
  AgentError,
  CertificateTimeErrorCode,
  CertificateVerificationErrorCode,
  ErrorKindEnum,
  HttpErrorCode,
  HttpFetchErrorCode,
  QuerySignatureVerificationFailedErrorCode,
  TimeoutWaitingForResponseErrorCode,
  UncertifiedRejectErrorCode,
} from '@icp-sdk/core/agent';
import { describe, expect, it } from 'vitest';
import { connect, Failure, networkAt } from '../../src/client';
import { failureOf } from '../../src/client/platform';

const WHERE = { canisterId: 'aaaaa-aa', network: 'https://icp-api.io' };
const REQUEST = new Uint8Array(32) as RequestId;

function of(code: ErrorCode, kind: ErrorKindEnum): Failure {
  return failureOf(new AgentError(code, kind), WHERE);
}

function rejected(errorCode: string | undefined, rejectCode = 5, message = 'it said so\nat length'): Failure {
  return of(new UncertifiedRejectErrorCode(REQUEST, rejectCode, message, errorCode, []), ErrorKindEnum.Reject);
}

describe('the errors of the agent', () => {
  it('says that the network is away', () => {
    const failure = of(new HttpFetchErrorCode(new TypeError('Failed to fetch')), ErrorKindEnum.Transport);
    expect(failure).toMatchObject({ kind: 'away', transient: true });
    expect(failure.message).toContain(WHERE.network);
  });

  it.each([
    [503, 'busy', true],
    [404, '', false],
    [429, 'slowly', true],
  ])('says that it answers with HTTP %s', (status, body, transient) => {
    const failure = of(new HttpErrorCode(status, '', [], body), ErrorKindEnum.Protocol);
    expect(failure).toMatchObject({ kind: 'away', transient });
    expect(failure.message).toContain(String(status));
    expect(failure.message).toContain(body);
  });

  it('says that a canister is not of this network', () => {
    const code = new HttpErrorCode(400, 'Bad Request', [], 'canister_not_found: canister aaaaa-aa does not belong');
    expect(of(code, ErrorKindEnum.Protocol)).toMatchObject({ kind: 'no-canister', transient: false });
    expect(rejected('IC0301')).toMatchObject({ kind: 'no-canister', variant: 'IC0301' });
  });

  it.each(['IC0302', 'IC0536', 'IC0537'])('says that a canister is not one of ours: %s', (code) => {
    const failure = rejected(code);
    expect(failure).toMatchObject({ kind: 'not-ours', variant: code, transient: false });
    expect(failure.message).toContain('it said so');
    expect(failure.message).not.toContain('at length');
  });

  it('says that an answer of another form is not one of ours', () => {
    const failure = failureOf(new Error('type mismatch: type on the wire text'), WHERE);
    expect(failure).toMatchObject({ kind: 'not-ours', transient: false });
    expect(failure.message).toContain('aaaaa-aa');
    expect(failure.message).toContain('type mismatch');
  });

  it.each([
    ['IC0503', 5, false],
    ['IC0508', 5, true],
    ['IC0207', 2, true],
    [undefined, 4, false],
  ])('repeats the message of a rejection, with its code: %s', (code, rejectCode, transient) => {
    const failure = rejected(code, rejectCode, 'trapped: why');
    expect(failure).toMatchObject({ kind: 'rejected', transient });
    expect(failure.message).toContain(code ?? 'reject code 4');
    expect(failure.message).toContain('trapped: why');
  });

  it('says what may be the reason where inspection does not admit a call, and that it may be admitted later', () => {
    const failure = rejected('IC0406', 4, 'Canister aaaaa-aa rejected the message');
    expect(failure).toMatchObject({ kind: 'rejected', variant: 'IC0406', transient: true });
    expect(failure.message).toContain('Try again in a minute');
    // A canister that rejects in its own words is quoted.
    const own = rejected('IC0406', 4, 'malformed argument');
    expect(own).toMatchObject({ kind: 'rejected', transient: false });
    expect(own.message).toContain('malformed argument');
  });

  it.each<ErrorCode>([
    new CertificateVerificationErrorCode('Invalid signature'),
    new QuerySignatureVerificationFailedErrorCode('node'),
  ])('says that an answer cannot be trusted: $name', (code) => {
    expect(of(code, ErrorKindEnum.Trust)).toMatchObject({ kind: 'untrusted', transient: false });
  });

  it('says how far the clocks are apart', () => {
    const now = new Date();
    const then = new Date(now.getTime() - 600_000);
    const failure = of(new CertificateTimeErrorCode(5, then, now, 600_000, 'past'), ErrorKindEnum.Trust);
    expect(failure).toMatchObject({ kind: 'untrusted', transient: true });
    expect(failure.message).toContain('10 minutes');
  });

  it('says that the outcome of a call is not known', () => {
    expect(of(new TimeoutWaitingForResponseErrorCode('too long'), ErrorKindEnum.Protocol)).toMatchObject({
      kind: 'away',
      transient: true,
    });
  });

  it('leaves a failure as it is', () => {
    const failure = new Failure('refused', 'no', false, 'NotFound');
    expect(failureOf(failure, WHERE)).toBe(failure);
  });
});

describe('connect', () => {
  const local = networkAt('http://127.0.0.1:1');
  it('refuses text that is not a canister id', async () => {
    await expect(connect({ canisterId: 'nonsense', network: local as never })).rejects.toMatchObject({
      kind: 'input',
      message: '"nonsense" is not a canister id.',
    });
  });

  it('says that a local network does not answer', async () => {
    await expect(connect({ canisterId: 'aaaaa-aa', network: local as never })).rejects.toMatchObject({
      kind: 'away',
      transient: true,
    });
  });
});
