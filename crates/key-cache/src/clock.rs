//! Time since boot, which continues while the machine is suspended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[cfg(any(target_os = "linux", target_os = "android"))]
const BOOT: rustix::time::ClockId = rustix::time::ClockId::Boottime;
/// The system's monotonic clock counts suspension on macOS; on other systems it may not.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const BOOT: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

/// A clock that stands still until it is told to advance, for tests.
///
/// Clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock(Arc<AtomicU64>);

impl VirtualClock {
    /// A clock at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Advances the clock. Nothing else happens: see [`KeyCache::turn`](crate::KeyCache::turn).
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(nanos(by), Ordering::SeqCst);
    }
}

/// The clock of one cache.
#[derive(Clone)]
pub(crate) enum Clock {
    Boot,
    Virtual(VirtualClock),
}

impl Clock {
    /// Nanoseconds since boot.
    pub(crate) fn now(&self) -> u64 {
        match self {
            Clock::Boot => {
                let time = rustix::time::clock_gettime(BOOT);
                (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
            }
            Clock::Virtual(clock) => clock.0.load(Ordering::SeqCst),
        }
    }
}

/// Nanoseconds of a duration, at most 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
