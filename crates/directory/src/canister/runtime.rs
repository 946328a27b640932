//! The canister's only directory, its certified data, and its background work: drawing the VRF key, rebuilding the index,
//! closing epochs. The global timer runs this work. All progress is in the directory or can be rebuilt, so an upgrade may
//! come between any two executions.

#![allow(unsafe_code, reason = "callbacks without a future")]

use directory::api::Configuration;
use directory::directory::{Directory, configured};
use directory::limits::{REBUILD_INSTRUCTIONS, SECOND};
use ic_stable_structures::DefaultMemoryImpl;
use serde_bytes::ByteBuf;
use std::cell::RefCell;

type Canister = Directory<DefaultMemoryImpl>;

thread_local! {
    static DIRECTORY: RefCell<Option<Canister>> = const { RefCell::new(None) };
}

/// Reads the directory.
pub fn read<T>(read: impl FnOnce(&Canister) -> T) -> T {
    DIRECTORY.with_borrow(|directory| read(directory.as_ref().unwrap_or_else(|| ic_cdk::trap("no directory"))))
}

/// Changes the directory, certifies its log if that has changed, and arms the timer for the work that is left.
pub fn change<T>(change: impl FnOnce(&mut Canister) -> T) -> T {
    DIRECTORY.with_borrow_mut(|directory| {
        let directory = directory.as_mut().unwrap_or_else(|| ic_cdk::trap("no directory"));
        let before = directory.log();
        let changed = change(directory);
        if let Ok(log) = directory.log()
            && before != Ok(log)
        {
            ic_cdk::api::certified_data_set(log.certified_data());
        }
        arm(directory);
        changed
    })
}

/// Nanoseconds since 1970.
pub fn now() -> u64 {
    ic_cdk::api::time()
}

/// Whether the caller controls the canister.
pub fn is_controller() -> bool {
    ic_cdk::api::is_controller(&ic_cdk::api::msg_caller())
}

/// Makes a directory. Its configuration is said, since it is fixed for ever.
pub fn create(configuration: Option<Configuration>) {
    let Some(named) = configuration else {
        ic_cdk::trap(
            "the configuration is fixed at installation: pass it, as opt record { registration; ratification }",
        )
    };
    let configuration = configured(&named).unwrap_or_else(|why| ic_cdk::trap(why));
    let made = Directory::create(DefaultMemoryImpl::default(), ic_cdk::api::canister_self(), configuration);
    DIRECTORY.set(Some(made.unwrap_or_else(|_| ic_cdk::trap("stable memory is too small for an empty directory"))));
    wake_at(now());
}

/// Opens the directory of an earlier release. A trap leaves that release in place.
pub fn open(configuration: Option<Configuration>) {
    if configuration.is_some() {
        ic_cdk::trap("the configuration is fixed since installation: pass null");
    }
    let opened = Directory::open(DefaultMemoryImpl::default(), ic_cdk::api::canister_self());
    let directory = opened.unwrap_or_else(|error| ic_cdk::trap(error.to_string()));
    // The certified data outlives an upgrade, but not a snapshot's restoration.
    if let Ok(log) = directory.log() {
        ic_cdk::api::certified_data_set(log.certified_data());
    }
    arm(&directory);
    DIRECTORY.set(Some(directory));
}

/// Runs one piece of background work.
pub fn on_global_timer() {
    if !read(Canister::is_ready) {
        request_randomness();
    } else if read(Canister::is_rebuilding) {
        let is_within = || ic_cdk::api::instruction_counter() < REBUILD_INSTRUCTIONS;
        change(|directory| directory.rebuild_while(is_within));
    }
    if change(|directory| directory.close_if_due(now())).is_err() {
        ic_cdk::api::debug_print("an epoch waits for stable memory");
        wake_at(now() + 60 * SECOND);
    }
}

/// Arms the timer for the next background work, if there is any.
fn arm(directory: &Canister) {
    if directory.is_rebuilding() {
        wake_at(now());
    } else if let Some(due) = directory.closes_at() {
        wake_at(due.max(now()));
    }
}

/// Asks the platform for randomness. The callbacks carry no state, so they hold after an upgrade to the same module; an
/// operator stops the canister before an upgrade to another one, and it stops only when no call is outstanding.
fn request_randomness() {
    // SAFETY: both callbacks ignore their environment.
    unsafe { ic0::call_new(&[], "raw_rand", on_randomness, 0, on_none, 0) };
    ic0::call_data_append(b"DIDL\0\0");
    if ic0::call_perform() != 0 {
        wake_at(now() + SECOND);
    }
}

/// Keeps the first randomness. A second may arrive if an upgrade came between request and reply.
extern "C" fn on_randomness(_: usize) {
    let bytes = candid::decode_one(&ic_cdk::api::msg_arg_data()).map(ByteBuf::into_vec);
    match bytes.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
        Some(random) => {
            let drawn = change(|directory| {
                directory.set_randomness(&random).map_err(|_| ())?;
                directory.close_if_due(now()).map_err(|_| ())
            });
            if drawn.is_err() {
                wake_at(now() + SECOND);
            }
        }
        None => wake_at(now() + SECOND),
    }
}

extern "C" fn on_none(_: usize) {
    wake_at(now() + SECOND);
}

fn wake_at(nanoseconds: u64) {
    ic_cdk::api::global_timer_set(nanoseconds);
}
