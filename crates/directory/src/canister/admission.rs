//! Inspection decides which calls are admitted. The platform asks it before an ingress message reaches the canister. The call
//! itself makes the same checks again, because the platform does not ask it about calls from canisters.

use super::runtime::{caller, moment, now, read};
use canister_base::call::{answer, decoded};
use canister_base::general::Malformed;
use directory::codec;

/// Runs an update. Updates make their own checks.
pub fn update(_: &str, run: impl FnOnce()) {
    run();
}

/// Runs a query. If all replicas execute it, it costs as much as an update. The proofs in its reply make that unnecessary. So
/// only controllers may call it as an update.
pub fn query(_: &str, run: impl FnOnce()) {
    if ic_cdk::api::in_replicated_execution() && !caller().controls {
        ic_cdk::api::msg_reject("only controllers may call a query as an update");
    } else {
        run();
    }
}

/// Admits an ingress message if its update would be accepted. Otherwise the reject names the error. If registration is open,
/// strangers are not limited and no reserve is set, then every call is admitted and returns its own error.
pub fn inspect() {
    if read(|directory| directory.is_open() && directory.is_unbounded()) {
        return ic_cdk::api::accept_message();
    }
    let caller = caller();
    let admitted = || read(|directory| directory.admit(caller, moment(directory)));
    let checked = match ic_cdk::api::msg_method_name().as_str() {
        "update" => named(admitted()).and_then(|()| {
            let new = argument(codec::submission_of);
            named(read(|directory| directory.check_update(&new, caller.controls, now())))
        }),
        "ratify" => {
            let (size, cosignature) = argument(codec::size_and_blob_of);
            named(read(|directory| directory.check_cosignature(size, &cosignature, now())))
        }
        "put_bundle" => named(admitted()).and_then(|()| {
            let (label, bundle) = argument(codec::two_blobs_of);
            named(read(|directory| directory.check_bundle(&label, &bundle, now())))
        }),
        _ if caller.controls => Ok(()),
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

/// The argument of the message that is inspected.
fn argument<T>(decode: impl FnOnce(&[u8]) -> Result<T, Malformed>) -> T {
    answer(|bytes| decoded(decode(bytes)))
}
