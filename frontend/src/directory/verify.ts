/**
 * The checks of a client. It passes its pins and its memory, and gets its next memory back. Times in nanoseconds and in seconds
 * are since 1970.
 *
 * The caller checks the platform's certificate first. It yields the size and root of the certified log, and the time.
 */
import { equal } from './bytes';
import { inForce, type State } from './change';
import type { Trust } from './checkpoint';
import { entryHash } from './entry';
import { DirectoryError, within } from './error';
import { ZERO } from './hash';
import { checkChanges } from './history';
import { commit } from './label';
import { checkConsistency, logLeaf, rootByInclusion } from './log';
import { leafValue, mapRoot } from './map';
import { decodeProof, type Found, type Head, type Proof } from './proof';
import type { Memory, Query, Trusted } from './query';
import { verifyVrf } from './vrf';

/** The answer that was proved. */
export interface Verified {
  readonly trust: Trust;
  readonly memory: Memory;
  /** The head whose state the answer shows. */
  readonly head: Head;
  /** The label's index. Its first entry names it. */
  readonly index: Uint8Array;
  /** The label's state, which the client should remember. `undefined`: the label has no entry. */
  readonly state: State | undefined;
  /**
   * The bytes of the profile in force. `undefined`: the label has no entry or is closed, or a node withholds the profile as if it
   * were erased.
   */
  readonly profile: Uint8Array | undefined;
}

/** Checks the bytes of a proof. Throws a {@link DirectoryError}. */
export function verify(trusted: Trusted, query: Query, bytes: Uint8Array): Verified {
  const proof = decodeProof(bytes);
  const { head, found } = proof;
  const trust = checkHead(trusted, query, proof);
  const index = verifyVrf(trusted.vrfKey, query.label, proof.vrf);
  const value = found ? leafValue(found.position, found.newest.time, entryHash(found.newest.update.entry)) : ZERO;
  const root = mapRoot(proof.map, index, value);
  if (!root || !equal(root, head.mapRoot)) throw new DirectoryError('Map');
  const ratified = trust.by === 'ratified' ? head.epoch + 1n : (query.memory?.ratified ?? 0n);
  const memory = { log: query.certified, ratified };
  if (!found) {
    if (query.contact) throw new DirectoryError('Contact');
    return { trust, memory, head, index, state: undefined, profile: undefined };
  }
  const state = checkChanges(trusted, query, index, found);
  return { trust, memory, head, index, state, profile: open(query.label, state, found, head.time) };
}

/**
 * Checks that the head is in the certified log, at its end if the newest state was asked for, and that this log continues the
 * one that the client knows.
 */
function checkHead(trusted: Trusted, query: Query, proof: Proof): Trust {
  const { head } = proof;
  const { certified, memory } = query;
  if (!equal(head.configuration, trusted.configuration)) throw new DirectoryError('Configuration');
  if (head.time > query.certifiedTime) throw new DirectoryError('HeadTime');
  const size = head.epoch + 1n;
  if (size >> 64n !== 0n) throw new DirectoryError('Edge/Index');
  const root = within('Edge', () => rootByInclusion(head.epoch, size, logLeaf(head.bytes), proof.edge));
  within('ToNewest', () => {
    // Each older head is in the certified log too, so anybody could show it under today's certificate.
    if (query.view === 'newest' && size < certified.size) throw new DirectoryError('Outdated');
    checkConsistency({ size, root }, certified, proof.toNewest);
  });
  if (memory) {
    if (size < memory.ratified) throw new DirectoryError('OlderHead');
    within('FromKnown', () => checkConsistency(memory.log, certified, proof.fromKnown));
  } else if (proof.fromKnown.length > 0) {
    throw new DirectoryError('FromKnown/Length');
  }
  const { quorum, origin } = trusted;
  return quorum ? quorum.trust(origin, { size, root }, proof.cosignatures, query.now) : { by: 'certified' };
}

/** The profile in force at the head, checked against its entry's commitment. */
function open(label: Uint8Array, state: State, { opened }: Found, now: bigint): Uint8Array | undefined {
  const entry = inForce(state, now);
  if (!entry) throw new DirectoryError('Replaced');
  if (!opened) return undefined;
  const commitment = commit(opened.opening, label, entry.version, opened.profile);
  if (entry.kind === 'close' || !equal(commitment, entry.commitment)) throw new DirectoryError('Profile');
  return opened.profile;
}
