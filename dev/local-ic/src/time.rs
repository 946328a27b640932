//! Points in time, as PocketIC's client writes them.

use std::fmt;
use std::ops::Add;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: nanoseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(u64);

impl Time {
    /// The point `nanos` nanoseconds after the Unix epoch.
    pub const fn from_nanos_since_unix_epoch(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn as_nanos_since_unix_epoch(&self) -> u64 {
        self.0
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    /// # Panics
    ///
    /// Past the year 2554, where 64 bits of nanoseconds end.
    fn add(self, duration: Duration) -> Time {
        let nanos = u64::try_from(duration.as_nanos()).ok();
        Time(nanos.and_then(|n| self.0.checked_add(n)).expect("time fits 64 bits of nanoseconds"))
    }
}

impl From<SystemTime> for Time {
    /// # Panics
    ///
    /// Before 1970.
    fn from(time: SystemTime) -> Self {
        Time(0) + time.duration_since(UNIX_EPOCH).expect("time is after 1970")
    }
}
