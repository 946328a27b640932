//! The client's transport over a platform.

use std::future::ready;
use std::time::Duration;

use candid::Principal;
use client::{Failure, Transport};

use crate::platform::Platform;

/// Carries calls to a canister on a platform of this process. The platform answers at once. Nothing is certified.
#[derive(Clone, Copy, Debug)]
pub struct OnPlatform<P> {
    /// The platform.
    pub platform: P,
    /// The canister.
    pub canister: Principal,
    /// The caller.
    pub caller: Principal,
}

impl<P: std::ops::Deref<Target: Platform>> Transport for OnPlatform<P> {
    fn update(&self, method: &'static str, arg: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send {
        ready(self.platform.update(self.canister, self.caller, method, arg).map_err(Failure::Rejected))
    }

    fn query(&self, method: &'static str, arg: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send {
        ready(self.platform.query(self.canister, self.caller, method, arg).map_err(Failure::Rejected))
    }

    /// Moves the platform's clock forward and runs a round.
    fn pause(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        let nanos = u64::try_from(duration.as_nanos()).expect("no client pauses for centuries");
        self.platform.set_time(self.platform.time() + nanos);
        self.platform.tick();
        ready(())
    }
}
