import { createHash } from 'node:crypto';
import { Cbor, reconstruct } from '@icp-sdk/core/agent';
import { Principal } from '@icp-sdk/core/principal';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CertificateRefused, certificateRefusedWords, certifiedData } from '../../src/proofs/certificate';
import { certifiedDataOf } from '../../src/proofs/certified';
import { certifiedState, fork, labeled, leaf, Signer, timeLeaf } from './signer';

const NOW = 1_800_000_000;
const CANISTER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7, 1, 1);
const OTHER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 9, 1, 1);
const ROOT = new Uint8Array(32).fill(0xab);
const network = new Signer(1);
const subnet = new Signer(2);
const SUBNET = Principal.selfAuthenticating(subnet.key).toUint8Array();

const state = (canister: Uint8Array, data: Uint8Array, time = NOW) => certifiedState(canister, data, time);

/** The network's word that this subnet has the canisters from one through another. */
async function delegation(from: Uint8Array, to: Uint8Array, signer = network) {
  const ranges = leaf(Cbor.encode([[from, to]]));
  const own = fork(labeled('canister_ranges', ranges), labeled('public_key', leaf(subnet.key)));
  const certificate = await signer.certificate(fork(labeled('subnet', labeled(SUBNET, own)), timeLeaf(NOW)));
  return { subnet_id: SUBNET, certificate };
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a certificate', () => {
  const data = new Uint8Array(32).fill(3);
  const check = (certificate: Uint8Array) => certifiedData(certificate, CANISTER, network.key);
  const refused = (kind: CertificateRefused['kind']) => ({ kind: 'refused', why: { kind } });

  it('returns the certified data and the time', async () => {
    const certificate = await network.certificate(state(CANISTER, data, NOW - 7));
    expect(await check(certificate)).toMatchObject({ kind: 'certified', data, time: NOW - 7 });
    // Bytes in the middle of a larger buffer.
    const buffer = Buffer.concat([Buffer.alloc(9), certificate]).subarray(9);
    expect(await check(buffer)).toMatchObject({ kind: 'certified', data, time: NOW - 7 });
  });

  it('may be a subnet’s, which the network lets sign for these canisters', async () => {
    const signed = await subnet.certificate(state(CANISTER, data), await delegation(CANISTER, CANISTER));
    expect(await check(signed)).toMatchObject({ kind: 'certified', data, time: NOW });
    const elsewhere = await subnet.certificate(state(CANISTER, data), await delegation(OTHER, OTHER));
    expect(await check(elsewhere)).toMatchObject(refused('certificate'));
    const itself = await subnet.certificate(state(CANISTER, data), await delegation(CANISTER, CANISTER, subnet));
    expect(await check(itself)).toMatchObject(refused('certificate'));
    expect(await check(await subnet.certificate(state(CANISTER, data)))).toMatchObject(refused('certificate'));
  });

  it('is refused when it was changed', async () => {
    const certificate = await network.certificate(state(CANISTER, data));
    for (let at = 0; at < certificate.length; at += 7) {
      const changed = certificate.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect((await check(changed)).kind, `byte ${at}`).toBe('refused');
    }
    for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2, 3), certificate.subarray(0, -1)]) {
      expect(await check(bytes)).toMatchObject(refused('certificate'));
    }
  });

  it('is refused when its time is too far from the clock', async () => {
    const at = async (time: number) => await check(await network.certificate(state(CANISTER, data, time)));
    expect(await at(NOW - 299)).toMatchObject({ kind: 'certified', time: NOW - 299 });
    expect(await at(NOW + 299)).toMatchObject({ kind: 'certified', time: NOW + 299 });
    expect(await at(NOW - 302)).toMatchObject(refused('certificate-time'));
    expect(await at(NOW + 302)).toMatchObject(refused('certificate-time'));
  });

  it('is refused when it is of another canister', async () => {
    const certificate = await network.certificate(state(OTHER, data));
    expect(await check(certificate)).toEqual(refused('canister'));
  });
});

describe('the certified data of a root', () => {
  it('is the hash of the platform’s tree', async () => {
    const expression = 'default_certification(ValidationArgs{no_certification:Empty{}})';
    const digest = new Uint8Array(createHash('sha256').update(expression).digest());
    const gateway = labeled('http_expr', labeled('<*>', labeled(digest, leaf(new Uint8Array()))));
    const data = await reconstruct(fork(gateway, labeled('msg', leaf(ROOT))));
    expect(certifiedDataOf(ROOT)).toEqual(new Uint8Array(data));
  });
});

it('says in words why a certificate is refused', async () => {
  const certificate = await network.certificate(state(OTHER, ROOT));
  const words = async (key: Uint8Array) => {
    const result = await certifiedData(certificate, CANISTER, key);
    return result.kind === 'refused' ? certificateRefusedWords(result.why) : '';
  };
  expect(await words(network.key)).toBe('The certificate has no data of this canister.');
  expect(await words(subnet.key)).toMatch(/^The certificate is not valid: .*signature/i);
});
