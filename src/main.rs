//! The exports of the message canister.
//!
//! ```text
//! clients ──▶ exports ──▶ endpoints ──▶ runtime ──▶ the library's store
//!                             │
//!                     call, the library's codec
//! ```
//!
//! Every function that the platform calls is exported here or in `canister`. The library exports nothing.

#![warn(clippy::indexing_slicing, clippy::unwrap_used, unsafe_code)]

mod canister;

use canister::{admission, endpoints, runtime};
use canister_base::{call, methods};
use message_canister::api::*;
use message_canister::codec::general;
#[cfg(test)]
use {candid::Principal, serde_bytes::ByteBuf};

methods! {
    init(Option<Vec<Setting>>);

    update add_message(ByteBuf, ByteBuf) -> Result<Added, AddError>;
    update add_messages(Vec<NewMessage>) -> Result<Vec<Result<Added, AddError>>, BatchError>;

    query get_message_by_id(Id, Option<bool>) -> Result<Found, GetError>;
    query get_message_by_hash(ByteBuf) -> Result<Found, GetError>;

    query get_messages_by_range(Id, Id, Cursor) -> Result<Page, PageError>;
    query get_messages_by_key(ByteBuf, KeyCursor) -> Result<Page, PageError>;
    query get_messages_by_time(u32, u32, Cursor) -> Result<Page, PageError>;

    query get_min_message_id() -> Result<Id, StatusError>;
    query get_max_message_id() -> Result<Id, StatusError>;
    query get_min_message_id_by_key(ByteBuf) -> Result<Option<Id>, LookupError>;
    query get_max_message_id_by_key(ByteBuf) -> Result<Option<Id>, LookupError>;
    query get_key_heads(Vec<ByteBuf>, Option<bool>) -> Result<Heads, LookupError>;
    query has_messages(Vec<Stored>) -> Result<Vec<Option<Id>>, LookupError>;

    update acknowledge(Vec<Acknowledgement>) -> Result<Vec<Result<Acknowledged, AckError>>, AcksError>;
    update claim(ByteBuf, OwnerProof) -> Result<Claimed, ClaimError>;
    update set_key(ByteBuf, Vec<KeySetting>) -> Result<(), KeyError>;

    query get_status() -> Result<Status, StatusError>;
    query get_metrics() -> Result<String, StatusError>;
    update set_settings(u32, Vec<Setting>) -> Result<u32, SettingsError>;
    update set_role(Principal, Option<Role>) -> Result<(), RoleError>;
    query get_roles(Option<Principal>) -> Result<Vec<(Principal, Role)>, RolesError>;
    update retry_rebuild() -> Result<(), RetryError>;
    update seal() -> Result<(), SealError>;
    update resume() -> Result<u64, ResumeError>;
    query check(CheckCursor) -> Result<CheckReport, CheckError>;
    query http_request(HttpRequest) -> HttpResponse;
}

/// `canister.did` in the module's public metadata: the module carries its own interface.
#[cfg(target_family = "wasm")]
#[used]
#[allow(unsafe_code, reason = "a module's metadata stand in a section of this name")]
#[unsafe(link_section = "icp:public candid:service")]
static CANDID_SERVICE: [u8; include_bytes!("../canister.did").len()] = *include_bytes!("../canister.did");

#[ic_cdk::init(decode_with = "decode_settings")]
fn init(settings: Option<Vec<Setting>>) {
    runtime::create(settings);
}

#[ic_cdk::post_upgrade(decode_with = "decode_settings")]
fn post_upgrade(settings: Option<Vec<Setting>>) {
    runtime::open(settings);
}

fn decode_settings(bytes: Vec<u8>) -> Option<Vec<Setting>> {
    call::decoded(general::decode_optional(&bytes))
}

#[allow(unsafe_code, reason = "the platform calls it by this name")]
#[unsafe(export_name = "canister_global_timer")]
extern "C" fn on_global_timer() {
    runtime::on_global_timer();
}

#[allow(unsafe_code, reason = "the platform calls it by this name")]
#[unsafe(export_name = "canister_inspect_message")]
extern "C" fn on_inspect_message() {
    admission::inspect();
}

#[allow(unsafe_code, reason = "the platform calls it by this name")]
#[unsafe(export_name = "canister_on_low_wasm_memory")]
extern "C" fn on_low_wasm_memory() {
    runtime::on_low_memory();
}

/// Required by the compiler. The platform calls the exports, never this.
fn main() {}

#[cfg(test)]
mod tests {
    use candid_parser::utils::{CandidSource, service_equal};

    #[test]
    fn the_interface_is_what_canister_did_says() {
        let code = super::candid_interface();
        service_equal(CandidSource::Text(&code), CandidSource::Text(include_str!("../canister.did")))
            .unwrap_or_else(|error| panic!("canister.did and the code differ: {error}\nthe code says:\n{code}"));
    }
}
