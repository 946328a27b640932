//! The canister's only directory, its certified data, and its background work: drawing the VRF key, rebuilding the index,
//! closing epochs. The global timer runs this work. All progress is stored in the directory or can be rebuilt, so an upgrade
//! may come between any two executions.

use super::log;
use canister_base::budget::cycles_of_call;
use canister_base::call::reject;
use canister_base::general::Malformed;
use canister_base::randomness;
use canister_base::resources::watch_cycles;
use directory::api::{Configuration, Limited};
use directory::directory::{Directory, configured};
use directory::limits::{REBUILD_INSTRUCTIONS, SECOND};
use directory::strangers::{Caller, Moment};
use ic_stable_structures::DefaultMemoryImpl;
use std::cell::RefCell;

type Canister = Directory<DefaultMemoryImpl>;

thread_local! {
    static DIRECTORY: RefCell<Option<Canister>> = const { RefCell::new(None) };
}

/// Reads the directory.
pub fn read<T>(read: impl FnOnce(&Canister) -> T) -> T {
    DIRECTORY.with_borrow(|directory| read(directory.as_ref().unwrap_or_else(|| ic_cdk::trap("no directory"))))
}

/// Changes the directory, certifies its log if it has changed, and arms the timer for the remaining work.
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
        watch_cycles();
        changed
    })
}

/// Changes the directory in a call within the strangers' budget, if the call is admitted. A refused call is charged too.
pub fn charge<T, E: From<Limited>>(change: impl FnOnce(&mut Canister, Caller) -> Result<T, E>) -> Result<T, E> {
    self::change(|directory| {
        let (caller, moment, bytes) = (caller(), moment(directory), ic0::msg_arg_data_size() as u64);
        let admitted = directory.admit(caller, moment);
        let mut used_up = directory.charge(caller, admitted.is_ok(), bytes, moment.time);
        let result = admitted.map_err(E::from).and_then(|()| change(directory, caller));
        let cycles = cycles_of_call(bytes, ic_cdk::api::instruction_counter());
        used_up |= directory.charge_cycles(caller, cycles, moment.time);
        if used_up {
            log::budget_used_up();
        }
        result
    })
}

/// The decoded argument of a call within the budget. `None`: it is malformed, and the call is charged and rejected. A trap
/// would undo the charge.
pub fn well_formed<T>(argument: Result<T, Malformed>) -> Option<T> {
    argument.map_err(reject_malformed).ok()
}

#[cold]
fn reject_malformed(why: Malformed) {
    // A caller who is limited is told the same.
    let _: Result<(), Limited> = charge(|_, _| Ok(()));
    reject(&why);
}

/// The current time and, if a reserve is set, the cycles that can be spent.
pub fn moment(directory: &Canister) -> Moment {
    let has_reserve = directory.settings().reserve > 0;
    let cycles = if has_reserve { ic_cdk::api::canister_liquid_cycle_balance() } else { u128::MAX };
    Moment { time: now(), cycles }
}

/// The caller.
pub fn caller() -> Caller {
    let principal = ic_cdk::api::msg_caller();
    Caller { principal, controls: ic_cdk::api::is_controller(&principal) }
}

/// Nanoseconds since 1970.
pub fn now() -> u64 {
    ic_cdk::api::time()
}

/// Makes a directory. The argument must have the configuration, because it is fixed for ever.
pub fn create(configuration: Option<Configuration>) {
    let Some(named) = configuration else {
        ic_cdk::trap(
            "the configuration is fixed at installation: pass it, as opt record { registration; ratification }",
        )
    };
    let configuration = configured(&named).unwrap_or_else(|refused| ic_cdk::trap(refused.to_string()));
    let made = Directory::create(DefaultMemoryImpl::default(), ic_cdk::api::canister_self(), configuration);
    DIRECTORY.set(Some(made.unwrap_or_else(|_| ic_cdk::trap("stable memory is too small for an empty directory"))));
    log::installed();
    wake_at(now());
}

/// Opens the directory of an earlier release. A trap leaves that release in place.
pub fn open(configuration: Option<Configuration>) {
    if configuration.is_some() {
        ic_cdk::trap("the configuration is fixed since installation: pass null");
    }
    let opened = Directory::open(DefaultMemoryImpl::default(), ic_cdk::api::canister_self());
    let directory = opened.unwrap_or_else(|error| ic_cdk::trap(error.to_string()));
    // The certified data survives an upgrade, but not the restoration of a snapshot.
    if let Ok(log) = directory.log() {
        ic_cdk::api::certified_data_set(log.certified_data());
    }
    arm(&directory);
    log::upgraded(directory.status(now()).to_index);
    DIRECTORY.set(Some(directory));
}

/// Runs one piece of background work.
pub fn on_global_timer() {
    if !read(Canister::is_ready) {
        // Nothing else is due before the VRF key is drawn.
        return request_randomness();
    }
    if read(Canister::is_rebuilding) {
        let is_within = || ic_cdk::api::instruction_counter() < REBUILD_INSTRUCTIONS;
        change(|directory| directory.rebuild_while(is_within));
        if !read(Canister::is_rebuilding) {
            log::rebuilt(read(|directory| directory.status(now()).indexed));
        }
    }
    if change(|directory| directory.close_if_due(now())).is_err() {
        log::epoch_waits();
        wake_at(now() + 60 * SECOND);
    }
}

/// Arms the timer for the next background work. Each call that changes the directory does this, because a timer is lost if its
/// execution traps.
fn arm(directory: &Canister) {
    if !directory.is_ready() || directory.is_rebuilding() {
        wake_at(now());
    } else if let Some(due) = directory.closes_at() {
        wake_at(due.max(now()));
    }
}

/// Asks the platform for randomness.
fn request_randomness() {
    if randomness::request(on_randomness, on_none).is_err() {
        wake_at(now() + SECOND);
    }
}

/// Keeps the first random bytes. More may arrive if an upgrade came between request and reply.
extern "C" fn on_randomness(_: usize) {
    match randomness::received() {
        Some(random) => {
            let was_ready = read(Canister::is_ready);
            let drawn = change(|directory| {
                directory.set_randomness(&random).map_err(|_| ())?;
                directory.close_if_due(now()).map_err(|_| ())
            });
            match drawn {
                Err(()) => wake_at(now() + SECOND),
                Ok(_) if was_ready => {}
                Ok(_) => log::ready(),
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
