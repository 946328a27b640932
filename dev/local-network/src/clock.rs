//! The machine's clock.

use std::time::SystemTime;

use local_ic::Time;

/// The present time.
pub fn now() -> Time {
    Time::from(SystemTime::now())
}

/// The same in nanoseconds since the Unix epoch.
pub fn nanos() -> u64 {
    now().as_nanos_since_unix_epoch()
}
