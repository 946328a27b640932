import { describe, expect, it } from 'vitest';
import { locate, MAINNET, networkAt } from '../../src/client';

const KEY = new Uint8Array(133);
const ENV = { canisterId: 'from-env', rootKey: KEY };
const OWN = 'http://127.0.0.1:4943';
const at = (fragment: string, env: Parameters<typeof locate>[1], origin: string) =>
  locate(new URLSearchParams(fragment), env, origin);

describe('networkAt', () => {
  it.each([
    ['https://icp-api.io', 'https://icp-api.io'],
    ['https://icp0.io/path', 'https://icp0.io'],
    ['https://abc.icp0.io', 'https://icp0.io'],
    ['https://x.ic0.app', 'https://ic0.app'],
  ])('%s is mainnet, at %s', (url, origin) => expect(networkAt(url)).toEqual({ origin, kind: 'mainnet' }));

  it.each([
    'http://127.0.0.1:4943',
    'http://localhost:8000',
    'http://abc.localhost:8000',
    'http://[::1]:9',
    'https://localhost',
  ])('%s is local', (url) => expect(networkAt(url)).toEqual({ origin: url, kind: 'local' }));

  it.each([
    'http://icp-api.io',
    'https://icp-api.io:8443',
    'https://icp-api.io.evil.example',
    'https://evilicp0.io',
    'https://localhost.evil.example',
    'http://192.168.1.5:4943',
    'ftp://localhost',
    'icp0.io',
    '',
  ])('%s is none', (url) => expect(networkAt(url)).toBeUndefined());

  it('takes the origin of an address', () =>
    expect(networkAt(' http://localhost:1/a?b#c ')?.origin).toBe('http://localhost:1'));
});

describe('locate', () => {
  it('takes canister, network and root key from a local server', () => {
    expect(at('', ENV, OWN)).toEqual({
      place: { canisterId: 'from-env', network: { origin: OWN, kind: 'local' }, rootKey: KEY },
    });
  });

  it('lets the address say otherwise', () => {
    expect(at('canister=mine', undefined, OWN)).toEqual({
      place: { canisterId: 'mine', network: { origin: OWN, kind: 'local' } },
    });
    // The cookie's key is this server's, not another network's.
    expect(at('network=http://localhost:9', ENV, OWN)).toMatchObject({
      place: { canisterId: 'from-env', network: { origin: 'http://localhost:9', kind: 'local' } },
    });
  });

  it('says where the address and the server disagree, and only there', () => {
    const server = { canisterId: 'from-env', network: { origin: OWN, kind: 'local' }, rootKey: KEY };
    expect(at('canister=mine', ENV, OWN)).toEqual({
      place: { canisterId: 'mine', network: { origin: OWN, kind: 'local' }, rootKey: KEY },
      differsFrom: server,
    });
    expect(at('network=http://localhost:9', ENV, OWN)).toHaveProperty('differsFrom', server);
    expect(at('network=http://localhost:9', ENV, OWN)).not.toHaveProperty('place.rootKey');
    expect(at(`canister=from-env&network=${OWN}`, ENV, OWN)).not.toHaveProperty('differsFrom');
    expect(at('view=messages', ENV, OWN)).not.toHaveProperty('differsFrom');
    expect(at('canister=mine', { rootKey: KEY }, OWN)).not.toHaveProperty('differsFrom');
  });

  it('never uses a told root key for mainnet', () => {
    for (const origin of ['https://abc.icp0.io', 'https://messages.example']) {
      const found = at('', ENV, origin);
      expect(found).toMatchObject({ place: { network: { kind: 'mainnet' } } });
      expect(found).not.toHaveProperty('place.rootKey');
    }
    expect(at(`network=${MAINNET}`, ENV, OWN)).not.toHaveProperty('place.rootKey');
  });

  it('goes to the Internet Computer from a domain of its own', () => {
    expect(at('', ENV, 'https://messages.example')).toMatchObject({ place: { network: { origin: MAINNET } } });
  });

  it('names missing and wrong parts', () => {
    expect(at('', undefined, OWN)).toEqual({ problem: 'no-canister' });
    expect(at('canister= ', undefined, OWN)).toEqual({ problem: 'no-canister' });
    expect(at('canister=x&network=https://evil.example', ENV, OWN)).toEqual({
      problem: 'bad-network',
      network: 'https://evil.example',
    });
  });
});
