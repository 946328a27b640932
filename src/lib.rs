//! The message canister: a store-and-forward inbox for end-to-end-encrypted messages on the Internet Computer.
//!
//! ```text
//! clients ──▶ endpoints ──▶ runtime ──▶ store ──▶ memory
//!                 │                       │
//!           call, codec                limits
//! ```
//!
//! The endpoints translate: [`codec`] decodes, [`store::MessageStore`] answers, [`codec`] encodes. `canister.did` says
//! what each method does, [`api`] has its types.

pub mod api;
mod call;
pub mod codec;
mod endpoints;
mod http;
pub mod limits;
pub mod memory;
mod methods;
mod runtime;
pub mod store;

use api::*;
use codec::general;
use serde_bytes::ByteBuf;

methods::methods! {
    init(Option<Settings>);

    update add_message(ByteBuf, ByteBuf) -> Result<Added, AddError>;
    update add_messages(Vec<NewMessage>) -> Result<Vec<Result<Added, AddError>>, BatchError>;

    query get_message_by_id(Id) -> Result<Message, GetError>;
    query get_message_by_hash(ByteBuf) -> Result<Message, GetError>;
    query get_messages_by_range(Id, Id, Cursor) -> Result<Page, PageError>;
    query get_messages_by_key(ByteBuf, Cursor) -> Result<Page, PageError>;
    query get_messages_by_time(u32, u32, Cursor) -> Result<Page, PageError>;

    query get_min_message_id() -> Result<Id, StatusError>;
    query get_max_message_id() -> Result<Id, StatusError>;
    query get_min_message_id_by_key(ByteBuf) -> Result<Option<Id>, LookupError>;
    query get_max_message_id_by_key(ByteBuf) -> Result<Option<Id>, LookupError>;
    query get_key_heads(Vec<ByteBuf>) -> Result<Vec<Option<KeyHead>>, LookupError>;
    query has_messages(Vec<Stored>) -> Result<Vec<Option<Id>>, LookupError>;

    query get_status() -> Result<Status, StatusError>;
    update set_settings(Settings) -> Result<(), SettingsError>;
    query check(CheckCursor) -> Result<CheckReport, CheckError>;
    query http_request(HttpRequest) -> HttpResponse;
}

/// The interface, in the module's public metadata. Whoever has the module has its `canister.did`.
#[cfg(target_family = "wasm")]
#[used]
#[unsafe(link_section = "icp:public candid:service")]
static CANDID_SERVICE: [u8; include_bytes!("../canister.did").len()] = *include_bytes!("../canister.did");

#[ic_cdk::init(decode_with = "decode_settings")]
fn init(settings: Option<Settings>) {
    runtime::create(settings);
}

#[ic_cdk::post_upgrade(decode_with = "decode_settings")]
fn post_upgrade(settings: Option<Settings>) {
    runtime::open(settings);
}

fn decode_settings(bytes: Vec<u8>) -> Option<Settings> {
    let (settings,) = call::decoded(general::decode(&bytes));
    settings
}
