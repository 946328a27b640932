//! One function for each method. It decodes the argument, calls the directory and encodes the
//! reply.

use super::log;
use super::runtime::{caller, change, charge, now, read, well_formed};
use candid::CandidType;
use candid::utils::ArgumentDecoder;
use canister_base::call::{answer as with_argument, decoded, reply};
use canister_base::general;
use canister_base::resources::heap_bytes;
use directory::api::*;
use directory::{codec, http};
use serde_bytes::ByteBuf;

/// Decodes the arguments, and encodes what `run` returns for them.
fn answer<A: for<'a> ArgumentDecoder<'a>, T: CandidType>(run: impl FnOnce(A) -> T) {
    with_argument(|bytes| reply(&general::encode(run(decoded(general::decode(bytes))))));
}

pub fn update() {
    with_argument(|bytes| {
        let Some(new) = well_formed(codec::submission_of(bytes)) else { return };
        reply(&codec::accepted(charge(|directory, caller| directory.update(&new, caller.controls, now()))));
    });
}

pub fn lookup() {
    with_argument(|bytes| {
        let asked = decoded(codec::lookup_of(bytes));
        let found = read(|directory| {
            let proof = ByteBuf::from(directory.lookup(&asked)?);
            let certified = directory.certified(ic_cdk::api::data_certificate());
            Ok::<_, LookupError>(Found { proof, certified: certified.map_err(|_| LookupError::Unavailable)? })
        });
        reply(&codec::found(found));
    });
}

pub fn get_history() {
    answer(|(asked,): (History,)| read(|directory| directory.history(&asked)));
}

pub fn get_checkpoint() {
    answer(|(known,): (u64,)| read(|directory| directory.checkpoint(known, ic_cdk::api::data_certificate())));
}

pub fn get_heads() {
    answer(|(from, limit): (u64, u32)| read(|directory| directory.heads(from, limit)));
}

pub fn get_updates() {
    answer(|(from, limit): (u64, u32)| read(|directory| directory.updates(from, limit)));
}

pub fn get_proof() {
    answer(|(position, size): (u64, u64)| read(|directory| directory.evidence(position, size)));
}

pub fn ratify() {
    with_argument(|bytes| {
        let (size, cosignature) = decoded(codec::size_and_blob_of(bytes));
        reply(&codec::ratified(change(|directory| directory.ratify(size, &cosignature, now()))));
    });
}

pub fn put_bundle() {
    with_argument(|bytes| {
        let Some((label, bundle)) = well_formed(codec::two_blobs_of(bytes)) else { return };
        reply(&codec::done(charge(|directory, _| directory.put_bundle(&label, &bundle, now()))));
    });
}

pub fn get_bundles() {
    answer(|(label,): (ByteBuf,)| read(|directory| directory.bundles(&label, now())));
}

pub fn get_configuration() {
    answer(|()| read(|directory| directory.published().map_err(|_| StatusError::Unavailable)));
}

pub fn get_status() {
    answer(|()| Ok::<_, StatusError>(read(|directory| directory.status(now()))));
}

pub fn set_settings() {
    answer(|(settings,): (Settings,)| {
        let caller = caller();
        if !caller.controls {
            return Err(SettingsError::NotAllowed);
        }
        change(|directory| directory.set_settings(&settings))?;
        log::settings(caller.principal, &settings);
        Ok(())
    });
}

pub fn check() {
    answer(|(from,): (CheckCursor,)| {
        if !caller().controls {
            return Err(CheckError::NotAllowed);
        }
        read(|directory| directory.check(from))
    });
}

pub fn http_request() {
    let certificate = ic_cdk::api::data_certificate();
    answer(|(request,): (HttpRequest,)| {
        read(|directory| http::respond(directory, &request, certificate.as_deref(), heap_bytes(), now()))
    });
}
