/**
 * A lying node: it stands between the page and the network, changes answers to queries, and signs them with the node's own
 * key. The page's agent has nothing to object to.
 */
import { Cbor, requestIdOf } from '@icp-sdk/core/agent';
import { IDL } from '@icp-sdk/core/candid';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Page } from 'playwright-core';
import type { _SERVICE as Store } from '../../../src/client/bindings/declarations/canister.did';
import { idlFactory as store } from '../../../src/client/bindings/declarations/canister.did.js';
import type { _SERVICE as Directory } from '../../../src/client/bindings/declarations/directory.did';
import { idlFactory as directory } from '../../../src/client/bindings/declarations/directory.did.js';
import { NODE_SEED } from './network';

/** The methods of both canisters. Where both have one of a name, it is the store's. */
type Service = Store & Omit<Directory, keyof Store>;
type Method = keyof Service;
/** What a method answers, as the agent decodes it. */
export type Answer<M extends Method> = Awaited<ReturnType<Service[M]>>;
type Lie = (answer: never) => unknown;

const METHODS = [store, directory].flatMap((factory) => (factory({ IDL }) as unknown as IDL.ServiceClass)._fields);
const DOMAIN = new TextEncoder().encode('\x0Bic-response');

export class Liar {
  readonly #lies = new Map<string, Lie>();

  /** From now on it answers the page's queries: the truth, but where it was told to lie. */
  static async to(page: Page): Promise<Liar> {
    const liar = new Liar();
    await page.route(/\/api\/v\d\/canister\/[^/]+\/query$/, async (route) => {
      const request = Cbor.decode<{ content: Record<string, unknown> }>(
        plain(route.request().postDataBuffer() as Buffer),
      );
      const lie = liar.#lies.get(String(request.content.method_name));
      if (!lie) return route.continue();
      const response = await route.fetch();
      return route.fulfill({
        response,
        body: Buffer.from(answered(plain(await response.body()), request.content, lie)),
      });
    });
    return liar;
  }

  /** How it answers a method. */
  lie<M extends Method>(method: M, lie: (answer: Answer<M>) => Answer<M>): void {
    this.#lies.set(method, lie as unknown as Lie);
  }

  tellTheTruth(): void {
    this.#lies.clear();
  }
}

/** The library reads other bytes where these are a view into a larger buffer. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes);
}

interface Reply {
  status: string;
  reply: { arg: Uint8Array };
  signatures: { timestamp: bigint; identity: Uint8Array; signature: Uint8Array }[];
}

function answered(body: Uint8Array, content: Record<string, unknown>, lie: Lie): Uint8Array {
  const reply = Cbor.decode<Reply>(body);
  const method = METHODS.find(([name]) => name === content.method_name);
  const [signature] = reply.signatures;
  if (reply.status !== 'replied' || !method || !signature) throw new Error(`no answer to lie about: ${reply.status}`);
  const { retTypes } = method[1];
  const arg = IDL.encode(retTypes, [lie(IDL.decode(retTypes, reply.reply.arg)[0] as never)]);
  const timestamp = BigInt(signature.timestamp);
  const signed = requestIdOf({
    status: 'replied',
    reply: { arg },
    timestamp,
    request_id: requestIdOf(content),
  });
  const secret = Uint8Array.from(Buffer.from(NODE_SEED, 'hex'));
  const own = ed25519.sign(Uint8Array.of(...DOMAIN, ...signed), secret);
  return Cbor.encode({ status: 'replied', reply: { arg }, signatures: [{ ...signature, timestamp, signature: own }] });
}
