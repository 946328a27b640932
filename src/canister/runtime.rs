//! The canister's only store, its certified data, and its background work: rebuilding the index, drawing randomness,
//! dropping messages that are too old, sweeping dropped ones, overwriting acknowledged ones, forgetting idle keys.
//!
//! The global timer runs all of this work. Every install, every upgrade and every call that changes the store arms it
//! while work is left. The timer arms itself again too, but a trap in its own execution would undo that.
//!
//! The only other state is the time that the timer was set to, so that it is not set twice. All progress is kept in the
//! store or can be rebuilt, so an upgrade may come between any two executions.

use super::log;
use candid::Principal;
use canister_base::budget::cycles_of_call;
use canister_base::call::{Argument, reject};
use canister_base::general::Malformed;
use canister_base::randomness;
use canister_base::resources::watch_cycles;
use ic_stable_structures::DefaultMemoryImpl;
use message_canister::access::budget::{Moment, Payer, Purpose};
use message_canister::access::policy::check_policies;
use message_canister::access::{Caller, Sight};
use message_canister::api::{Limited, Reserves, Setting};
use message_canister::limits::SWEEP_INSTRUCTIONS;
use message_canister::settings::Configuration;
use message_canister::store::{Capacity, MessageStore, RebuildError, Rebuilt, View};
use proofs::certified::certified_data;
use std::cell::{Cell, RefCell};

pub type Store = MessageStore<DefaultMemoryImpl>;

const NANOSECONDS: u64 = 1_000_000_000;
/// Nanoseconds to wait after the platform did not return randomness.
const RANDOMNESS_RETRY: u64 = NANOSECONDS;

thread_local! {
    static STORE: RefCell<Option<Store>> = const { RefCell::new(None) };
    /// The time that the timer was last set to, in nanoseconds.
    static ARMED: Cell<u64> = const { Cell::new(0) };
}

/// Reads the caller's view of the store at the current time.
pub fn read<T>(read: impl FnOnce(&View<'_, DefaultMemoryImpl>) -> T) -> T {
    with_kept(|store| read(&store.view(Sight::new(store.settings().reads, &caller(store)), now)))
}

/// The caller, with its role in the store.
pub fn caller(store: &Store) -> Caller {
    let principal = ic_cdk::api::msg_caller();
    store.caller(principal, ic_cdk::api::is_controller(&principal))
}

/// Reads the whole store, whatever the caller may see.
pub fn with_kept<T>(look: impl FnOnce(&Store) -> T) -> T {
    STORE.with_borrow(|store| look(store.as_ref().unwrap_or_else(|| ic_cdk::trap("no store"))))
}

/// Changes the store for its caller, then arms the timer for the work that is left.
pub fn change<T>(change: impl FnOnce(&mut Store, &Caller) -> T) -> T {
    with_store(|store| {
        let caller = caller(store);
        let changed = change(store, &caller);
        arm(store);
        watch_cycles();
        changed
    })
}

/// Changes the store in a call that is charged to a payer. An admitted call is charged its items (at least one), the bytes
/// of its argument and its cycles. A refused call is charged one item and its cycles.
///
/// `look_up` returns the payer and a value that is passed to `change`. `change` also gets the current time in Unix seconds.
pub fn charge<L, T, E: From<Limited>>(
    (items, bytes): (usize, usize),
    purpose: Purpose,
    look_up: impl FnOnce(&Store, &Caller) -> (Payer, L),
    change: impl FnOnce(&mut Store, &Caller, L, u32) -> Result<T, E>,
) -> Result<T, E> {
    self::change(|store, caller| {
        let (payer, found) = look_up(store, caller);
        let (bytes, moment) = (bytes as u64, moment(store));
        let principal = caller.principal();
        let mut used_up = false;
        let result = match store.admits(payer, purpose, principal, moment) {
            Ok(()) => {
                used_up = store.charge(payer, principal, (items as u64, bytes), moment.time);
                change(store, caller, found, seconds(moment.time))
            }
            Err(limited) => {
                store.charge_refused(payer, principal, moment.time);
                Err(limited.into())
            }
        };
        let cycles = || cycles_of_call(bytes, ic_cdk::api::instruction_counter());
        used_up |= store.charge_cycles(payer, cycles, moment.time);
        if used_up {
            log::budget_used_up(payer);
        }
        result
    })
}

/// Charges the caller's group for a call that would fail in any state of the store: one item, its bytes and its cycles.
/// Returns `error`, or the limit that refuses the caller.
pub fn fail<T, E: From<Limited>>(error: E) -> Result<T, E> {
    Err(charge_failed().map_or_else(E::from, |()| error))
}

fn charge_failed() -> Result<(), Limited> {
    let look_up = |_: &Store, caller: &Caller| (Payer::of_caller(caller), ());
    charge((1, Argument::of_call().size()), Purpose::Other, look_up, |_, _, (), _| Ok(()))
}

/// The decoded argument of an update. `None`: it is malformed, and the call is charged and rejected. A trap would undo the
/// charge.
pub fn well_formed<T>(argument: Result<T, Malformed>) -> Option<T> {
    argument.map_err(reject_malformed).ok()
}

#[cold]
fn reject_malformed(why: Malformed) {
    // A caller who is also limited is told only that the call is malformed.
    let _ = charge_failed();
    reject(&why);
}

/// Changes the store for an admin. No budget refuses that, because admins change the budgets. Anybody else is charged,
/// and gets `not_allowed`.
pub fn administer<T, E>(not_allowed: E, change: impl FnOnce(&mut Store, &Caller) -> Result<T, E>) -> Result<T, E> {
    let changed = self::change(|store, caller| caller.is_admin().then(|| change(store, caller)));
    changed.unwrap_or_else(|| {
        let _ = charge_failed();
        Err(not_allowed)
    })
}

/// The current time and, if the settings have a reserve, the cycles that can be spent.
pub fn moment(store: &Store) -> Moment {
    let has_reserve = store.settings().reserves != Reserves::default();
    let cycles = if has_reserve { ic_cdk::api::canister_liquid_cycle_balance() } else { u128::MAX };
    Moment { time: ic_cdk::api::time(), cycles }
}

/// Changes the store, and certifies its root if the root has changed. So the certified data matches the store after
/// every message.
fn with_store<T>(change: impl FnOnce(&mut Store) -> T) -> T {
    STORE.with_borrow_mut(|store| {
        let store = store.as_mut().unwrap_or_else(|| ic_cdk::trap("no store"));
        let changed = change(store);
        if let Some(root) = store.take_changed_root() {
            ic_cdk::api::certified_data_set(certified_data(&root));
        }
        changed
    })
}

/// Arms the timer for the next background work, if there is any.
fn arm(store: &Store) {
    if store.rebuild_failure().is_some() {
        // Another step would fail in the same way. Only an admin restarts the rebuild, by `retry_rebuild`.
    } else if store.rebuild_progress().is_some()
        || !store.has_salt()
        || store.backlog_kept() > 0
        || store.has_to_erase()
    {
        wake_in(0);
    } else if let Some(second) = store.next_expiry_sweep().into_iter().chain(store.next_idle_sweep()).min() {
        let due = second.saturating_mul(NANOSECONDS);
        // A timer set for a past time has already fired.
        if ARMED.get() != due || due <= ic_cdk::api::time() {
            wake_at(due);
        }
    }
}

/// Unix seconds.
pub fn now() -> u32 {
    seconds(ic_cdk::api::time())
}

fn seconds(nanoseconds: u64) -> u32 {
    u32::try_from(nanoseconds / NANOSECONDS).unwrap_or(u32::MAX)
}

/// Creates an empty store. Traps if stable memory is in use: it is never overwritten.
pub fn create(settings: Option<Vec<Setting>>) {
    let settings = changed(Configuration::default(), settings.as_deref().unwrap_or_default());
    let store = Store::create(DefaultMemoryImpl::default(), settings, Capacity::default(), now())
        .unwrap_or_else(|_| ic_cdk::trap("stable memory is too small for an empty store"));
    STORE.set(Some(store));
    with_store(|_| ());
    log::installed();
    wake_in(0);
}

/// Opens the store of an earlier release. A trap leaves that release in place.
pub fn open(settings: Option<Vec<Setting>>) {
    let store = Store::open(DefaultMemoryImpl::default(), Capacity::default())
        .unwrap_or_else(|error| ic_cdk::trap(error.to_string()));
    STORE.set(Some(store));
    if let Some(settings) = settings {
        changed(with_kept(|store| *store.settings()), &settings);
        let version = with_store(|store| store.set_settings(&settings, now()))
            .unwrap_or_else(|error| ic_cdk::trap(format!("{error:?}")));
        log::settings(version, None, &settings);
    }
    log::upgraded(with_kept(|store| store.rebuild_progress().map_or(0, |progress| progress.total)));
    // If the first step of the rebuild fails, the upgrade is refused: the earlier release stays in place.
    rebuild_step().unwrap_or_else(|error| ic_cdk::trap(error.to_string()));
    with_kept(arm);
}

/// Settings with some of them replaced. Traps if they are not possible.
fn changed(mut settings: Configuration, new: &[Setting]) -> Configuration {
    let checked =
        settings.apply(new).and_then(|()| check_policies(settings.reads, settings.writes, everybody_controls()));
    checked.unwrap_or_else(|error| ic_cdk::trap(format!("{error:?}")));
    settings
}

/// True if the anonymous principal controls the canister, so everybody does.
pub fn everybody_controls() -> bool {
    ic_cdk::api::is_controller(&Principal::anonymous())
}

/// Runs one piece of background work: a step of a rebuild, the request for randomness, or a piece of clearing away.
pub fn on_global_timer() {
    if with_kept(|store| store.rebuild_failure().is_some()) {
        // The timer was armed before the rebuild failed.
    } else if with_kept(|store| store.rebuild_progress().is_some()) {
        rebuild();
    } else if !with_kept(Store::has_salt) {
        request_randomness();
    } else {
        with_store(|store| {
            let is_within = || ic_cdk::api::instruction_counter() < SWEEP_INSTRUCTIONS;
            store.drop_excluded(now());
            store.sweep_while(is_within);
            store.erase_while(is_within);
            if let Err(damaged) = store.forget_while(now(), is_within) {
                log::not_forgotten(damaged);
            }
            arm(store);
        });
        watch_cycles();
    }
}

/// The platform calls this once each time that the heap comes close to its limit.
pub fn on_low_memory() {
    with_store(Store::set_low_memory);
    log::low_memory();
}

/// Asks the platform for randomness.
fn request_randomness() {
    if randomness::request(on_randomness, on_none).is_err() {
        wake_in(RANDOMNESS_RETRY);
    }
}

/// Keeps the first randomness. A second may arrive if an upgrade came between request and reply.
extern "C" fn on_randomness(_: usize) {
    match randomness::received() {
        Some(random) => with_store(|store| store.set_randomness(&random)),
        None => wake_in(RANDOMNESS_RETRY),
    }
}

extern "C" fn on_none(_: usize) {
    wake_in(RANDOMNESS_RETRY);
}

/// Runs one step of a rebuild; the timer runs the next one. A step that fails does not trap. The store remembers the
/// reason, status and log report it, and reads that need no index go on.
fn rebuild() {
    if let Err(error) = rebuild_step() {
        log::rebuild_stopped(error);
    }
    with_kept(arm);
}

/// Runs one step of a rebuild, and logs the end of the rebuild if it was the last step.
fn rebuild_step() -> Result<(), RebuildError> {
    let was_rebuilding = with_kept(|store| store.rebuild_progress().is_some());
    if with_store(Store::rebuild_step)? == Rebuilt::Done && was_rebuilding {
        log::rebuilt(with_kept(Store::index_entries));
    }
    Ok(())
}

fn wake_in(nanoseconds: u64) {
    wake_at(ic_cdk::api::time() + nanoseconds);
}

fn wake_at(nanoseconds: u64) {
    ic_cdk::api::global_timer_set(nanoseconds);
    ARMED.set(nanoseconds);
}
