//! The exports of the directory's canister.
//!
//! Every function that the platform calls is exported here or in `canister`. The library exports nothing.

#![warn(clippy::indexing_slicing, clippy::unwrap_used, unsafe_code)]

mod canister;

use canister::{admission, endpoints, runtime};
use canister_base::general;
use canister_base::{call, methods};
use directory::api::*;
#[cfg(test)]
use serde_bytes::ByteBuf;

methods! {
    init(Option<Configuration>);

    update update(Submission) -> Result<Accepted, UpdateError>;
    query lookup(Lookup) -> Result<Found, LookupError>;
    query get_history(History) -> Result<Vec<Change>, LookupError>;

    query get_checkpoint(u64) -> Result<Checkpoint, LookupError>;
    query get_heads(u64, u32) -> Result<Vec<ByteBuf>, StatusError>;
    query get_updates(u64, u32) -> Result<Vec<ByteBuf>, StatusError>;
    query get_proof(u64, u64) -> Result<Evidence, EvidenceError>;
    update ratify(u64, ByteBuf) -> Result<Ratified, RatifyError>;

    update put_bundle(ByteBuf, ByteBuf) -> Result<(), BundleError>;
    query get_bundles(ByteBuf) -> Result<Vec<ByteBuf>, BundleError>;

    query get_configuration() -> Result<Published, StatusError>;
    query get_status() -> Result<Status, StatusError>;
    update set_settings(Settings) -> Result<(), SettingsError>;
    query check(CheckCursor) -> Result<CheckReport, CheckError>;
    query http_request(HttpRequest) -> HttpResponse;
}

/// `directory.did` in the module's public metadata: the module carries its own interface.
#[cfg(target_family = "wasm")]
#[used]
#[unsafe(link_section = "icp:public candid:service")]
static CANDID_SERVICE: [u8; include_bytes!("../directory.did").len()] = *include_bytes!("../directory.did");

#[ic_cdk::init(decode_with = "decode_configuration")]
fn init(configuration: Option<Configuration>) {
    runtime::create(configuration);
}

#[ic_cdk::post_upgrade(decode_with = "decode_configuration")]
fn post_upgrade(configuration: Option<Configuration>) {
    runtime::open(configuration);
}

fn decode_configuration(bytes: Vec<u8>) -> Option<Configuration> {
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

/// Required by the compiler. The platform calls the exports, never this.
fn main() {}

#[cfg(test)]
mod tests {
    use candid_parser::utils::{CandidSource, service_equal};

    #[test]
    fn the_interface_is_what_directory_did_says() {
        let code = super::candid_interface();
        service_equal(CandidSource::Text(&code), CandidSource::Text(include_str!("../directory.did")))
            .unwrap_or_else(|error| panic!("directory.did and the code differ: {error}\nthe code says:\n{code}"));
    }
}
