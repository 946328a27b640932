//! PocketIC as a [`Platform`].

use candid::Principal;
use pocket_ic::common::rest::BlobCompression;
use pocket_ic::{PocketIc, PocketIcBuilder, RejectResponse, Time};
use std::path::Path;

use client::{Reject, RejectCode};

use crate::platform::{Platform, controller};

/// A new network with one application subnet.
pub fn start(server: &Path) -> PocketIc {
    PocketIcBuilder::new().with_server_binary(server.to_path_buf()).with_application_subnet().build()
}

fn reject(reject: RejectResponse) -> Reject {
    Reject {
        code: RejectCode::from_number(reject.reject_code as u64).expect("PocketIC's classes are the platform's"),
        error_code: Some(reject.error_code as u32),
        message: reject.reject_message,
    }
}

impl Platform for PocketIc {
    fn create(&self) -> Principal {
        self.create_canister_with_settings(Some(controller()), None)
    }

    fn install(&self, id: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        // `install_canister` panics if the canister refuses. Reinstalling an empty canister does the same without a panic.
        self.reinstall_canister(id, wasm.to_vec(), arg, Some(controller())).map_err(reject)
    }

    fn upgrade(&self, id: Principal, wasm: &[u8], arg: Vec<u8>) -> Result<(), Reject> {
        self.upgrade_canister(id, wasm.to_vec(), arg, Some(controller())).map_err(reject)
    }

    fn update(&self, id: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
        self.update_call(id, sender, method, arg).map_err(reject)
    }

    fn query(&self, id: Principal, sender: Principal, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
        self.query_call(id, sender, method, arg).map_err(reject)
    }

    fn time(&self) -> u64 {
        self.get_time().as_nanos_since_unix_epoch()
    }

    fn set_time(&self, nanos: u64) {
        PocketIc::set_time(self, Time::from_nanos_since_unix_epoch(nanos));
    }

    fn tick(&self) {
        PocketIc::tick(self);
    }

    fn stable_memory(&self, id: Principal) -> Vec<u8> {
        self.get_stable_memory(id)
    }

    fn set_stable_memory(&self, id: Principal, bytes: Vec<u8>) {
        PocketIc::set_stable_memory(self, id, bytes, BlobCompression::NoCompression);
    }

    fn cycle_balance(&self, id: Principal) -> u128 {
        PocketIc::cycle_balance(self, id)
    }
}
