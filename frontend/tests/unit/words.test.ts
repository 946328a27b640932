import { Principal } from '@icp-sdk/core/principal';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/client';
import type {
  AckError,
  AcksError,
  AddError,
  BatchError,
  CheckError,
  ClaimError,
  GetError,
  KeyError,
  LookupError,
  PageError,
  RetryError,
  SettingsError,
} from '../../src/client/bindings/canister';
import { take, wordsOf } from '../../src/client/sentences';
import {
  ackErrorWords,
  acksErrorWords,
  addErrorWords,
  batchErrorWords,
  checkErrorWords,
  claimErrorWords,
  getErrorWords,
  keyErrorWords,
  lookupErrorWords,
  pageErrorWords,
  retryErrorWords,
  settingsErrorWords,
  statusErrorWords,
} from '../../src/client/words';

const tooLong = { length: 1234, max: 1000 };
const progress = { done: 10_000, total: 50_000 };
const said = { code: 7, message: 'because' };
const hash = { length: 31, expected: 32 };

const KEY_ID = { __kind__: 'KeyIdLength', KeyIdLength: tooLong } as const;
const UNAVAILABLE = { __kind__: 'Unavailable', Unavailable: progress } as const;
const OTHER = { __kind__: 'Other', Other: said } as const;
const HASH = { __kind__: 'HashLength', HashLength: hash } as const;
const BATCH = { __kind__: 'BatchTooLong', BatchTooLong: tooLong } as const;
const SEALED = { __kind__: 'Sealed', Sealed: null } as const;
const NOT_ALLOWED = { __kind__: 'NotAllowed', NotAllowed: null } as const;
const UNKNOWN_ID = { __kind__: 'UnknownId', UnknownId: { id: 60_000, last: 50_000 } } as const;

/** Every case of every error type of canister.did, and the offending values that must be in its sentence. */
const add: [AddError, ...string[]][] = [
  [KEY_ID, '1,234', '1,000'],
  [{ __kind__: 'CiphertextEmpty', CiphertextEmpty: null }, 'empty'],
  [
    { __kind__: 'CiphertextTooLarge', CiphertextTooLarge: { length: 2_000_001, max: 2_000_000 } },
    '2,000,001',
    '2,000,000',
  ],
  [NOT_ALLOWED, 'does not take'],
  [{ __kind__: 'KeyFull', KeyFull: { since: 7 } }, 'fill', 'quota'],
  [{ __kind__: 'KeyFull', KeyFull: { since: 0 } }, 'too large', 'quota'],
  [{ __kind__: 'StoreFull', StoreFull: { retry_after: 3600 } }, '3,600'],
  [{ __kind__: 'KeysFull', KeysFull: { max: 2_000_000 } }, '2,000,000'],
  [{ __kind__: 'StorageFull', StorageFull: null }, 'full'],
  [{ __kind__: 'IndexFull', IndexFull: { max: 150_000_000n } }, '150,000,000'],
  [{ __kind__: 'IdsExhausted', IdsExhausted: { last: 4_294_967_294 } }, '4,294,967,294'],
  [SEALED, 'snapshot'],
  [{ __kind__: 'LowMemory', LowMemory: null }, 'memory'],
  [UNAVAILABLE, '10,000', '50,000'],
  [OTHER, '7', 'because'],
];
const batch: [BatchError, ...string[]][] = [
  [BATCH, '1,234', '1,000'],
  [SEALED, 'snapshot'],
  [UNAVAILABLE, '10,000', '50,000'],
  [OTHER, '7', 'because'],
];
const get: [GetError, ...string[]][] = [
  [{ __kind__: 'NotFound', NotFound: null }, 'hash'],
  [UNKNOWN_ID, '60,000', '50,000'],
  [{ __kind__: 'Dropped', Dropped: { first_id: 4000 } }, '4,000'],
  [HASH, '31', '32'],
  [UNAVAILABLE, '10,000', '50,000'],
  [OTHER, '7', 'because'],
];
const page: [PageError, ...string[]][] = [
  [{ __kind__: 'InvalidRange', InvalidRange: { min: 9000, max: 8000 } }, '9,000', '8,000', 'before'],
  [{ __kind__: 'InvalidRange', InvalidRange: { min: 0, max: 8000 } }, '8,000', 'begin with 1'],
  [{ __kind__: 'LimitZero', LimitZero: null }, '0'],
  [{ __kind__: 'UnknownCursor', UnknownCursor: { after: 4321 } }, '4,321'],
  [KEY_ID, '1,234', '1,000'],
  [OTHER, '7', 'because'],
];
const lookup: [LookupError, ...string[]][] = [
  [KEY_ID, '1,234', '1,000'],
  [HASH, '31', '32'],
  [BATCH, '1,234', '1,000'],
  [UNAVAILABLE, '10,000', '50,000'],
  [OTHER, '7', 'because'],
];
const settings: [SettingsError, ...string[]][] = [
  [NOT_ALLOWED, 'admin'],
  [{ __kind__: 'Version', Version: { given: 3, current: 4 } }, '3', '4'],
  [{ __kind__: 'TooLow', TooLow: { setting: 'max_bytes', value: 5n, min: 2_000_125n } }, 'max_bytes', '5', '2,000,125'],
  [{ __kind__: 'TooHigh', TooHigh: { setting: 'rebuild_pages', value: 9n, max: 7n } }, 'rebuild_pages', '9', '7'],
  [{ __kind__: 'Twice', Twice: { setting: 'reads' } }, 'reads'],
  [{ __kind__: 'AnonymousController', AnonymousController: null }, 'everybody'],
  [OTHER, '7', 'because'],
];
const retry: [RetryError, ...string[]][] = [
  [NOT_ALLOWED, 'admin'],
  [{ __kind__: 'NotFailed', NotFailed: null }, 'No rebuild has failed'],
  [OTHER, '7', 'because'],
];
const check: [CheckError, ...string[]][] = [
  [NOT_ALLOWED, 'admin'],
  [UNKNOWN_ID, '60,000', '50,000'],
  [UNAVAILABLE, '10,000', '50,000'],
  [OTHER, '7', 'because'],
];

const claim: [ClaimError, ...string[]][] = [
  [KEY_ID, '1,234', '1,000'],
  [{ __kind__: 'NotClaimable', NotClaimable: { length: 5 } }, '5 bytes', '20, 29 or 32'],
  [{ __kind__: 'PublicKey', PublicKey: 'it is too short' }, 'it is too short'],
  [{ __kind__: 'NotThatKey', NotThatKey: { key_id: Uint8Array.of(0xab, 1) } }, 'ab01'],
  [{ __kind__: 'NotTheCaller', NotTheCaller: { signer: Principal.anonymous() } }, '2vxsx-fae'],
  [{ __kind__: 'SaltLength', SaltLength: { length: 15, expected: 16 } }, '15', '16'],
  [{ __kind__: 'Owned', Owned: null }, 'somebody else'],
  [{ __kind__: 'Anonymous', Anonymous: null }, 'anonymous caller'],
  [{ __kind__: 'KeysFull', KeysFull: { max: 1_000_000 } }, '1,000,000'],
  [{ __kind__: 'StorageFull', StorageFull: null }, 'Nothing was stored'],
  [{ __kind__: 'LowMemory', LowMemory: null }, 'memory'],
  [UNAVAILABLE, '10,000', '50,000'],
  [OTHER, '7', 'because'],
];

const key: [KeyError, ...string[]][] = [
  [KEY_ID, '1,234', '1,000'],
  [{ __kind__: 'NotAllowed', NotAllowed: null }, 'owner'],
  [{ __kind__: 'Owner', Owner: { owner: Principal.anonymous() } }, '2vxsx-fae'],
  [{ __kind__: 'SendKey', SendKey: { length: 31, expected: 32 } }, '31 bytes', '32'],
  [{ __kind__: 'KeysFull', KeysFull: { max: 1_000_000 } }, '1,000,000'],
  [{ __kind__: 'StorageFull', StorageFull: null }, 'full'],
  [{ __kind__: 'LowMemory', LowMemory: null }, 'memory'],
  [UNAVAILABLE, '10,000', '50,000'],
  [OTHER, '7', 'because'],
];
const ack: [AckError, ...string[]][] = [
  [KEY_ID, '1,234', '1,000'],
  [{ __kind__: 'NotOwner', NotOwner: null }, 'owner'],
  [{ __kind__: 'NotNewer', NotNewer: { acknowledged_id: 4321 } }, '4,321'],
  [{ __kind__: 'NotStored', NotStored: { through: 60_000, max_id: 50_000 } }, '60,000', '50,000'],
  [OTHER, '7', 'because'],
];

const acks: [AcksError, ...string[]][] = [
  [BATCH, '1,234', '1,000'],
  [OTHER, '7', 'because'],
];

function says<E extends { __kind__: string }>(
  words: (error: E) => readonly [string, boolean],
  cases: [E, ...string[]][],
) {
  it.each(cases.map(([error, ...values]) => ({ kind: error.__kind__, error, values })))(
    '$kind',
    ({ error, values }) => {
      const [message, transient] = words(error);
      for (const value of values) expect(message).toContain(value);
      expect(message).toMatch(/^[A-Za-z][^{}]*$/);
      expect(transient).toBe(['Unavailable', 'KeyFull', 'StoreFull', 'Sealed'].includes(error.__kind__));
    },
  );
}

describe('add_message', () => says(addErrorWords, add));
describe('add_messages', () => says(batchErrorWords, batch));
describe('get_message', () => says(getErrorWords, get));
describe('get_messages', () => says(pageErrorWords, page));
describe('lookups', () => says(lookupErrorWords, lookup));
describe('get_status', () => says(statusErrorWords, [[OTHER, '7', 'because']]));
describe('claim', () => says(claimErrorWords, claim));
describe('set_key', () => says(keyErrorWords, key));
describe('acknowledge, of one key', () => says(ackErrorWords, ack));
describe('acknowledge', () => says(acksErrorWords, acks));
describe('set_settings', () => says(settingsErrorWords, settings));
describe('retry_rebuild', () => says(retryErrorWords, retry));
describe('check', () => says(checkErrorWords, check));

it('tells an empty key id and an id that nobody may know of apart from too long and too far', () => {
  expect(addErrorWords({ __kind__: 'KeyIdLength', KeyIdLength: { length: 0, max: 64 } })[0]).toContain('is empty');
  expect(getErrorWords({ __kind__: 'UnknownId', UnknownId: { id: 1, last: 0 } })[0]).toContain(
    'No message that you may see has the id 1.',
  );
});

it('tells a store that shows no numbers apart from a rebuild that does', () => {
  const words = (total: number) => addErrorWords({ __kind__: 'Unavailable', Unavailable: { done: 0, total } })[0];
  expect(words(0)).toContain('The canister is not ready');
  expect(words(0)).not.toContain('rebuild');
  expect(words(60_000)).toContain('index holds 0 of 60,000 messages');
});

it('covers every case that canister.did has', async () => {
  const { readFileSync } = await import('node:fs');
  const did = readFileSync(new URL('../../../canister.did', import.meta.url), 'utf8')
    .replace(/\/\/.*/g, '')
    .replace(/record \{[^}]*\}/g, 'record');
  const inDid = [...did.matchAll(/type (\w+Error) = variant \{([^}]*)\}/g)].map(([, name, body]) => [
    name,
    [...(body ?? '').matchAll(/([A-Z]\w*)\s*(?=[:;]|$)/g)]
      .map(([, kind]) => kind)
      .filter((kind) => !did.includes(`type ${kind} `)),
  ]);
  const kinds = (cases: readonly (readonly [{ __kind__: string }, ...string[]])[]) => [
    ...new Set(cases.map(([{ __kind__ }]) => __kind__)),
  ];
  // The page calls no method that fails with one of the others.
  const { RoleError, RolesError, SealError, ResumeError, ...shown } = Object.fromEntries(inDid);
  expect(shown).toEqual({
    AckError: kinds(ack),
    AcksError: kinds(acks),
    AddError: kinds(add),
    ClaimError: kinds(claim),
    BatchError: kinds(batch),
    GetError: kinds(get),
    KeyError: kinds(key),
    PageError: kinds(page),
    LookupError: kinds(lookup),
    StatusError: ['Other'],
    SettingsError: kinds(settings),
    RetryError: kinds(retry),
    CheckError: kinds(check),
  });
});

describe('take', () => {
  it('returns the Ok value', () => expect(take({ __kind__: 'Ok', Ok: 5 }, getErrorWords)).toBe(5));

  it('throws the Err value, with its case', () => {
    const attempt = () => take({ __kind__: 'Err', Err: UNKNOWN_ID }, getErrorWords);
    expect(attempt).toThrow(Failure);
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ kind: 'refused', variant: 'UnknownId', transient: false });
    }
  });
});

it('a table without a sentence for each case does not compile, and a case that nobody knows is an error of the program', () => {
  // @ts-expect-error: NotAllowed and NotFailed are missing
  const incomplete = wordsOf<RetryError>({ Other: ['', false] });
  expect(() => incomplete({ __kind__: 'NotAllowed', NotAllowed: null })).toThrow(TypeError);
});
