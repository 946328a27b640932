//! The message canister: a store-and-forward inbox for end-to-end-encrypted messages on the Internet Computer.
//!
//! ```text
//! clients ──▶ endpoints (this file) ──▶ runtime ──▶ store ──▶ memory
//!                  │                                  │
//!                codec                              limits
//! ```
//!
//! The endpoints translate: [`codec`] decodes, [`store::MessageStore`] answers, [`codec`] encodes. `canister.did` says
//! what each of them does, [`api`] has its types.

pub mod api;
pub mod codec;
mod http;
pub mod limits;
pub mod memory;
mod runtime;
pub mod store;

use api::*;
use candid::candid_method;
use codec::{Batch, Bounded, Lookups};
use ic_cdk::{init, post_upgrade, query, update};
use serde_bytes::ByteBuf;
use store::{NewMessageRef, StoredRef, batch_too_long, items_too_long};

/// The interface, in the module's public metadata. Whoever has the module has its `canister.did`.
#[cfg(target_family = "wasm")]
#[used]
#[unsafe(link_section = "icp:public candid:service")]
static CANDID_SERVICE: [u8; include_bytes!("../canister.did").len()] = *include_bytes!("../canister.did");

candid::export_service!();

/// The interface as the code has it; a test holds it equal to `canister.did`.
pub fn candid_interface() -> String {
    __export_service()
}

#[candid_method(init)]
#[init(decode_with = "codec::decode_one")]
fn init(settings: Option<Settings>) {
    runtime::create(settings);
}

#[post_upgrade(decode_with = "codec::decode_one")]
fn post_upgrade(settings: Option<Settings>) {
    runtime::open(settings);
}

#[candid_method(update)]
#[update(hidden = true, decode_with = "codec::decode", encode_with = "codec::encode")]
fn add_message(key_id: ByteBuf, ciphertext: ByteBuf) -> Result<Added, AddError> {
    runtime::change(|store| store.add_message(&key_id, &ciphertext, runtime::now()))
}

#[candid_method(update)]
#[update(hidden = true, decode_with = "codec::decode_bounded", encode_with = "codec::encode")]
fn add_messages(messages: Batch<NewMessage>) -> Result<Vec<Result<Added, AddError>>, BatchError> {
    match messages {
        Bounded::TooLong(length) => Err(batch_too_long(length)),
        Bounded::Items(items) => {
            let batch: Vec<_> =
                items.iter().map(|item| NewMessageRef { key_id: &item.key_id, ciphertext: &item.ciphertext }).collect();
            runtime::change(|store| store.add_messages(&batch, runtime::now()))
        }
    }
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode_one", encode_with = "codec::encode")]
fn get_message_by_id(id: Id) -> Result<Message, GetError> {
    runtime::read(|store| store.get_message_by_id(id))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode_one", encode_with = "codec::encode")]
fn get_message_by_hash(hash: ByteBuf) -> Result<Message, GetError> {
    runtime::read(|store| store.get_message_by_hash(&hash))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode", encode_with = "codec::encode")]
fn get_messages_by_range(min_id: Id, max_id: Id, cursor: Cursor) -> Result<Page, PageError> {
    runtime::read(|store| store.get_messages_by_range(min_id, max_id, cursor))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode", encode_with = "codec::encode")]
fn get_messages_by_key(key_id: ByteBuf, cursor: Cursor) -> Result<Page, PageError> {
    runtime::read(|store| store.get_messages_by_key(&key_id, cursor))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode", encode_with = "codec::encode")]
fn get_messages_by_time(from: u32, until: u32, cursor: Cursor) -> Result<Page, PageError> {
    runtime::read(|store| store.get_messages_by_time(from, until, cursor))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode", encode_with = "codec::encode")]
fn get_min_message_id() -> Result<Id, StatusError> {
    Ok(runtime::read(|store| store.get_min_message_id()))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode", encode_with = "codec::encode")]
fn get_max_message_id() -> Result<Id, StatusError> {
    Ok(runtime::read(|store| store.get_max_message_id()))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode_one", encode_with = "codec::encode")]
fn get_min_message_id_by_key(key_id: ByteBuf) -> Result<Option<Id>, LookupError> {
    Ok(runtime::read(|store| store.get_key_head(&key_id))?.map(|head| head.min_id))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode_one", encode_with = "codec::encode")]
fn get_max_message_id_by_key(key_id: ByteBuf) -> Result<Option<Id>, LookupError> {
    Ok(runtime::read(|store| store.get_key_head(&key_id))?.map(|head| head.max_id))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode_bounded", encode_with = "codec::encode")]
fn get_key_heads(key_ids: Lookups<ByteBuf>) -> Result<Vec<Option<KeyHead>>, LookupError> {
    match key_ids {
        Bounded::TooLong(length) => Err(items_too_long(length)),
        Bounded::Items(items) => {
            let key_ids: Vec<&[u8]> = items.iter().map(|key_id| key_id.as_slice()).collect();
            runtime::read(|store| store.get_key_heads(&key_ids))
        }
    }
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode_bounded", encode_with = "codec::encode")]
fn has_messages(pairs: Lookups<Stored>) -> Result<Vec<Option<Id>>, LookupError> {
    match pairs {
        Bounded::TooLong(length) => Err(items_too_long(length)),
        Bounded::Items(items) => {
            let pairs: Vec<_> = items.iter().map(|item| StoredRef { key_id: &item.key_id, hash: &item.hash }).collect();
            runtime::read(|store| store.has_messages(&pairs))
        }
    }
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode", encode_with = "codec::encode")]
fn get_status() -> Result<Status, StatusError> {
    Ok(runtime::read(|store| store.get_status()))
}

#[candid_method(update)]
#[update(hidden = true, decode_with = "codec::decode_one", encode_with = "codec::encode")]
fn set_settings(settings: Settings) -> Result<(), SettingsError> {
    if !caller_is_controller() {
        return Err(SettingsError::NotController);
    }
    runtime::change(|store| store.set_settings(settings))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode_one", encode_with = "codec::encode")]
fn check(cursor: CheckCursor) -> Result<CheckReport, CheckError> {
    if !caller_is_controller() {
        return Err(CheckError::NotController);
    }
    runtime::read(|store| store.check(cursor))
}

#[candid_method(query)]
#[query(hidden = true, decode_with = "codec::decode_one", encode_with = "codec::encode")]
fn http_request(request: HttpRequest) -> HttpResponse {
    http::respond(&request, &runtime::read(|store| store.get_status()))
}

fn caller_is_controller() -> bool {
    ic_cdk::api::is_controller(&ic_cdk::api::msg_caller())
}
