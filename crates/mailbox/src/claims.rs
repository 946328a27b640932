//! Claims: only one process at a time does work that need not be done twice.
//!
//! A claim holds for 30 seconds of the time since boot, and its work renews it. Then another process can take over the claim of
//! a stopped process. It takes over the claim of a killed process at once. A stopped process that continues does no harm,
//! because the work may be done twice: sealed messages are added again as duplicates, and lines are printed again.

use crate::Error;
use crate::records::{Claim, Rows, delete, put};
use crypto_store::{Holder, HolderState, Store, Tx};
use rustix::time::{ClockId, clock_gettime};
use std::path::Path;

/// Lifetime of a claim in milliseconds.
const HOLDS: u64 = 30_000;
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// A claim that this process holds.
pub(crate) struct Claimed {
    key: Vec<u8>,
    claim: Claim,
}

/// Takes a claim on a task. `None`: another process holds it.
pub(crate) async fn claim(store: &Store, what: &[u8]) -> Result<Option<Claimed>, Error> {
    let key = [b"claim", what].concat();
    let path = Path::new(BOOT_ID);
    let boot = std::fs::read_to_string(path).map_err(|error| Error::Io { path: path.into(), error })?;
    let claim = Claim { boot, process: Holder::own_record(), holder: crate::random()?, until: 0 };
    let claimed = Claimed { key, claim };
    let (key, claim) = (claimed.key.clone(), claimed.claim.clone());
    let is_taken: bool = store
        .write(move |tx| {
            let held = tx.record::<Claim>(&key)?;
            let is_free = held.is_none_or(|held| is_over(&held, &claim));
            if is_free {
                put(tx, &key, &from_now(&claim))?;
            }
            Ok::<_, Error>(is_free)
        })
        .await?;
    Ok(is_taken.then_some(claimed))
}

impl Claimed {
    /// Renews the claim in the transaction of the task.
    pub fn renew(&self) -> impl FnOnce(&mut Tx<'_>) -> Result<(), Error> + Send + 'static {
        let (key, claim) = (self.key.clone(), self.claim.clone());
        move |tx| match tx.record::<Claim>(&key)? {
            Some(held) if held.holder == claim.holder => put(tx, &key, &from_now(&claim)),
            _ => Ok(()),
        }
    }

    /// Gives the claim up, unless it was taken over.
    pub async fn release(self, store: &Store) -> Result<(), Error> {
        store
            .write(move |tx| match tx.record::<Claim>(&self.key)? {
                Some(held) if held.holder == self.claim.holder => delete::<Claim>(tx, &self.key),
                _ => Ok(()),
            })
            .await
    }
}

fn from_now(claim: &Claim) -> Claim {
    Claim { until: now() + HOLDS, ..claim.clone() }
}

/// Whether a claim has ended, so that another process may take it.
fn is_over(claim: &Claim, other: &Claim) -> bool {
    let is_gone = || Holder::of(&claim.process).is_none_or(|holder| holder.state == HolderState::Gone);
    claim.boot != other.boot || claim.until <= now() || is_gone()
}

/// Milliseconds since boot, including sleep.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec as u64 * 1_000 + time.tv_nsec as u64 / 1_000_000
}
