//! Admission of calls. The platform asks before it executes an ingress message. The call itself then checks again,
//! because the platform does not ask about calls of canisters.
//!
//! Inspection sees the state before the round, and a single replica executes it. So it only saves cycles; the call
//! decides.

use super::runtime::{Store, caller, moment, with_kept};
use canister_base::call::{answer, decoded};
use message_canister::access::Caller;
use message_canister::access::budget::{Payer, Purpose};
use message_canister::api::{KeySetting, OwnerProof};
use message_canister::codec::{arguments, general};
use message_canister::limits::MAX_LOOKUP_ITEMS;
use message_canister::store::AcknowledgementRef;
use serde_bytes::ByteBuf;
use std::iter;

/// Runs an update. The update itself checks whether it is admitted.
pub fn update(_: &str, run: impl FnOnce()) {
    run();
}

/// Runs a query. If all replicas execute it, it costs as much as an update, and nobody can be charged, since a query
/// keeps no changes. So if strangers are limited, only members may do that. Owners may not, because anybody can become an owner
/// by sending a message to a key id of their own.
pub fn query(_: &str, run: impl FnOnce()) {
    if ic_cdk::api::in_replicated_execution()
        && !with_kept(|store| store.is_unbounded() || may_update(store, &caller(store)))
    {
        ic_cdk::api::msg_reject("only members of the store may call a query as an update");
    } else {
        run();
    }
}

/// Answers the platform's question whether to admit an ingress message. If strangers are not limited, every call is
/// admitted and returns its own error.
pub fn inspect() {
    let admitted = with_kept(|store| {
        if store.is_unbounded() {
            return true;
        }
        let caller = caller(store);
        let pays = |payer| pays(store, &caller, payer, Purpose::Other);
        match ic_cdk::api::msg_method_name().as_str() {
            "add_message" | "add_messages" => {
                store.takes_from(&caller) && self::pays(store, &caller, Payer::of_caller(&caller), Purpose::Add)
            }
            "acknowledge" => {
                let keys = acknowledged_keys();
                let owned = store.first_owned(keys.iter().map(Vec::as_slice), &caller);
                pays(Payer::of_keys(&caller, owned.is_some()))
            }
            "claim" => {
                let (key_id, proof): (ByteBuf, OwnerProof) = argument();
                let found = store.look_up_for_claim(&key_id, &proof, &caller);
                pays(Payer::of_keys(&caller, found.is_ok_and(|found| found.is_there())))
            }
            "set_key" => {
                let (key_id, _): (ByteBuf, Vec<KeySetting>) = argument();
                pays(Payer::of_keys(&caller, owns(store, &key_id, &caller)))
            }
            "set_settings" | "set_role" | "retry_rebuild" | "seal" | "resume" => caller.is_admin(),
            _ => may_update(store, &caller),
        }
    });
    if admitted {
        ic_cdk::api::accept_message();
    }
}

/// Whether the payer's budget admits the call.
fn pays(store: &Store, caller: &Caller, payer: Payer, purpose: Purpose) -> bool {
    store.admits(payer, purpose, caller.principal(), moment(store)).is_ok()
}

/// Whether the caller may have a query executed as an update.
fn may_update(store: &Store, caller: &Caller) -> bool {
    caller.is_member() && pays(store, caller, Payer::Members, Purpose::Other)
}

/// Whether a key is there and the caller owns it.
fn owns(store: &Store, key_id: &[u8], caller: &Caller) -> bool {
    store.first_owned(iter::once(key_id), caller).is_some()
}

/// The keys of an acknowledgement. None if there are too many: then the call is charged to its caller's own group, and fails.
fn acknowledged_keys() -> Vec<Vec<u8>> {
    let owned = |items: &[AcknowledgementRef<'_>]| items.iter().map(|item| item.key_id.to_vec()).collect();
    answer(|bytes| decoded(arguments::acknowledgements::<_, MAX_LOOKUP_ITEMS>(bytes, owned))).unwrap_or_default()
}

/// An argument of two parts, the first of which is a key id.
fn argument<T: for<'a> candid::Deserialize<'a> + candid::CandidType>() -> (ByteBuf, T) {
    answer(|bytes| decoded(general::decode(bytes)))
}
