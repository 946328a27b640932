import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { compare, concat, text } from '../../src/directory/bytes';
import { keyId, type Verifier } from '../../src/directory/checkpoint';
import { decodeConfiguration } from '../../src/directory/configuration';
import { encodeKey } from '../../src/directory/keys';

const verifier = (name: string, key: number): Verifier => ({
  name,
  key: ed25519.getPublicKey(new Uint8Array(32).fill(key)),
});

/** A configuration of these verifiers, in the order of their key ids, of whom two ratify. */
function encoded(...verifiers: Verifier[]): Uint8Array {
  const parts = verifiers
    .sort((one, other) => compare(keyId(one), keyId(other)))
    .map(({ name, key }) => concat(Uint8Array.of(name.length), text(name), encodeKey(key)));
  return concat(Uint8Array.of(1, 0, 2, parts.length), ...parts);
}

describe('a configuration', () => {
  it('names verifiers', () => {
    const { threshold, verifiers } = decodeConfiguration(encoded(verifier('one', 1), verifier('two', 2)));
    expect(threshold).toBe(2);
    expect(verifiers.map(({ name }) => name).sort()).toEqual(['one', 'two']);
  });

  it('is refused where one key has two names: its signature would count twice', () => {
    expect(() => decodeConfiguration(encoded(verifier('one', 1), verifier('two', 1)))).toThrow(
      expect.objectContaining({ code: "Decode/Invalid/verifier's key" }),
    );
  });
});
