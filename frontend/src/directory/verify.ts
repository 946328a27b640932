/**
 * What a client checks. It passes in what it pins and what it remembers, and takes back what to remember next. Times in
 * nanoseconds and in seconds are since 1970.
 *
 * The platform's certificate is checked by the caller: it yields the size and root of the certified log and the time.
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
  /** The head that the answer is taken at. */
  readonly head: Head;
  /** The label's index, which its first entry names. */
  readonly index: Uint8Array;
  /** The label's state, to remember; `undefined`: the label has no entry. */
  readonly state: State | undefined;
  /** The bytes of the profile in force; `undefined` for a closed label and for an erased profile. */
  readonly profile: Uint8Array | undefined;
}

/** Checks the bytes of a proof, or throws a {@link DirectoryError}. */
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

/** The head lies in the certified log, which continues the one that the client knows. */
function checkHead(trusted: Trusted, query: Query, proof: Proof): Trust {
  const { head } = proof;
  const { certified, memory } = query;
  if (!equal(head.configuration, trusted.configuration)) throw new DirectoryError('Configuration');
  if (head.time > query.certifiedTime) throw new DirectoryError('HeadTime');
  const size = head.epoch + 1n;
  if (size >> 64n !== 0n) throw new DirectoryError('Edge/Index');
  const root = within('Edge', () => rootByInclusion(head.epoch, size, logLeaf(head.bytes), proof.edge));
  within('ToNewest', () => checkConsistency({ size, root }, certified, proof.toNewest));
  if (memory) {
    if (size < memory.ratified) throw new DirectoryError('OlderHead');
    within('FromKnown', () => checkConsistency(memory.log, certified, proof.fromKnown));
  } else if (proof.fromKnown.length > 0) {
    throw new DirectoryError('FromKnown/Length');
  }
  const { quorum, origin } = trusted;
  return quorum ? quorum.trust(origin, { size, root }, proof.cosignatures, query.now) : { by: 'certified' };
}

/** Opens the commitment of the entry that is in force at the head. */
function open(label: Uint8Array, state: State, { opened }: Found, now: bigint): Uint8Array | undefined {
  const entry = inForce(state, now);
  if (!entry) throw new DirectoryError('Replaced');
  if (!opened) return undefined;
  const commitment = commit(opened.opening, label, entry.version, opened.profile);
  if (entry.kind === 'close' || !equal(commitment, entry.commitment)) throw new DirectoryError('Profile');
  return opened.profile;
}
