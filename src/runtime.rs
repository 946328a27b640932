//! The one store of this canister, and what takes more than one message: drawing the seed, rebuilding the indexes.

use crate::api::Settings;
use crate::store::{Capacity, MessageStore, Rebuilt, Seed, check_settings};
use candid::Principal;
use ic_cdk::call::Call;
use ic_stable_structures::DefaultMemoryImpl;
use std::cell::RefCell;
use std::time::Duration;

type Store = MessageStore<DefaultMemoryImpl>;

/// How long to wait after the platform failed to give randomness.
const SEED_RETRY: Duration = Duration::from_secs(1);

thread_local! {
    static STORE: RefCell<Option<Store>> = const { RefCell::new(None) };
}

/// Reads the store.
pub fn read<T>(read: impl FnOnce(&Store) -> T) -> T {
    STORE.with_borrow(|store| read(store.as_ref().unwrap_or_else(|| ic_cdk::trap("no store"))))
}

/// Changes the store.
pub fn change<T>(change: impl FnOnce(&mut Store) -> T) -> T {
    STORE.with_borrow_mut(|store| change(store.as_mut().unwrap_or_else(|| ic_cdk::trap("no store"))))
}

/// Unix seconds.
pub fn now() -> u32 {
    u32::try_from(ic_cdk::api::time() / 1_000_000_000).unwrap_or(u32::MAX)
}

/// Lays out an empty store, or traps: stable memory that holds anything is never written anew.
pub fn create(settings: Option<Settings>) {
    let settings = settings.unwrap_or_default();
    check_settings(&settings).unwrap_or_else(|error| ic_cdk::trap(format!("{error:?}")));
    let store = Store::create(DefaultMemoryImpl::default(), settings, Capacity::default())
        .unwrap_or_else(|_| ic_cdk::trap("stable memory is too small for an empty store"));
    STORE.set(Some(store));
    draw_seed_in(Duration::ZERO);
}

/// Opens the store that an earlier release left, or traps and so leaves that release in place.
pub fn open(settings: Option<Settings>) {
    let store = Store::open(DefaultMemoryImpl::default(), Capacity::default())
        .unwrap_or_else(|error| ic_cdk::trap(error.to_string()));
    let has_seed = store.has_seed();
    STORE.set(Some(store));
    if let Some(settings) = settings {
        change(|store| store.set_settings(settings)).unwrap_or_else(|error| ic_cdk::trap(format!("{error:?}")));
    }
    rebuild();
    if !has_seed {
        draw_seed_in(Duration::ZERO);
    }
}

/// One step of a rebuild; the next one follows in a message of its own.
fn rebuild() {
    match change(Store::rebuild_step) {
        Ok(Rebuilt::Done) => {}
        Ok(Rebuilt::Unfinished) => {
            ic_cdk_timers::set_timer(Duration::ZERO, async { rebuild() });
        }
        Err(error) => ic_cdk::trap(error.to_string()),
    }
}

fn draw_seed_in(delay: Duration) {
    ic_cdk_timers::set_timer(delay, draw_seed());
}

async fn draw_seed() {
    match raw_rand().await {
        Some(seed) => {
            change(|store| store.set_seed(seed));
            rebuild();
        }
        None => draw_seed_in(SEED_RETRY),
    }
}

/// The platform's randomness; `None` where the call failed.
async fn raw_rand() -> Option<Seed> {
    let response = Call::unbounded_wait(Principal::management_canister(), "raw_rand").await.ok()?;
    let bytes: serde_bytes::ByteBuf = response.candid().ok()?;
    Some(Seed(bytes.into_vec().try_into().ok()?))
}
