/**
 * Turns the directory's errors into sentences that contain the offending value. One function for each error type of
 * directory.did that a page can meet; a missing case does not compile.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { BundleError, LookupError, Malformed, OtherError, StatusError, UpdateError } from './bindings/directory';

type Words = readonly [message: string, transient: boolean];

const malformed = ({ field, reason }: Malformed): Words => [`The ${field} cannot be read: ${reason}.`, false];
const other = ({ code, message }: OtherError): Words => [`The directory refused with code ${code}: ${message}`, false];
const unavailable: Words = [
  'The directory was just installed and waits for randomness. Try again in a few seconds.',
  true,
];
const storageFull: Words = ['The directory is full: its stable memory does not grow any more.', false];
const unknownLabel: Words = ['The directory does not know this label.', false];
const time = (nanoseconds: bigint): string => new Date(Number(nanoseconds / 1_000_000n)).toISOString();
const second = (seconds: bigint): string => time(seconds * 1_000_000_000n);

/** Compiles only if every case is handled. */
function missing(error: never): never {
  throw new TypeError(`unknown error ${JSON.stringify(error)}`);
}

export function updateErrorWords(error: UpdateError): Words {
  switch (error.__kind__) {
    case 'Malformed':
      return malformed(error.Malformed);
    case 'Realm':
      return [`The entry is for another directory, ${bytesToHex(error.Realm)}.`, false];
    case 'Index':
      return [`The entry is for another label, at index ${bytesToHex(error.Index)}.`, false];
    case 'Pending':
      return [`The label has an update already that waits. Try again in ${error.Pending.retry_after} s.`, true];
    case 'Time':
      return [
        `The directory's time, ${time(error.Time.now)}, is before the newest entry's, ${time(error.Time.newest)}.`,
        true,
      ];
    case 'NotFirst':
      return [`A label starts with a set of version 0, not with version ${error.NotFirst.version}.`, false];
    case 'Conflict':
      return [`The entry does not follow the newest one, which has version ${error.Conflict.version}.`, false];
    case 'Skip':
      return [`A close of version ${error.Skip.version} does not follow version ${error.Skip.newest}.`, false];
    case 'Registration':
      return ["There is a registrar's signature where none is asked for.", false];
    case 'Closed':
      return ['The label is closed.', false];
    case 'NoRecovery':
      return ['The label has no recovery policy.', false];
    case 'RecoveryPending':
      return [
        `A recovery takes effect at ${time(error.RecoveryPending.effective)}. Until then only its withdrawal is accepted.`,
        false,
      ];
    case 'PolicyChanged':
      return ['A close must leave the policy as it is.', false];
    case 'RecoveryChanged':
      return ['This change must leave the recovery policy as it is.', false];
    case 'TooFewSignatures': {
      const { signer, needed, found } = error.TooFewSignatures;
      return [`The ${signer} policy needs ${needed} signatures; there are ${found}.`, false];
    }
    case 'ForeignSignature':
      return [`No policy asks for a signature by the key ${bytesToHex(error.ForeignSignature)}.`, false];
    case 'WrongSignature':
      return [`The signature by the key ${bytesToHex(error.WrongSignature)} is wrong.`, false];
    case 'Profile':
      return ['The entry does not commit to the profile that came with it.', false];
    case 'Address':
      return [`The address's proof does not hold: ${error.Address}.`, false];
    case 'NotAllowed':
      return ["Only a controller registers the registrar's label.", false];
    case 'NoRegistrar':
      return ['The directory has no registrar yet, so it registers no label.', false];
    case 'DailyUpdates':
      return [
        `The label has had its ${error.DailyUpdates.max} updates of a day. Try again in ${error.DailyUpdates.retry_after} s.`,
        true,
      ];
    case 'LabelsFull':
      return [`The directory has as many labels as it may: ${error.LabelsFull.max}.`, false];
    case 'StorageFull':
      return storageFull;
    case 'Unavailable':
      return unavailable;
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function directoryLookupErrorWords(error: LookupError): Words {
  switch (error.__kind__) {
    case 'Malformed':
      return malformed(error.Malformed);
    case 'NoEpoch':
      return ['The directory has no head in this state yet.', true];
    case 'HistoryTooLong':
      return [
        `The label has ${error.HistoryTooLong.versions} versions to show; a proof shows at most ${error.HistoryTooLong.max}.`,
        false,
      ];
    case 'UnknownLabel':
      return unknownLabel;
    case 'UnknownLog':
      return [
        `The node knows ${error.UnknownLog.size} heads; ${error.UnknownLog.known} were seen before. It lags behind, or the directory was rolled back.`,
        true,
      ];
    case 'Unavailable':
      return unavailable;
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function bundleErrorWords(error: BundleError): Words {
  switch (error.__kind__) {
    case 'Malformed':
      return malformed(error.Malformed);
    case 'UnknownLabel':
      return unknownLabel;
    case 'NoProfile':
      return ['The label is closed, or its profile was erased.', false];
    case 'Elsewhere':
      return ['The bundle is for another directory or another label.', false];
    case 'UnknownDevice':
      return [`The profile has no device with the key ${bytesToHex(error.UnknownDevice)}.`, false];
    case 'Expired':
      return [`The bundle has expired at ${second(error.Expired.expiry)}.`, false];
    case 'NotNewer':
      return [`The stored bundle is of ${second(error.NotNewer.stored)}; this one is not newer.`, false];
    case 'Lifetime': {
      const { issued, expiry } = error.Lifetime;
      return [`The bundle lives from ${second(issued)} to ${second(expiry)}; it may live 100 days.`, false];
    }
    case 'Signature':
      return ["The device's signature is wrong.", false];
    case 'StorageFull':
      return storageFull;
    case 'Unavailable':
      return unavailable;
    case 'Other':
      return other(error.Other);
    default:
      return missing(error);
  }
}

export function directoryStatusErrorWords(error: StatusError): Words {
  return error.__kind__ === 'Unavailable' ? unavailable : other(error.Other);
}
