//! Which calls are let in. The platform asks before an ingress message reaches the canister; then the call itself asks the
//! same again, for canisters call without being asked about.
//!
//! Inspection sees the state before the round, and one replica executes it: it only saves cycles.

use super::runtime::{Store, caller, moment, with_kept};
use canister_base::call::{answer, decoded};
use message_canister::access::budget::{Payer, Purpose};
use message_canister::api::{KeySetting, OwnerProof};
use message_canister::codec::{arguments, general};
use message_canister::limits::MAX_LOOKUP_ITEMS;
use serde_bytes::ByteBuf;

/// Runs an update. It asks by itself whether it is admitted.
pub fn update(_: &str, run: impl FnOnce()) {
    run();
}

/// Runs a query. Executed by all replicas it costs as much as an update, and nobody can be charged, since a query keeps no
/// changes: strangers are refused where anything bounds what they may use. Owners ask for the heads of their keys, whose
/// reply the subnet certifies.
pub fn query(name: &str, run: impl FnOnce()) {
    if ic_cdk::api::in_replicated_execution() && !with_kept(|store| store.is_unbounded() || may_update(store, name)) {
        ic_cdk::api::msg_reject("only members of the store may call a query as an update, and owners get_key_heads");
    } else {
        run();
    }
}

/// Answers the platform's question whether to let an ingress message in. Where nothing bounds what strangers may use,
/// everything is let in: then each call says by itself what is wrong with it.
pub fn inspect() {
    let admitted = with_kept(|store| {
        if store.is_unbounded() {
            return true;
        }
        let caller = caller(store);
        let pays = |payer, purpose| store.admits(payer, purpose, caller.principal(), moment(store)).is_ok();
        let owner = |key_id: &[u8]| pays(store.payer_of_key(key_id, &caller), Purpose::Other);
        match ic_cdk::api::msg_method_name().as_str() {
            "add_message" | "add_messages" => store.takes_from(&caller) && pays(Payer::of_add(&caller), Purpose::Add),
            "acknowledge" => owner(&first_acknowledged()),
            "claim" => owner(&first_of::<OwnerProof>()),
            "set_key" => owner(&first_of::<Vec<KeySetting>>()),
            "set_settings" | "set_role" | "retry_rebuild" | "seal" | "resume" => caller.is_admin(),
            name => may_update(store, name),
        }
    });
    if admitted {
        ic_cdk::api::accept_message();
    }
}

/// Whether the caller may have a query executed as an update.
fn may_update(store: &Store, query: &str) -> bool {
    let caller = caller(store);
    let owns = || {
        let payer = store.payer_of_key(&first_key(), &caller);
        payer == Payer::Owners && store.admits(payer, Purpose::Other, caller.principal(), moment(store)).is_ok()
    };
    caller.is_member() || query == "get_key_heads" && owns()
}

fn first_key() -> Vec<u8> {
    let mut first = Vec::new();
    answer(|bytes| {
        let key = arguments::keys::<_, MAX_LOOKUP_ITEMS>(bytes, |key_ids, _| {
            key_ids.first().map_or_else(Vec::new, |key_id| key_id.to_vec())
        });
        first = decoded(key).unwrap_or_default();
    });
    first
}

fn first_acknowledged() -> Vec<u8> {
    let mut first = Vec::new();
    answer(|bytes| {
        let key = arguments::acknowledgements::<_, MAX_LOOKUP_ITEMS>(bytes, |items| {
            items.first().map_or_else(Vec::new, |item| item.key_id.to_vec())
        });
        // Too many items are refused by the call itself.
        first = decoded(key).unwrap_or_default();
    });
    first
}

/// The key id of an argument that has one more part.
fn first_of<T: for<'a> candid::Deserialize<'a> + candid::CandidType>() -> Vec<u8> {
    let mut key_id = ByteBuf::new();
    answer(|bytes| key_id = decoded(general::decode::<(ByteBuf, T)>(bytes)).0);
    key_id.into_vec()
}
