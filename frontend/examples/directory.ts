// Registers a name in a key directory, changes its key, and looks it up. Each answer is verified. Then a replica forges the key and
// is caught: node frontend/examples/run.mjs directory URL DIRECTORY_ID NAME
import { ed25519 } from '@noble/curves/ed25519.js';
import { connectDirectory, type DirectoryClient, Failure, networkAt, pin } from '../src/client';
import { createActor, type Submission, Variant_ratified_newest as View } from '../src/client/bindings/directory';
import { verifyFound } from '../src/client/directory-answers';
import { reach } from '../src/client/reach';
import { type Entry, encodeEntry, entryHash, nameLabel, type State } from '../src/directory';
import { concat, equal, integer, text } from '../src/directory/bytes';
import { signedBytes } from '../src/directory/entry';
import { ZERO } from '../src/directory/hash';
import { encodeKey } from '../src/directory/keys';
import { commit } from '../src/directory/label';

/** How long an epoch is waited for, in seconds. */
const PATIENCE = 120;

type Key = ReturnType<typeof ed25519.keygen>;

const order = (a: Key, b: Key): number => Buffer.compare(a.publicKey, b.publicKey);

/** A profile without devices: format 1, no device, and bytes of the application. */
const profileOf = (hello: string): Uint8Array =>
  concat(Uint8Array.of(1, 0), integer(2, text(hello).length), text(hello));

/** An entry with a commitment to its profile, signed by the keys in force and the new ones. */
function submission(label: Uint8Array, draft: Omit<Entry, 'commitment'>, keys: readonly Key[]): Submission {
  const profile = profileOf('hello');
  // It opens the commitment, and is used for one version alone.
  const opening = crypto.getRandomValues(new Uint8Array(16));
  const entry: Entry = { ...draft, commitment: commit(opening, label, draft.version, profile) };
  const signatures = [...keys].sort(order).map(({ publicKey, secretKey }) => {
    return concat(encodeKey(publicKey), ed25519.sign(signedBytes(entry), secretKey));
  });
  // Registration is open: no registrar signs.
  const update = concat(encodeEntry(entry), integer(1, signatures.length), ...signatures, integer(1, 0));
  return { label, update, opened: { opening, profile } };
}

/** Looks a label up until its epoch has closed and this version is proved. */
async function shown(directory: DirectoryClient, label: Uint8Array, version: number): Promise<State> {
  for (let tries = 0; tries < PATIENCE; tries++) {
    const { state } = await directory.lookup(label);
    if (state?.entry.version === version) return state;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  throw new Error('the epoch does not close');
}

export async function main(url?: string, canisterId?: string, name?: string): Promise<void> {
  const network = networkAt(url ?? '');
  if (!network || !canisterId || !name) throw new Error('usage: directory URL DIRECTORY_ID NAME');
  const place = { canisterId, network };
  const { agent, canister, rootKey } = await reach(place);
  const actor = createActor(canisterId, { agent });

  // One replica says what to pin. If it lies, no look-up verifies. Registration is open here, so there is no registrar.
  const published = await actor.get_configuration();
  if (published.__kind__ === 'Err') throw new Error('the directory is not ready');
  const trusted = pin(canisterId, published.Ok, [], 3_600n);
  const directory = await connectDirectory(place, trusted);

  const label = nameLabel(name);
  const absent = await directory.lookup(label);
  if (absent.state) throw new Error(`${name} is registered already`);
  console.log(`${name} is absent, as proved`);

  const [old, renewed, foreign] = [ed25519.keygen(), ed25519.keygen(), ed25519.keygen()];
  const policy = ({ publicKey }: Key) => ({ keys: [publicKey], threshold: 1 });
  const { index } = absent;
  const first = { realm: trusted.realm, index, version: 0, previous: ZERO, kind: 'set' as const, recovery: undefined };
  await directory.update(submission(label, { ...first, policy: policy(old) }, [old]));
  const { entry } = await shown(directory, label, 0);
  console.log(`${name} is registered, as proved: version ${entry.version}`);

  // The old key and the new one sign the change.
  const next = { ...entry, version: 1, previous: entryHash(entry), policy: policy(renewed) };
  await directory.update(submission(label, next, [old, renewed]));
  const changed = await shown(directory, label, 1);
  if (!changed.entry.policy.keys.every((key) => equal(key, renewed.publicKey)))
    throw new Error(`${name} has another key`);
  console.log(`${name} has its new key, as proved`);

  // A replica shows another key in the place of the owner's.
  const history = { __kind__: 'newest' as const, newest: null };
  const answer = await actor.lookup({ label, view: View.newest, known: 0n, history });
  if (answer.__kind__ === 'Err') throw new Error('the label is not there');
  const proof = Uint8Array.from(answer.Ok.proof);
  proof.set(foreign.publicKey, Buffer.from(proof).indexOf(renewed.publicKey));
  const pinned = { canister: canister.toUint8Array(), rootKey, trusted };
  const view = 'newest' as const;
  const asked = { ...pinned, memory: undefined, contact: undefined, label, view };
  try {
    await verifyFound(asked, { ...answer.Ok, proof });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.log(`a forged key is caught: ${error.message}`);
    return;
  }
  throw new Error('a forged key was believed');
}
