/**
 * Turns the message canister's errors into sentences that contain the offending value: one table for each error type of
 * canister.did.
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
  KeyError,
  LookupError,
  PageError,
  Progress,
  RetryError,
  SettingsError,
  StatusError,
  TooLong,
} from './bindings/canister';
import { commonSentences, count as n, type Words, wordsOf } from './sentences';

const { limited, other } = commonSentences('The store', 'reads and acknowledgements');

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
 * If `total` is 0, the canister was just installed, or does not tell the caller how many messages it has. Otherwise a rebuild
 * continues or has stopped. The error does not say which of these is true, but the status does.
 */
const unavailable = ({ done, total }: Progress): Words => [
  total === 0
    ? 'The canister is not ready. Try again later.'
    : `The store's index holds ${n(done)} of ${n(total)} messages so far. Try again when its rebuild is done.`,
  true,
];
const unknownId = ({ id, last }: { id: number; last: number }): Words => [
  last === 0
    ? `No message that you may see has the id ${n(id)}.`
    : `No message has the id ${n(id)} yet: the last assigned id is ${n(last)}.`,
  false,
];
const sealed: Words = [
  'The operator is taking a snapshot of the store. Until it is done, the store takes no messages. Try again later.',
  true,
];
const lowMemory: Words = [
  'The memory of the store is nearly used up. It opens no new keys, and may refuse messages of known ones.',
  false,
];
const keysFull = ({ max }: { max: number }): Words => [
  `The store has its maximum of ${n(max)} keys. It opens no new key for you.`,
  false,
];
const storageFull: Words = ['The store is full: its stable memory cannot grow. Nothing was stored.', false];
const notAllowed: Words = ['Only an admin of the store may do this.', false];

export const addErrorWords = wordsOf<AddError>({
  KeyIdLength: keyIdLength,
  CiphertextEmpty: ['The ciphertext is empty: there is nothing to store.', false],
  CiphertextTooLarge: ({ length, max }) => [
    `The ciphertext has ${n(length)} bytes; at most ${n(max)} are allowed.`,
    false,
  ],
  NotAllowed: ['The store does not take messages from you.', false],
  KeyFull: ({ since }) => [
    since === 0
      ? 'The message is too large for the rest of this key’s quota that you may use. Nothing was stored.'
      : 'Unacknowledged messages fill the share of this key’s quota that you may use. Nothing was stored.',
    true,
  ],
  StoreFull: ({ retry_after }) => [
    `The store is full, and its oldest messages are too young to be dropped. Try again in ${n(retry_after)} seconds.`,
    true,
  ],
  KeysFull: keysFull,
  StorageFull: storageFull,
  IndexFull: ({ max }) => [`The store is full: its index holds at most ${n(max)} entries. Nothing was stored.`, false],
  IdsExhausted: ({ last }) => [`The store has assigned its last id, ${n(last)}. It takes no more messages.`, false],
  Sealed: sealed,
  LowMemory: lowMemory,
  Unavailable: unavailable,
  Limited: limited,
  Other: other,
});

export const batchErrorWords = wordsOf<BatchError>({
  BatchTooLong: batchTooLong,
  Sealed: sealed,
  Unavailable: unavailable,
  Limited: limited,
  Other: other,
});

export const getErrorWords = wordsOf<GetError>({
  NotFound: ['No message that you may see has this hash.', false],
  UnknownId: unknownId,
  Dropped: ({ first_id }) => [
    `This message was acknowledged or dropped. The lowest id that may still be stored is ${n(first_id)}.`,
    false,
  ],
  HashLength: hashLength,
  Unavailable: unavailable,
  Other: other,
});

export const pageErrorWords = wordsOf<PageError>({
  InvalidRange: ({ min, max }) => [
    min > max
      ? `The range ends before it begins: from ${n(min)} to ${n(max)}.`
      : `The range from ${n(min)} to ${n(max)} is not valid: ids begin with 1.`,
    false,
  ],
  LimitZero: ['A page of 0 messages was asked for; at least 1 is needed.', false],
  UnknownCursor: ({ after }) => [`Cannot continue after ${n(after)}: no message has had this id yet.`, false],
  KeyIdLength: keyIdLength,
  Other: other,
});

export const lookupErrorWords = wordsOf<LookupError>({
  KeyIdLength: keyIdLength,
  HashLength: hashLength,
  BatchTooLong: batchTooLong,
  Unavailable: unavailable,
  Other: other,
});

export const claimErrorWords = wordsOf<ClaimError>({
  KeyIdLength: keyIdLength,
  NotClaimable: ({ length }) => [`Nobody can claim a key id of ${n(length)} bytes: 20, 29 or 32 are needed.`, false],
  PublicKey: (value) => [`The public key is not valid: ${value}`, false],
  NotThatKey: ({ key_id }) => [`This proof belongs to another key id: ${bytesToHex(key_id)}.`, false],
  NotTheCaller: ({ signer }) => [`The public key belongs to ${signer}, not to you.`, false],
  SaltLength: ({ length, expected }) => [`The salt has ${n(length)} bytes; it must have ${n(expected)}.`, false],
  Owned: ['An admin gave this key to somebody else.', false],
  Anonymous: ['The anonymous caller cannot own a key. Make a key in this browser first.', false],
  KeysFull: keysFull,
  LowMemory: lowMemory,
  StorageFull: storageFull,
  Unavailable: unavailable,
  Limited: limited,
  Other: other,
});

export const keyErrorWords = wordsOf<KeyError>({
  KeyIdLength: keyIdLength,
  NotAllowed: [
    'You may not change this. The owner of a key sets its send key; an admin of the store sets its quota and its owner.',
    false,
  ],
  Owner: ({ owner }) => [
    `The principal ${owner} cannot own this key. The anonymous principal and the management canister own nothing. A key id that is a principal belongs to that principal.`,
    false,
  ],
  SendKey: ({ length, expected }) => [
    `The hash of the send key has ${n(length)} bytes; it must have ${n(expected)}.`,
    false,
  ],
  KeysFull: keysFull,
  StorageFull: storageFull,
  LowMemory: lowMemory,
  Unavailable: unavailable,
  Limited: limited,
  Other: other,
});

export const ackErrorWords = wordsOf<AckError>({
  KeyIdLength: keyIdLength,
  NotOwner: ['Only the owner of a key can acknowledge its messages. The store does not know you as the owner.', false],
  NotNewer: ({ acknowledged_id }) => [
    `Everything up to id ${n(acknowledged_id)} has been acknowledged already.`,
    false,
  ],
  NotStored: ({ through, max_id }) => [
    `Id ${n(through)} is beyond the newest message of the key, ${n(max_id)}.`,
    false,
  ],
  Other: other,
});

export const acksErrorWords = wordsOf<AcksError>({
  BatchTooLong: batchTooLong,
  Limited: limited,
  Other: other,
});

export const statusErrorWords = wordsOf<StatusError>({
  Other: other,
});

export const settingsErrorWords = wordsOf<SettingsError>({
  NotAllowed: notAllowed,
  Version: ({ given, current }) => [
    `Somebody else has changed the settings: they have version ${n(current)}, and you changed version ${n(given)}.`,
    false,
  ],
  TooLow: ({ setting, value, min }) => [`${setting} cannot be ${n(value)}: it must be at least ${n(min)}.`, false],
  TooHigh: ({ setting, value, max }) => [`${setting} cannot be ${n(value)}: it must be at most ${n(max)}.`, false],
  Twice: ({ setting }) => [`${setting} is named twice.`, false],
  AnonymousController: [
    'Neither reads nor writes can be restricted while the anonymous principal controls the canister: then everybody does.',
    false,
  ],
  Other: other,
});

export const retryErrorWords = wordsOf<RetryError>({
  NotAllowed: notAllowed,
  NotFailed: ['No rebuild has failed, so none can be restarted.', false],
  Other: other,
});

export const checkErrorWords = wordsOf<CheckError>({
  NotAllowed: notAllowed,
  UnknownId: unknownId,
  Unavailable: unavailable,
  Other: other,
});
