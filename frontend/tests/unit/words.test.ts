import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/client';
import type {
  AddError,
  BatchError,
  CheckError,
  GetError,
  LookupError,
  PageError,
  SettingsError,
} from '../../src/client/bindings/canister';
import {
  addErrorWords,
  batchErrorWords,
  checkErrorWords,
  getErrorWords,
  lookupErrorWords,
  pageErrorWords,
  settingsErrorWords,
  statusErrorWords,
  take,
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
const NOT_CONTROLLER = { __kind__: 'NotController', NotController: null } as const;
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
  [{ __kind__: 'StorageFull', StorageFull: null }, 'full'],
  [{ __kind__: 'IndexFull', IndexFull: { max: 150_000_000n } }, '150,000,000'],
  [{ __kind__: 'IdsExhausted', IdsExhausted: { last: 4_294_967_294 } }, '4,294,967,294'],
  [UNAVAILABLE, '10,000', '50,000'],
  [OTHER, '7', 'because'],
];
const batch: [BatchError, ...string[]][] = [
  [BATCH, '1,234', '1,000'],
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
  [UNAVAILABLE, '10,000', '50,000'],
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
  [NOT_CONTROLLER, 'controller'],
  [{ __kind__: 'RebuildPages', RebuildPages: { value: 1, min: 16, max: 262_144 } }, 'rebuild_pages', '16', '262,144'],
  [{ __kind__: 'MaxMessages', MaxMessages: { value: 0, min: 1 } }, 'max_messages', '0', '1'],
  [{ __kind__: 'MaxBytes', MaxBytes: { value: 5n, min: 2_000_125n } }, 'max_bytes', '5', '2,000,125'],
  [{ __kind__: 'MaxAgeSeconds', MaxAgeSeconds: { value: 0, min: 1 } }, 'max_age_seconds', '0', '1'],
  [OTHER, '7', 'because'],
];
const check: [CheckError, ...string[]][] = [
  [NOT_CONTROLLER, 'controller'],
  [UNKNOWN_ID, '60,000', '50,000'],
  [UNAVAILABLE, '10,000', '50,000'],
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
      expect(transient).toBe(error.__kind__ === 'Unavailable');
    },
  );
}

describe('add_message', () => says(addErrorWords, add));
describe('add_messages', () => says(batchErrorWords, batch));
describe('get_message', () => says(getErrorWords, get));
describe('get_messages', () => says(pageErrorWords, page));
describe('lookups', () => says(lookupErrorWords, lookup));
describe('get_status', () => says(statusErrorWords, [[OTHER, '7', 'because']]));
describe('set_settings', () => says(settingsErrorWords, settings));
describe('check', () => says(checkErrorWords, check));

it('tells an empty key id and an empty store apart from too long and too far', () => {
  expect(addErrorWords({ __kind__: 'KeyIdLength', KeyIdLength: { length: 0, max: 64 } })[0]).toContain('is empty');
  expect(getErrorWords({ __kind__: 'UnknownId', UnknownId: { id: 1, last: 0 } })[0]).toContain(
    'nothing has been stored',
  );
});

it('tells a backlog of dropped messages apart from a rebuild', () => {
  const words = (done: number) => addErrorWords({ __kind__: 'Unavailable', Unavailable: { done, total: 60_000 } })[0];
  expect(words(0)).toContain('removing 60,000 dropped messages');
  expect(words(0)).not.toContain('rebuild');
  expect(words(1)).toContain('rebuilding its indexes: 1 of 60,000');
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
  expect(Object.fromEntries(inDid)).toEqual({
    AddError: kinds(add),
    BatchError: kinds(batch),
    GetError: kinds(get),
    PageError: kinds(page),
    LookupError: kinds(lookup),
    StatusError: ['Other'],
    SettingsError: kinds(settings),
    CheckError: kinds(check),
  });
});

describe('take', () => {
  it('gives what is Ok', () => expect(take({ __kind__: 'Ok', Ok: 5 }, getErrorWords)).toBe(5));

  it('throws what is Err, with its case', () => {
    const attempt = () => take({ __kind__: 'Err', Err: UNKNOWN_ID }, getErrorWords);
    expect(attempt).toThrow(Failure);
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ kind: 'refused', variant: 'UnknownId', transient: false });
    }
  });
});
