/**
 * Turns the canister's errors into sentences that contain the offending value. One function for each error type of
 * canister.did; a missing case does not compile.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type {
  AckError,
  AcksError,
  AddError,
  BatchError,
  CheckError,
  ClaimError,
  GetError,
  Limited,
  LookupError,
  OtherError,
  PageError,
  Progress,
  RetryError,
  SettingsError,
  StatusError,
  TooLong,
} from './bindings/canister';
import { Failure } from './failure';

const number = new Intl.NumberFormat('en-US');
const n = (value: number | bigint): string => number.format(value);

type Words = readonly [message: string, transient: boolean];

const keyIdLength = ({ length, max }: TooLong): Words => [
  length === 0
    ? `The key id is empty: it must have 1 to ${n(max)} bytes.`
    : `The key id has ${n(length)} bytes; at most ${n(max)} are allowed.`,
  false,
];
const hashLength = ({ length, expected }: { length: number; expected: number }): Words => [
  `The hash has ${n(length)} bytes; a SHA-256 hash has ${n(expected)}.`,
  false,
];
const batchTooLong = ({ length, max }: TooLong): Words => [
  `The batch has ${n(length)} items; at most ${n(max)} are allowed.`,
  false,
];
/**
 * With `total` 0 the canister was just installed. Otherwise a rebuild goes on or has stopped: the error does not tell
 * which, the status does.
 */
const unavailable = ({ done, total }: Progress): Words => [
  total === 0
    ? 'The canister was just installed and waits for randomness. Try again in a few seconds.'
    : `The store's index holds ${n(done)} of ${n(total)} messages so far. Try again when its rebuild is done.`,
  true,
];
const other = ({ code, message }: OtherError): Words => [
  `The canister refused with code ${n(code)}: ${message}`,
  false,
];
const unknownId = ({ id, last }: { id: number; last: number }): Words => [
  last === 0
    ? `No message has the id ${n(id)}: nothing has been stored yet.`
    : `No message has the id ${n(id)} yet: the last assigned id is ${n(last)}.`,
  false,
];
const sealed: Words = [
  'The operator is taking a snapshot of the store. Until it is done, the store takes no messages. Try again later.',
  true,
];
const lowMemory: Words = [
  'The memory of the store is nearly used up. It opens no new keys. Known keys still take messages.',
  false,
];
const limited = (error: Limited): Words => {
  switch (error.__kind__) {
    case 'budget':
      return [
        `The store's budget for callers like you is used up. Try again in ${n(error.budget.retry_after)} s.`,
        true,
      ];
    case 'rate':
      return [`You call more often than the store allows. Try again in ${n(error.rate.retry_after)} s.`, true];
    case 'low_cycles':
      return ['The store has few cycles left and keeps them for reads and acknowledgements.', true];
    default:
      return missing(error);
  }
};
const storageFull: Words = ['The store is full: its stable memory cannot grow. Nothing was stored.', false];
const notAllowed: Words = ['Only an admin of the store may do this.', false];

/** Compiles only if every case is handled. */
function missing(error: never): never {
  throw new TypeError(`unknown error ${JSON.stringify(error)}`);
}

export function addErrorWords(error: AddError): Words {
  switch (error.__kind__) {
    case 'KeyIdLength':
      return keyIdLength(error.KeyIdLength);
    case 'CiphertextEmpty':
      return ['The ciphertext is empty: there is nothing to store.', false];
    case 'CiphertextTooLarge': {
      const { length, max } = error.CiphertextTooLarge;
      return [`The ciphertext has ${n(length)} bytes; at most ${n(max)} are allowed.`, false];
    }
    case 'NotAllowed':
      return ['The store does not take messages from you.', false];
    case 'KeyFull':
      return ['Unacknowledged messages fill the share of this key’s quota that you may use. Nothing was stored.', true];
    case 'StoreFull':
      return [
        `The store is full, and its oldest messages are too young to be dropped. Try again in ${n(error.StoreFull.retry_after)} seconds.`,
        true,
      ];
    case 'KeysFull':
      return [`The store knows as many keys as it may: ${n(error.KeysFull.max)}. It opens no new key for you.`, false];
    case 'StorageFull':
      return storageFull;
    case 'IndexFull':
      return [
        `The store is full: its index holds at most ${n(error.IndexFull.max)} entries. Nothing was stored.`,
        false,
      ];
    case 'IdsExhausted':
      return [`The store has assigned its last id, ${n(error.IdsExhausted.last)}. It takes no more messages.`, false];
    case 'Sealed':
      return sealed;
    case 'LowMemory':
      return lowMemory;
    case 'Unavailable':
      return unavailable(error.Unavailable);
    case 'Limited':
      return limited(error.Limited);
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function batchErrorWords(error: BatchError): Words {
  switch (error.__kind__) {
    case 'BatchTooLong':
      return batchTooLong(error.BatchTooLong);
    case 'Sealed':
      return sealed;
    case 'Unavailable':
      return unavailable(error.Unavailable);
    case 'Limited':
      return limited(error.Limited);
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function getErrorWords(error: GetError): Words {
  switch (error.__kind__) {
    case 'NotFound':
      return ['No stored message has this hash.', false];
    case 'UnknownId':
      return unknownId(error.UnknownId);
    case 'Dropped':
      return [`This message has been dropped: the oldest one kept has the id ${n(error.Dropped.first_id)}.`, false];
    case 'HashLength':
      return hashLength(error.HashLength);
    case 'Unavailable':
      return unavailable(error.Unavailable);
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function pageErrorWords(error: PageError): Words {
  switch (error.__kind__) {
    case 'InvalidRange': {
      const { min, max } = error.InvalidRange;
      return [
        min > max
          ? `The range ends before it begins: from ${n(min)} to ${n(max)}.`
          : `The range from ${n(min)} to ${n(max)} is not valid: ids begin with 1.`,
        false,
      ];
    }
    case 'LimitZero':
      return ['A page of 0 messages was asked for; at least 1 is needed.', false];
    case 'UnknownCursor':
      return [`Cannot continue after ${n(error.UnknownCursor.after)}: no message has had this id yet.`, false];
    case 'KeyIdLength':
      return keyIdLength(error.KeyIdLength);
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function lookupErrorWords(error: LookupError): Words {
  switch (error.__kind__) {
    case 'KeyIdLength':
      return keyIdLength(error.KeyIdLength);
    case 'HashLength':
      return hashLength(error.HashLength);
    case 'BatchTooLong':
      return batchTooLong(error.BatchTooLong);
    case 'Unavailable':
      return unavailable(error.Unavailable);
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function claimErrorWords(error: ClaimError): Words {
  switch (error.__kind__) {
    case 'KeyIdLength':
      return keyIdLength(error.KeyIdLength);
    case 'NotClaimable':
      return [`Nobody can claim a key id of ${n(error.NotClaimable.length)} bytes: 20, 29 or 32 are needed.`, false];
    case 'PublicKey':
      return [`The public key is not valid: ${error.PublicKey}`, false];
    case 'NotThatKey':
      return [`This proof belongs to another key id: ${bytesToHex(error.NotThatKey.key_id)}.`, false];
    case 'NotTheCaller':
      return [`The public key belongs to ${error.NotTheCaller.signer}, not to you.`, false];
    case 'SaltLength': {
      const { length, expected } = error.SaltLength;
      return [`The salt has ${n(length)} bytes; it must have ${n(expected)}.`, false];
    }
    case 'Owned':
      return ['An admin gave this key to somebody else.', false];
    case 'Anonymous':
      return ['The anonymous caller cannot own a key. Make a key in this browser first.', false];
    case 'KeysFull':
      return [`The store knows as many keys as it may: ${n(error.KeysFull.max)}. It opens no new key for you.`, false];
    case 'LowMemory':
      return lowMemory;
    case 'StorageFull':
      return storageFull;
    case 'Unavailable':
      return unavailable(error.Unavailable);
    case 'Limited':
      return limited(error.Limited);
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function ackErrorWords(error: AckError): Words {
  switch (error.__kind__) {
    case 'KeyIdLength':
      return keyIdLength(error.KeyIdLength);
    case 'NotOwner':
      return ['Only the owner of a key can acknowledge its messages. The store does not know you as the owner.', false];
    case 'NotNewer':
      return [`Everything through id ${n(error.NotNewer.acknowledged_id)} has been acknowledged already.`, false];
    case 'NotStored': {
      const { through, max_id } = error.NotStored;
      return [`Id ${n(through)} is beyond the newest message of the key, ${n(max_id)}.`, false];
    }
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function acksErrorWords(error: AcksError): Words {
  switch (error.__kind__) {
    case 'BatchTooLong':
      return batchTooLong(error.BatchTooLong);
    case 'Limited':
      return limited(error.Limited);
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function statusErrorWords(error: StatusError): Words {
  switch (error.__kind__) {
    case 'Other':
      return other(error.Other);
    default:
      return missing(error.__kind__);
  }
}

export function settingsErrorWords(error: SettingsError): Words {
  switch (error.__kind__) {
    case 'NotAllowed':
      return notAllowed;
    case 'Version': {
      const { given, current } = error.Version;
      return [
        `Somebody else has changed the settings: they have version ${n(current)}, and you changed version ${n(given)}.`,
        false,
      ];
    }
    case 'TooLow': {
      const { setting, value, min } = error.TooLow;
      return [`${setting} cannot be ${n(value)}: it must be at least ${n(min)}.`, false];
    }
    case 'TooHigh': {
      const { setting, value, max } = error.TooHigh;
      return [`${setting} cannot be ${n(value)}: it must be at most ${n(max)}.`, false];
    }
    case 'Twice':
      return [`${error.Twice.setting} is named twice.`, false];
    case 'AnonymousController':
      return ['Reads and writes cannot be closed while everybody controls the canister.', false];
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function retryErrorWords(error: RetryError): Words {
  switch (error.__kind__) {
    case 'NotAllowed':
      return notAllowed;
    case 'NotFailed':
      return ['No rebuild has failed, so none can be restarted.', false];
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function checkErrorWords(error: CheckError): Words {
  switch (error.__kind__) {
    case 'NotAllowed':
      return notAllowed;
    case 'UnknownId':
      return unknownId(error.UnknownId);
    case 'Unavailable':
      return unavailable(error.Unavailable);
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

type Answer<T, E> = { __kind__: 'Ok'; Ok: T } | { __kind__: 'Err'; Err: E };

/** Returns the Ok value, or throws the error as a {@link Failure}. */
export function take<T, E extends { __kind__: string }>(answer: Answer<T, E>, words: (error: E) => Words): T {
  if (answer.__kind__ === 'Ok') return answer.Ok;
  throw refusal(answer.Err, words);
}

/** One of the canister's errors as a {@link Failure}. */
export function refusal<E extends { __kind__: string }>(error: E, words: (error: E) => Words): Failure {
  const [message, transient] = words(error);
  return new Failure('refused', message, transient, error.__kind__);
}
