/** What a reader remembers of a directory. */
import { expect, it } from 'vitest';
import { DirectoryMemory } from '../../src/client';
import { forgetful } from '../../src/client/memory';

const bytes = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const seen = (size: bigint, vrfKey = bytes(1)) => ({
  pins: { vrfKey, configuration: bytes(2) },
  memory: { log: { size, root: bytes(3) }, ratified: 2n ** 60n },
});

it('comes back as it was written, for its place alone', () => {
  const storage = forgetful();
  const memory = new DirectoryMemory(storage, 'here');
  expect(memory.read()).toBeUndefined();
  memory.write(seen(7n));
  expect(new DirectoryMemory(storage, 'here').read()).toEqual(seen(7n));
  expect(new DirectoryMemory(storage, 'there').read()).toBeUndefined();
  memory.forget();
  expect(memory.read()).toBeUndefined();
});

it('never goes back, unless the directory has another key', () => {
  const memory = new DirectoryMemory(forgetful(), 'here');
  memory.write(seen(7n));
  memory.write(seen(6n));
  expect(memory.read()).toEqual(seen(7n));
  memory.write(seen(6n, bytes(9)));
  expect(memory.read()).toEqual(seen(6n, bytes(9)));
});

it('is nothing where somebody else wrote, and where the storage is withheld', () => {
  const storage = forgetful();
  storage.setItem('directory here', '{"size":"x"');
  expect(new DirectoryMemory(storage, 'here').read()).toBeUndefined();
  const withheld = {
    getItem: () => null,
    setItem: () => {
      throw new Error('full');
    },
  };
  new DirectoryMemory(withheld, 'here').write(seen(1n));
});
