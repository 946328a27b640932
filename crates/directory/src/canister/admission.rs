//! Which calls are let in. The platform asks before an ingress message reaches the canister; then the call makes the same
//! checks again, for canisters call without being asked about.

use super::runtime::{is_controller, now, read};
use canister_base::call::{answer, decoded};
use canister_base::general;
use directory::api::Submission;
use directory::directory::Directory;
use serde_bytes::ByteBuf;

/// Runs an update. It makes its own checks.
pub fn update(_: &str, run: impl FnOnce()) {
    run();
}

/// Runs a query. Executed by all replicas it costs as much as an update, and its proofs hold without: controllers may.
pub fn query(_: &str, run: impl FnOnce()) {
    if ic_cdk::api::in_replicated_execution() && !is_controller() {
        ic_cdk::api::msg_reject("only controllers may call a query as an update");
    } else {
        run();
    }
}

/// Lets an ingress message in whose update would be accepted; the reject of another one names the error. Where registration
/// is open, everything is let in: then each call answers by itself what is wrong with it.
pub fn inspect() {
    if read(Directory::is_open) {
        return ic_cdk::api::accept_message();
    }
    let checked = match ic_cdk::api::msg_method_name().as_str() {
        "update" => {
            let (new,): (Submission,) = arguments();
            named(read(|directory| directory.check_update(&new, is_controller(), now())))
        }
        "ratify" => {
            let (size, cosignature): (u64, ByteBuf) = arguments();
            named(read(|directory| directory.check_cosignature(size, &cosignature, now())))
        }
        "put_bundle" => {
            let (label, bundle): (ByteBuf, ByteBuf) = arguments();
            named(read(|directory| directory.check_bundle(&label, &bundle, now())))
        }
        _ if is_controller() => Ok(()),
        name => Err(format!("only controllers may call {name} as an update")),
    };
    match checked {
        Ok(()) => ic_cdk::api::accept_message(),
        Err(why) => ic_cdk::trap(why),
    }
}

fn named<T, E: std::fmt::Debug>(checked: Result<T, E>) -> Result<(), String> {
    checked.map(|_| ()).map_err(|error| format!("refused: {error:?}"))
}

/// The arguments of the message that is inspected.
fn arguments<A>() -> A
where
    A: for<'a> candid::utils::ArgumentDecoder<'a>,
{
    let mut arguments = None;
    answer(|bytes| arguments = Some(decoded(general::decode(bytes))));
    arguments.unwrap_or_else(|| ic_cdk::trap("no arguments"))
}
