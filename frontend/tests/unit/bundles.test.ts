/** Profiles and bundles: the golden bytes and rules of crates/directory-core. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { checkBundle, decodeBundle, decodeProfile } from '../../src/directory';

const NOW = 1_795_000_000;
const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte);
const secret = (number: number) => filled(number);
const key = (number: number) => ed25519.getPublicKey(secret(number));
const be = (value: number | bigint, bytes: number) =>
  Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(2 * bytes, '0'),
    'hex',
  );
const REALM = filled(7);
const INDEX = filled(9);

const CONTENT = {
  realm: REALM,
  index: INDEX,
  device: key(1),
  hpke: filled(2),
  issued: NOW,
  expiry: NOW + 1000,
  inbox: filled(4, 29),
};

/** A bundle that device 1 signs. */
function bundle(change: Partial<typeof CONTENT> = {}): Uint8Array {
  const { realm, index, device, hpke, issued, expiry, inbox } = { ...CONTENT, ...change };
  const signed = Buffer.concat([
    ...[[1], realm, index, [1], device, hpke, filled(3), be(issued, 8), be(expiry, 8), [inbox.length], inbox].map(
      (part) => Uint8Array.from(part),
    ),
  ]);
  const signature = ed25519.sign(
    Uint8Array.from(Buffer.concat([Buffer.from('directory-bundle-v1\n'), signed])),
    secret(1),
  );
  return Uint8Array.from(Buffer.concat([signed, signature]));
}

/** A profile of devices in this order. */
function profile(devices: Uint8Array[], application = new Uint8Array()): Uint8Array {
  const keys = devices.flatMap((device) => [Uint8Array.of(1), device, filled(5)]);
  return Uint8Array.from(
    Buffer.concat([Uint8Array.of(1, devices.length), ...keys, be(application.length, 2), application]),
  );
}
const ascending = (count: number) => Array.from({ length: count }, (_, at) => key(at + 1)).sort(Buffer.compare);
const code = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return undefined;
};

describe('a profile', () => {
  it('has devices in the order of their keys, and bytes of the application', () => {
    const devices = ascending(16);
    const most = filled(6, 8_192 - 4 - 65 * 16);
    expect(decodeProfile(profile(devices, most))).toEqual({
      devices: devices.map((signing) => ({ signing, identity: filled(5) })),
      application: most,
    });
    expect(decodeProfile(profile([])).devices).toEqual([]);
  });

  it('has bounds', () => {
    expect(code(() => decodeProfile(profile(ascending(17))))).toBe('Decode/Invalid/devices');
    expect(code(() => decodeProfile(profile(ascending(16), filled(6, 8_193 - 4 - 65 * 16))))).toBe(
      'Decode/Invalid/profile',
    );
    expect(code(() => decodeProfile(profile([key(1), key(1)])))).toBe('Decode/Invalid/order of devices');
    expect(code(() => decodeProfile(profile(ascending(2).reverse())))).toBe('Decode/Invalid/order of devices');
    expect(code(() => decodeProfile(Uint8Array.of(...profile([]), 0)))).toBe('Decode/Trailing');
    expect(code(() => decodeProfile(Uint8Array.of(2, 0, 0, 0)))).toBe('Decode/Invalid/profile format');
    const whole = profile([key(1)], filled(6, 3));
    for (let length = 0; length < whole.length; length += 1) {
      expect(
        code(() => decodeProfile(whole.subarray(0, length))),
        `${length} bytes`,
      ).toMatch(/^Decode\/Truncated\//);
    }
  });
});

describe('a bundle', () => {
  const devices = decodeProfile(profile([key(1)]));
  const check = (bytes: Uint8Array, seen?: Uint8Array, now = NOW) =>
    code(() =>
      checkBundle(decodeBundle(bytes), {
        ...{ realm: REALM, index: INDEX, profile: devices, now: BigInt(now) },
        ...(seen && { seen: decodeBundle(seen) }),
      }),
    );

  it('has these bytes', () => {
    const bytes = bundle({ issued: 1, expiry: 2 });
    const hex = (of: Uint8Array) => Buffer.from(of).toString('hex');
    const expected = ['01', '07'.repeat(32), '09'.repeat(32), '01', hex(key(1)), '02'.repeat(32), '03'.repeat(32)];
    expect(hex(bytes.subarray(0, 208))).toBe(
      [...expected, '0000000000000001', '0000000000000002', '1d', '04'.repeat(29)].join(''),
    );
    expect(decodeBundle(bytes)).toMatchObject({ issued: 1n, expiry: 2n, hpke: filled(2), fallback: filled(3) });
    expect(decodeBundle(bytes).inbox).toEqual(filled(4, 29));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(
        code(() => decodeBundle(bytes.subarray(0, length))),
        `${length} bytes`,
      ).toMatch(/^Decode\/Truncated\//);
    }
    for (const length of [0, 65]) {
      expect(code(() => decodeBundle(bundle({ inbox: filled(4, length) })))).toBe('Decode/Invalid/inbox');
    }
  });

  it('is its device’s, for a time, and newer than the last', () => {
    const good = bundle();
    expect(check(good)).toBeUndefined();
    expect(check(good, good), 'the same again').toBeUndefined();
    expect(check(good, undefined, NOW + 999)).toBeUndefined();
    expect(check(good, undefined, NOW + 1000)).toBe('Expired');
    expect(check(bundle({ realm: filled(0) }))).toBe('Elsewhere');
    expect(check(bundle({ index: filled(0) }))).toBe('Elsewhere');
    expect(check(bundle({ device: key(2) }))).toBe('UnknownDevice');
    for (const expiry of [NOW, NOW - 1, NOW + 8_640_001]) expect(check(bundle({ expiry }))).toBe('Lifetime');
    expect(check(bundle({ expiry: NOW + 8_640_000 }))).toBeUndefined();
    const newer = bundle({ issued: NOW + 1 });
    expect(check(newer, good)).toBeUndefined();
    expect(check(good, newer)).toBe('NotNewer');
    const forged = good.slice();
    forged[98] = 0xff;
    expect(check(forged)).toBe('Signature');
  });
});
