/** The directory's view in words: labels as typed, who stands behind an answer, the checks, and each lie. */
import { readFileSync } from 'node:fs';
import { Principal } from '@icp-sdk/core/principal';
import { describe, expect, it } from 'vitest';
import { directoryLieWords } from '../../src/client/directory-words';
import { checksOf, lieWouldBe, standsBehind } from '../../src/page/parts/directory-trust';
import { labelBytes } from '../../src/page/state/label';
import type { LabelKind } from '../../src/page/state/route';

const VECTORS = JSON.parse(
  readFileSync(new URL('../../../crates/directory-core/vectors/version-1.json', import.meta.url), 'utf8'),
);

describe('a label as typed', () => {
  const bytes = (label: LabelKind, of: string) => labelBytes({ label, of, state: 'newest' });
  const address = new Uint8Array(29).fill(2);

  it('is a name, the principal of a key, or the registrar', () => {
    expect(new TextDecoder().decode(bytes('name', 'alice'))).toBe('nalice');
    expect(bytes('name', 'ü'.repeat(31)).length).toBe(63);
    expect(bytes('address', Principal.fromUint8Array(address).toText())).toEqual(Uint8Array.of(0x61, ...address));
    expect(bytes('registrar', '')).toEqual(Uint8Array.of(0x72));
  });

  it.each<[LabelKind, string, string]>([
    ['name', '', 'A name has 1 to 63 bytes; "" has 0.'],
    ['name', 'ü'.repeat(32), `A name has 1 to 63 bytes; "${'ü'.repeat(32)}" has 64.`],
    ['address', 'aaaaa-aa', '"aaaaa-aa" is not the principal of a key.'],
    ['address', '2vxsx-fae', '"2vxsx-fae" is not the principal of a key.'],
    ['address', 'no principal', '"no principal" is not the principal of a key.'],
  ])('that is no %s is refused with its text: %s', (label, of, words) => {
    expect(() => bytes(label, of)).toThrow(words);
  });
});

describe('the backing of an answer', () => {
  const asOf = 1_795_000_010_000_000_005n;

  it('is verifiers, or the subnet alone', () => {
    const ratified = { trust: { by: 'ratified', since: 1_795_000_000n }, asOf } as const;
    expect(standsBehind(ratified, 'newest', 2)).toMatch(/^Ratified as of 2026-/);
    const certified = { trust: { by: 'certified' }, asOf } as const;
    expect(standsBehind(certified, 'newest', 0)).toContain(
      'It is not ratified: this directory is for development and needs no verifier.',
    );
    expect(standsBehind(certified, 'newest', 2)).toContain('fewer than the 2 verifiers that the directory needs');
  });

  it('is not dated to the certificate if the ratified head was asked for, which may be older', () => {
    const ratified = { trust: { by: 'ratified', since: 1_795_000_000n }, asOf } as const;
    expect(standsBehind(ratified, 'ratified', 2)).toMatch(/^Ratified\. .* or later\. Later changes are not shown\.$/);
    expect(lieWouldBe({ state: undefined }, 'ratified')).toContain('as old as the verifiers’ signatures');
  });
});

describe('the checks', () => {
  const answer = {
    trust: { by: 'certified' },
    asOf: 1n,
    head: { epoch: 5n, time: 0n, labels: 3n },
    memory: { log: { size: 6n, root: new Uint8Array(32) }, ratified: 0n },
    changes: [],
    profile: undefined,
    state: undefined,
  } as unknown as Parameters<typeof checksOf>[0];

  it('say whether the log was seen before', () => {
    expect(checksOf(answer, undefined, false)[1]).toContain('for the first time');
    expect(checksOf(answer, 4n, false)[1]).toBe('The log continues the one of 4 heads that this browser has seen.');
  });

  it('say whose word it is that a registrar has these keys, if one vouches', () => {
    const found = { ...answer, state: {} } as typeof answer;
    const says = (vouched: boolean) => checksOf(found, undefined, vouched).filter((check) => /registrar/.test(check));
    expect(says(true)).toEqual([
      expect.stringMatching(
        /^The registrar signed the registration. The page takes the registrar’s keys from this directory/,
      ),
    ]);
    expect(says(false)).toEqual([]);
  });

  it('of an absent label end with its place', () => {
    expect(checksOf(answer, undefined, true).at(-1)).toBe('The tree of labels of this head has nothing at that place.');
    expect(lieWouldBe(answer, 'newest')).toContain('could hide a label that is registered');
  });
});

describe('each lie has a sentence', () => {
  const refused: string[] = VECTORS.lookups.flatMap(
    ({ expected }: { expected: { error?: string } }) => expected.error ?? [],
  );

  it.each([...new Set(refused.map((code) => code.split('/')[0] as string))])('%s', (code) => {
    expect(directoryLieWords(code)).not.toContain('The directory’s answer does not verify.');
    expect(directoryLieWords(`${code}/More`)).toMatch(/ \(.*\/More\)$/);
  });
});
