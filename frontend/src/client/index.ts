/**
 * The client: all that a frontend needs to use a message canister. No DOM, no framework.
 *
 *     import { connect, networkAt, Order } from './client';
 *
 * `connect` returns typed methods that verify their answers and throw only {@link Failure}s. `locate` finds the canister, as
 * this page does. `Poller` repeats queries. `Outbox` resends messages until they are stored. `identity` keeps a key in the
 * browser. The types are generated from canister.did (`npm run bindings`).
 */
export type {
  Added,
  Budget,
  Cursor,
  KeyHead,
  KeySetting,
  Message,
  NewMessage,
  OwnerProof,
  Page,
  Quota,
  Setting,
  Settings,
  Status,
  Stored,
  StoreStatus,
} from './bindings/canister';
export {
  Order,
  Variant_members_anyone_identified as Writers,
  Variant_owners_anyone as Readers,
} from './bindings/canister';
export { type Client, connect } from './connect';
export { connectDirectory, type DirectoryClient, published } from './directory';
export type { LookedUp } from './directory-answers';
export type { LookupOptions } from './directory-lookups';
export { DirectoryMemory, samePins } from './directory-memory';
export { Failure, type FailureKind } from './failure';
export { forgetIdentity, loadIdentity, makeIdentity } from './identity';
export { type Located, locate, type Place, type ServerEnv } from './locate';
export type { Storage } from './memory';
export { MAINNET, type Network, networkAt, networkName } from './network';
export { type Delivery, type Item, Outbox } from './outbox';
export { type PinsOfShown, pin } from './pins';
export { Poller, type PollState } from './poller';
export { type Lie, lieFailure, lieWords, type Read, type Trust } from './read';
