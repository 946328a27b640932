//! The one store of this canister, and what it does without being asked: rebuilding its indexes, drawing its seed,
//! dropping what has become too old and sweeping up behind what was dropped.
//!
//! All of it hangs on the global timer. Every install and upgrade arms it while something is to be done, and so does
//! every call that changes the store, for a trap in the timer's own message takes back that it armed itself again. No
//! state of this is kept but the store's own, and what the timer was set to, so as not to set it anew: it makes no
//! difference in which message an upgrade comes between.

use ic_stable_structures::DefaultMemoryImpl;
use message_canister::api::Settings;
use message_canister::limits::SWEEP_INSTRUCTIONS;
use message_canister::store::{Capacity, MessageStore, Seed, View, check_settings};
use serde_bytes::ByteBuf;
use std::cell::{Cell, RefCell};

type Store = MessageStore<DefaultMemoryImpl>;

const NANOSECONDS: u64 = 1_000_000_000;
/// How long to wait after the platform failed to give randomness.
const SEED_RETRY: u64 = NANOSECONDS;

thread_local! {
    static STORE: RefCell<Option<Store>> = const { RefCell::new(None) };
    /// What the timer was last set to.
    static ARMED: Cell<u64> = const { Cell::new(0) };
}

/// Reads the store as it is now.
pub fn read<T>(read: impl FnOnce(&View<'_, DefaultMemoryImpl>) -> T) -> T {
    with_kept(|store| read(&store.view(now)))
}

/// Looks at the store as it is kept, whatever the time.
fn with_kept<T>(look: impl FnOnce(&Store) -> T) -> T {
    STORE.with_borrow(|store| look(store.as_ref().unwrap_or_else(|| ic_cdk::trap("no store"))))
}

/// Changes the store for a caller, and sees to it that what is still to be done will be.
pub fn change<T>(change: impl FnOnce(&mut Store) -> T) -> T {
    with_store(|store| {
        let changed = change(store);
        arm(store);
        changed
    })
}

fn with_store<T>(change: impl FnOnce(&mut Store) -> T) -> T {
    STORE.with_borrow_mut(|store| change(store.as_mut().unwrap_or_else(|| ic_cdk::trap("no store"))))
}

/// Arms the timer for the next moment at which something is to be done without being asked, if there is one.
fn arm(store: &Store) {
    if store.rebuild_progress().is_some() || !store.has_seed() || store.backlog_kept() > 0 {
        wake_in(0);
    } else if let Some(second) = store.next_expiry_sweep() {
        let due = second.saturating_mul(NANOSECONDS);
        // A timer set for a past time has already fired.
        if ARMED.get() != due || due <= ic_cdk::api::time() {
            wake_at(due);
        }
    }
}

/// Unix seconds.
pub fn now() -> u32 {
    u32::try_from(ic_cdk::api::time() / NANOSECONDS).unwrap_or(u32::MAX)
}

/// Lays out an empty store, or traps: stable memory that holds anything is never written anew.
pub fn create(settings: Option<Settings>) {
    let settings = settings.unwrap_or_default();
    check_settings(&settings).unwrap_or_else(|error| ic_cdk::trap(format!("{error:?}")));
    let store = Store::create(DefaultMemoryImpl::default(), settings, Capacity::default())
        .unwrap_or_else(|_| ic_cdk::trap("stable memory is too small for an empty store"));
    STORE.set(Some(store));
    wake_in(0);
}

/// Opens the store that an earlier release left, or traps and so leaves that release in place.
pub fn open(settings: Option<Settings>) {
    let store = Store::open(DefaultMemoryImpl::default(), Capacity::default())
        .unwrap_or_else(|error| ic_cdk::trap(error.to_string()));
    STORE.set(Some(store));
    if let Some(settings) = settings {
        with_store(|store| store.set_settings(settings, now()))
            .unwrap_or_else(|error| ic_cdk::trap(format!("{error:?}")));
    }
    rebuild();
}

/// What the global timer runs: another step of a rebuild, the request for a seed, or a sweep.
pub fn on_global_timer() {
    if with_kept(|store| store.rebuild_progress().is_some()) {
        rebuild();
    } else if !with_kept(Store::has_seed) {
        request_seed();
    } else {
        with_store(|store| {
            store.drop_excluded(now());
            store.sweep_while(|| ic_cdk::api::instruction_counter() < SWEEP_INSTRUCTIONS);
            arm(store);
        });
    }
}

/// Asks the platform for randomness.
///
/// The callbacks carry no state. A future would leave a pointer into this heap with the platform, and an upgrade before
/// the reply would hand it to a heap that knows nothing of it.
fn request_seed() {
    // SAFETY: both callbacks ignore their environment, so they are sound whenever they come.
    unsafe { ic0::call_new(&[], "raw_rand", on_seed, 0, on_no_seed, 0) };
    ic0::call_data_append(b"DIDL\0\0");
    if ic0::call_perform() != 0 {
        wake_in(SEED_RETRY);
    }
}

/// Keeps the first seed that comes; a second one may, where an upgrade came between request and reply.
extern "C" fn on_seed(_: usize) {
    if with_kept(Store::has_seed) {
        return;
    }
    let bytes = candid::decode_one(&ic_cdk::api::msg_arg_data()).map(ByteBuf::into_vec);
    match bytes.ok().and_then(|bytes| bytes.try_into().ok()) {
        Some(seed) => {
            with_store(|store| store.set_seed(Seed(seed)));
            rebuild();
        }
        None => wake_in(SEED_RETRY),
    }
}

extern "C" fn on_no_seed(_: usize) {
    wake_in(SEED_RETRY);
}

/// One step of a rebuild. What is left to do, the timer does in a message of its own.
fn rebuild() {
    with_store(Store::rebuild_step).unwrap_or_else(|error| ic_cdk::trap(error.to_string()));
    with_kept(arm);
}

fn wake_in(nanoseconds: u64) {
    wake_at(ic_cdk::api::time() + nanoseconds);
}

fn wake_at(nanoseconds: u64) {
    ic_cdk::api::global_timer_set(nanoseconds);
    ARMED.set(nanoseconds);
}
