import { bytesToHex } from '@noble/hashes/utils.js';
import type {
  BundleError,
  CheckError,
  LookupError,
  Malformed,
  SettingsError,
  StatusError,
  UpdateError,
} from './bindings/directory';
import { commonSentences, count, type Words, wordsOf } from './sentences';

const { limited, other } = commonSentences('The directory', 'its epochs, ratification and look-ups');

const malformed = ({ field, reason }: Malformed): Words => [`The ${field} cannot be read: ${reason}.`, false];
const unavailable: Words = [
  'The directory was just installed and waits for randomness. Try again in a few seconds.',
  true,
];
const storageFull: Words = ['The directory is full: its stable memory does not grow any more.', false];
const notAllowed: Words = ['Only a controller of the directory may do this.', false];
const unknownLabel: Words = ['The directory does not know this label.', false];
const time = (nanoseconds: bigint): string => new Date(Number(nanoseconds / 1_000_000n)).toISOString();
const second = (seconds: bigint): string => time(seconds * 1_000_000_000n);

export const updateErrorWords = wordsOf<UpdateError>({
  Malformed: malformed,
  Realm: (value) => [`The entry is for another directory, ${bytesToHex(value)}.`, false],
  Index: (value) => [`The entry is for another label, at index ${bytesToHex(value)}.`, false],
  Pending: ({ retry_after }) => [`An update of this label is already waiting. Try again in ${retry_after} s.`, true],
  Time: ({ now, newest }) => [
    `The directory's time, ${time(now)}, is before the newest entry's, ${time(newest)}.`,
    true,
  ],
  NotFirst: ({ version }) => [
    `The first entry of a label must be a 'set' with version 0 and no predecessor. This entry has version ${version}.`,
    false,
  ],
  Conflict: ({ version }) => [`The entry does not follow the newest one, which has version ${version}.`, false],
  Skip: ({ version, newest }) => [
    `A close signed beforehand must have a version above ${newest} and at most 2^31, not ${version}.`,
    false,
  ],
  Registration: ["The update has a registrar's signature that is not needed.", false],
  Closed: ['The label is closed.', false],
  NoRecovery: ['The label has no recovery policy.', false],
  RecoveryPending: ({ effective }) => [
    `A recovery takes effect at ${time(effective)}. Until then only its withdrawal is accepted.`,
    false,
  ],
  PolicyChanged: ['A close must leave the policy as it is.', false],
  RecoveryChanged: ['This change must leave the recovery policy as it is.', false],
  TooFewSignatures: ({ signer, needed, found }) => [
    `The ${signer} policy needs ${needed} signatures; there are ${found}.`,
    false,
  ],
  ForeignSignature: (value) => [`No policy asks for a signature by the key ${bytesToHex(value)}.`, false],
  WrongSignature: (value) => [`The signature by the key ${bytesToHex(value)} is wrong.`, false],
  Profile: ['The entry does not commit to the profile that came with it.', false],
  Address: (value) => [`The address's proof does not hold: ${value}.`, false],
  NotAllowed: ["Only a controller registers the registrar's label.", false],
  NoRegistrar: ["The directory has no registrar, or the registrar's label is closed. So it registers no label.", false],
  DailyUpdates: ({ max, retry_after }) => [
    `The label has used its ${max} updates of a day. Try again in ${retry_after} s.`,
    true,
  ],
  LabelsFull: ({ max }) => [`The directory has its maximum of ${max} labels.`, false],
  StorageFull: storageFull,
  Limited: limited,
  Unavailable: unavailable,
  Other: other,
});

export const directoryLookupErrorWords = wordsOf<LookupError>({
  Malformed: malformed,
  NoEpoch: ['The directory has no closed epoch yet, or no ratified one.', true],
  HistoryTooLong: ({ versions, max }) => [
    `The label has ${versions} versions to show; a proof shows at most ${max}.`,
    false,
  ],
  UnknownLabel: unknownLabel,
  UnknownLog: ({ size, known }) => [
    `The node knows ${size} heads; ${known} were seen before. It lags behind, or the directory was rolled back.`,
    true,
  ],
  Unavailable: unavailable,
  Other: other,
});

export const bundleErrorWords = wordsOf<BundleError>({
  Malformed: malformed,
  UnknownLabel: unknownLabel,
  NoProfile: ['The label is closed, or its profile was erased or is withheld.', false],
  Elsewhere: ['The bundle is for another directory or another label.', false],
  UnknownDevice: (value) => [`The profile has no device with the key ${bytesToHex(value)}.`, false],
  Expired: ({ expiry }) => [`The bundle has expired at ${second(expiry)}.`, false],
  NotNewer: ({ stored }) => [`The stored bundle is of ${second(stored)}; this one is not newer.`, false],
  Lifetime: ({ issued, expiry }) => [
    `The bundle lives from ${second(issued)} to ${second(expiry)}; the maximum is 100 days.`,
    false,
  ],
  Signature: ["The device's signature is wrong.", false],
  StorageFull: storageFull,
  Limited: limited,
  Unavailable: unavailable,
  Other: other,
});

export const directoryStatusErrorWords = wordsOf<StatusError>({ Unavailable: unavailable, Other: other });

export const directorySettingsErrorWords = wordsOf<SettingsError>({
  NotAllowed: notAllowed,
  TooLow: ({ setting, value, min }) => [
    `${setting} cannot be ${count(value)}: it must be at least ${count(min)}.`,
    false,
  ],
  Other: other,
});

export const directoryCheckErrorWords = wordsOf<CheckError>({
  NotAllowed: notAllowed,
  Cursor: ({ part }) => [`The check has no part ${count(part)}.`, false],
  Unavailable: unavailable,
  Other: other,
});

/** The fault of an answer, by the first part of a {@link DirectoryError}'s code. */
const LIES: Readonly<Record<string, string>> = {
  Decode: 'The proof cannot be read.',
  Vrf: 'The place of this label in the directory is not proved: the answer may be about another label.',
  Configuration: 'The directory published another configuration or another key than its log carries.',
  HeadTime: 'The head is newer than the certificate.',
  Edge: 'The head is not in the log that the subnet certifies.',
  ToNewest: 'The head is not the newest one that the subnet certifies: it is old or invented.',
  FromKnown: 'The certified log does not continue the one seen before: it was rolled back or forked.',
  OlderHead: 'The head is older than a ratified one seen before.',
  Cosignature: 'A signature of a verifier is forged.',
  Map: 'The certified directory has another entry: a foreign key was shown, or the label was hidden.',
  Replaced: 'The entry that a pending recovery replaces is missing.',
  Profile: 'The profile is not the one that the entry commits to.',
  Address: 'The address’s own key did not sign its first entry.',
  Realm: 'The entry is of another directory.',
  Index: 'The entry is of another label.',
  Change:
    'A change breaks the rules: it is out of order, or signatures of the owner or the registrar are missing or wrong.',
  History: 'Changes are missing, or do not lead to the newest entry.',
  Contact: 'A version seen before is gone.',
  ContactChanged: 'A version seen before was replaced.',
  Elsewhere: 'The bundle is of another directory or another label.',
  Expired: 'The bundle has expired.',
  NotNewer: 'The bundle is older than one seen before.',
  Lifetime: 'The bundle lives too long.',
  Signature: 'The device did not sign the bundle.',
};

/** The fault of a directory's answer as a sentence. It contains the code, for reports. */
export function directoryLieWords(code: string): string {
  const [first = ''] = code.split('/');
  return `${LIES[first] ?? 'The directory’s answer does not verify.'} (${code})`;
}
