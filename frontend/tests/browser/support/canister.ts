/** What tests do to the canister behind the page's back, as its controller: the anonymous identity. */
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Actor, HttpAgent } from '@icp-sdk/core/agent';
import { IDL } from '@icp-sdk/core/candid';
import { Ed25519KeyIdentity } from '@icp-sdk/core/identity';
import { Principal } from '@icp-sdk/core/principal';
import { Readers } from '../../../src/client';
import { type Canister, createActor, type NewMessage, Role, type Setting } from '../../../src/client/bindings/canister';
import { type LocalNetwork, MODULE } from './network';

const BATCH = 1000;

const bound = (number: IDL.Type) => IDL.Variant({ unlimited: IDL.Null, at_most: number });
const SETTINGS = IDL.Vec(IDL.Variant({ rebuild_pages: bound(IDL.Nat32) }));
const INSTALL = IDL.Record({
  mode: IDL.Variant({ install: IDL.Null, reinstall: IDL.Null, upgrade: IDL.Opt(IDL.Record({})) }),
  canister_id: IDL.Principal,
  wasm_module: IDL.Vec(IDL.Nat8),
  arg: IDL.Vec(IDL.Nat8),
});
const CONTROLLERS = IDL.Record({
  canister_id: IDL.Principal,
  settings: IDL.Record({ controllers: IDL.Opt(IDL.Vec(IDL.Principal)) }),
});
const CANISTER = IDL.Record({ canister_id: IDL.Principal });
const MANAGEMENT: IDL.InterfaceFactory = () =>
  IDL.Service({
    install_code: IDL.Func([INSTALL], [], []),
    uninstall_code: IDL.Func([CANISTER], [], []),
    stop_canister: IDL.Func([CANISTER], [], []),
    update_settings: IDL.Func([CONTROLLERS], [], []),
    start_canister: IDL.Func([CANISTER], [], []),
  });

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export class Controller {
  private constructor(
    readonly canister: Canister,
    private readonly management: Actor & Record<string, (argument: object) => Promise<unknown>>,
    private readonly id: Principal,
  ) {}

  static async of({ origin, canisterId }: LocalNetwork): Promise<Controller> {
    const agent = await HttpAgent.create({ host: origin, shouldFetchRootKey: true });
    const management = Actor.createActor<Record<string, (argument: object) => Promise<unknown>>>(MANAGEMENT, {
      agent,
      canisterId: 'aaaaa-aa',
      effectiveCanisterId: Principal.fromText(canisterId),
    });
    return new Controller(createActor(canisterId, { agent }), management, Principal.fromText(canisterId));
  }

  /** Adds messages in batches; all must be stored. */
  async fill(messages: readonly NewMessage[]): Promise<void> {
    for (let at = 0; at < messages.length; at += BATCH) {
      const answer = await this.canister.add_messages(messages.slice(at, at + BATCH));
      if (answer.__kind__ === 'Err') throw new Error(answer.Err.__kind__);
      const failed = answer.Ok.find((added) => added.__kind__ === 'Err');
      if (failed) throw new Error(JSON.stringify(failed));
    }
  }

  /** Adds one message. Returns "Ok", or the name of the error. */
  async add(message: NewMessage): Promise<string> {
    const answer = await this.canister.add_messages([message]);
    if (answer.__kind__ === 'Err') throw new Error(answer.Err.__kind__);
    const [added] = answer.Ok;
    return added?.__kind__ === 'Err' ? added.Err.__kind__ : String(added?.__kind__);
  }

  /** Gives a principal the role of an admin. */
  async makeAdmin(principal: string): Promise<void> {
    const answer = await this.canister.set_role(Principal.fromText(principal), Role.admin);
    if (answer.__kind__ === 'Err') throw new Error(answer.Err.__kind__);
  }

  /** Lets strangers, all together, use so many cycles a day. */
  async budget(cycles: bigint): Promise<void> {
    const unlimited = { __kind__: 'unlimited' as const, unlimited: null };
    const cycles_a_day = { __kind__: 'at_most' as const, at_most: cycles };
    const strangers = { items: unlimited, bytes: unlimited, each: unlimited, cycles_a_day };
    await this.#set([{ __kind__: 'strangers', strangers }]);
  }

  /** Lets a key hold so many messages that are not acknowledged. */
  async quota(keyId: Uint8Array, messages: number): Promise<void> {
    const own = {
      messages: { __kind__: 'at_most' as const, at_most: messages },
      bytes: { __kind__: 'unlimited' as const, unlimited: null },
    };
    const answer = await this.canister.set_key(keyId, [{ __kind__: 'quota', quota: { __kind__: 'own', own } }]);
    if (answer.__kind__ === 'Err') throw new Error(answer.Err.__kind__);
  }

  /** Sets these limits, and no others. */
  async limit(limits: { max_messages?: number; max_bytes?: bigint; max_age_seconds?: number }): Promise<void> {
    const bound = <T>(limit: T | undefined) =>
      limit === undefined
        ? { __kind__: 'unlimited' as const, unlimited: null }
        : { __kind__: 'at_most' as const, at_most: limit };
    await this.#set([
      { __kind__: 'max_messages', max_messages: bound(limits.max_messages) },
      { __kind__: 'max_bytes', max_bytes: bound(limits.max_bytes) },
      { __kind__: 'max_age_seconds', max_age_seconds: bound(limits.max_age_seconds) },
    ]);
  }

  async #set(settings: Setting[], canister = this.canister): Promise<void> {
    const status = await canister.get_status();
    if (status.__kind__ === 'Err') throw new Error(status.Err.__kind__);
    const answer = await canister.set_settings(status.Ok.settings.version, settings);
    if (answer.__kind__ === 'Err') throw new Error(JSON.stringify(answer.Err));
  }

  /** Lets each key be read by its owner only. From then on nobody else controls the canister, this controller neither. */
  async closeReads(origin: string): Promise<void> {
    const admin = Ed25519KeyIdentity.generate();
    await this.management.update_settings?.({
      canister_id: this.id,
      settings: { controllers: [[admin.getPrincipal()]] },
    });
    const agent = await HttpAgent.create({ host: origin, shouldFetchRootKey: true, identity: admin });
    await this.#set([{ __kind__: 'reads', reads: Readers.owners }], createActor(this.id.toText(), { agent }));
  }

  /** Upgrades to the same code with another module hash: a custom section at the end says so. */
  async upgrade(name: string, rebuildPages?: number): Promise<void> {
    const settings = [{ rebuild_pages: { at_most: rebuildPages } }];
    const custom = text(name);
    const section = Uint8Array.of(0, custom.length + 1, custom.length, ...custom);
    await this.install(
      { upgrade: [] },
      gzipSync(Buffer.concat([gunzipSync(readFileSync(MODULE)), section])),
      new Uint8Array(IDL.encode([IDL.Opt(SETTINGS)], [rebuildPages === undefined ? [] : [settings]])),
    );
  }

  async install(mode: object, module: Uint8Array, arg = new Uint8Array()): Promise<void> {
    await this.management.install_code?.({ mode, canister_id: this.id, wasm_module: module, arg });
  }

  async reinstallOurs(): Promise<void> {
    await this.install(
      { reinstall: null },
      readFileSync(MODULE),
      new Uint8Array(IDL.encode([IDL.Opt(SETTINGS)], [[]])),
    );
  }

  uninstall(): Promise<unknown> {
    return this.management.uninstall_code?.({ canister_id: this.id }) as Promise<unknown>;
  }

  stop(): Promise<unknown> {
    return this.management.stop_canister?.({ canister_id: this.id }) as Promise<unknown>;
  }

  start(): Promise<unknown> {
    return this.management.start_canister?.({ canister_id: this.id }) as Promise<unknown>;
  }
}

/** Messages of other people: random bytes under `keys` keys in turn. */
export function bytesOnly(count: number, keys: number): NewMessage[] {
  return Array.from({ length: count }, (_, n) => ({
    key_id: text(`key-${n % keys}`),
    ciphertext: crypto.getRandomValues(new Uint8Array(60 + (n % 90))),
  }));
}

/** A module whose query `get_status` answers with the candid text "hi", and nothing else: somebody else's canister. */
export function foreignModule(): Uint8Array {
  const name = (value: string) => [value.length, ...text(value)];
  const section = (id: number, ...body: number[]) => [id, body.length, ...body];
  const reply = [...text('DIDL'), 0, 1, 0x71, 2, ...text('hi')];
  // Types: (i32, i32) -> (), () -> ().
  const types = section(1, 2, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 0, 0);
  const imports = section(
    2,
    2,
    ...name('ic0'),
    ...name('msg_reply_data_append'),
    0,
    0,
    ...name('ic0'),
    ...name('msg_reply'),
    0,
    1,
  );
  const functions = section(3, 1, 1);
  const memory = section(5, 1, 0, 1);
  const exports = section(7, 1, ...name('canister_query get_status'), 0, 2);
  // append(0, length); reply().
  const code = [0, 0x41, 0, 0x41, reply.length, 0x10, 0, 0x10, 1, 0x0b];
  const codes = section(10, 1, code.length, ...code);
  const data = section(11, 1, 0, 0x41, 0, 0x0b, reply.length, ...reply);
  return Uint8Array.of(
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...types,
    ...imports,
    ...functions,
    ...memory,
    ...exports,
    ...codes,
    ...data,
  );
}

/** The smallest module: no method at all. */
export const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
