/** Histories that are too long for one proof: they come in pages, and each lie in a page is caught. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Change } from '../../src/client/bindings/directory';
import { Lookups } from '../../src/client/directory-lookups';
import { LittleDirectory } from './little-directory';
import { Signer } from './signer';

const { trusted, lookups } = JSON.parse(
  readFileSync(new URL('../../../crates/directory-core/vectors/version-1.json', import.meta.url), 'utf8'),
);
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const CANISTER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7, 1, 1);
const network = new Signer(1);
const PINNED = {
  realm: bytes(trusted.realm),
  origin: trusted.origin,
  vrfKey: bytes(trusted.vrf),
  configuration: bytes(trusted.configuration),
};
const [{ label: LABEL_HEX, proof }] = lookups;
const LABEL = bytes(LABEL_HEX);
const OWNER = new Uint8Array(32).fill(1);

function directory(versions: number, owner = OWNER): LittleDirectory {
  const made = new LittleDirectory(PINNED, CANISTER, network, bytes(proof).slice(1, 81), LABEL, owner);
  made.grow(versions);
  return made;
}

const client = (calls: LittleDirectory): Lookups =>
  new Lookups(calls, { canister: CANISTER, rootKey: network.key, trusted: calls.trusted }, undefined);

const versions = ({ changes }: { changes: readonly { update: { entry: { version: number } } }[] }): number[] =>
  changes.map(({ update }) => update.entry.version);
const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, at) => from + at);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(1_795_000_200_000);
});
afterEach(() => void vi.useRealTimers());

describe('a history', () => {
  it('of 64 versions comes with one proof, one of 65 in pages', async () => {
    const calls = directory(64);
    const pages = vi.spyOn(calls, 'get_history');
    expect(versions(await client(calls).lookup(LABEL, { history: true }))).toEqual(upTo(64));
    expect(pages).not.toHaveBeenCalled();
    calls.grow(1);
    const found = await client(calls).lookup(LABEL, { history: true });
    expect(versions(found)).toEqual(upTo(65));
    expect(found.state?.entry.version).toBe(64);
    expect(pages).toHaveBeenCalledTimes(7);
  });

  it('since a contact comes in pages too, and shows the changes since', async () => {
    const calls = directory(3);
    const { state: contact } = await client(calls).lookup(LABEL);
    calls.grow(80);
    expect(versions(await client(calls).lookup(LABEL, { contact }))).toEqual(upTo(83, 3));
    expect(versions(await client(calls).lookup(LABEL, { contact, history: true }))).toEqual(upTo(83));
  });

  it('may grow while its pages are fetched', async () => {
    const calls = directory(70);
    vi.spyOn(calls, 'get_history').mockImplementationOnce(async (asked) => {
      calls.grow(2);
      return LittleDirectory.prototype.get_history.call(calls, asked);
    });
    expect(versions(await client(calls).lookup(LABEL, { history: true }))).toEqual(upTo(72));
  });
});

it('a history that is left out, behind the newest entry alone, is caught', async () => {
  const calls = directory(3);
  const truth = calls.lookup.bind(calls);
  vi.spyOn(calls, 'lookup').mockImplementation((asked) =>
    truth({ ...asked, history: { __kind__: 'newest', newest: null } }),
  );
  expect((await client(calls).lookup(LABEL)).state?.entry.version).toBe(2);
  await expect(client(calls).lookup(LABEL, { history: true })).rejects.toMatchObject({
    kind: 'lie',
    cause: { kind: 'directory', code: 'History' },
  });
});

it('look-ups wait for each other: each continues what the one before has shown', async () => {
  const calls = directory(1);
  const asked = vi.spyOn(calls, 'lookup');
  const at = client(calls);
  await Promise.all([at.lookup(LABEL), at.lookup(LABEL)]);
  expect(asked.mock.calls.map(([{ known }]) => known)).toEqual([0n, 1n]);
});

describe('a lie in a page is caught', () => {
  const lie = (code: string) => ({ kind: 'lie', cause: { kind: 'directory', code } });

  /** Each page, changed. */
  function lying(change: (page: Change[], from: number) => Change[]): Promise<unknown> {
    const calls = directory(70);
    vi.spyOn(calls, 'get_history').mockImplementation(async (asked) => {
      const page = await LittleDirectory.prototype.get_history.call(calls, asked);
      return page.__kind__ === 'Ok' ? { ...page, Ok: change(page.Ok, asked.from) } : page;
    });
    return client(calls).lookup(LABEL, { history: true });
  }

  it('a version is left out', async () => {
    await expect(lying((page, from) => (from === 20 ? page.slice(1) : page))).rejects.toMatchObject(
      lie('Change/Conflict'),
    );
  });

  it('a signature is forged', async () => {
    const forged = (update: Uint8Array) => update.map((byte, at) => (at === update.length - 2 ? byte ^ 1 : byte));
    await expect(
      lying((page) => page.map(({ time, update }) => ({ time, update: forged(update) }))),
    ).rejects.toMatchObject(lie('Change/Signature/Wrong'));
  });

  it('the pages end too early', async () => {
    await expect(lying((page, from) => (from >= 60 ? [] : page))).rejects.toMatchObject(lie('History'));
  });

  it('the pages go on for ever: only the versions that were said are fetched', async () => {
    const calls = directory(70);
    const pages = vi.spyOn(calls, 'get_history');
    calls.pageSize = 1_000;
    await client(calls).lookup(LABEL, { history: true });
    expect(pages.mock.calls).toEqual([[{ label: LABEL, from: 0, limit: 70 }]]);
  });

  it('the owner’s other history: it does not lead to the newest entry', async () => {
    const calls = directory(70);
    const other = directory(0);
    other.grow(70, 2);
    vi.spyOn(calls, 'get_history').mockImplementation((asked) => other.get_history(asked));
    await expect(client(calls).lookup(LABEL, { history: true })).rejects.toMatchObject(lie('ContactChanged'));
  });

  it('a history without the version that was seen before', async () => {
    const seen = directory(0);
    seen.grow(5, 2);
    const { state: contact } = await client(seen).lookup(LABEL);
    await expect(client(directory(70)).lookup(LABEL, { contact, history: true })).rejects.toMatchObject(
      lie('ContactChanged'),
    );
  });
});
