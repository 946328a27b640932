//! Counts of everything that a cache did.

#![allow(clippy::indexing_slicing, reason = "there is a counter for each bound and one more")]

use std::time::Duration;

/// Upper bounds of [`Stats::unwrap_times`], in milliseconds; a last count has no bound.
pub const UNWRAP_TIME_BOUNDS: [u64; 11] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000];

/// The counts of a cache since it was made, and its contents. Counts of calls and keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Callers who had their key from the cache at once.
    pub hits: u64,
    /// Callers who did not.
    pub misses: u64,
    /// Of those, the callers who waited for a flight that another had started.
    pub joined: u64,
    /// Flights: unwrappings and generations that were begun, each with up to three tasks.
    pub flights: u64,
    /// Flights that ended with the manager's error.
    pub errors: u64,
    /// Flights that ended at their deadline.
    pub timeouts: u64,
    /// Tasks that panicked or were dropped, and were replaced.
    pub replaced: u64,
    /// Flights that ended because three tasks were lost.
    pub lost: u64,
    /// Callers refused because there were too many flights.
    pub busy: u64,
    /// Keys not cached: invalidated while they were unwrapped, or generated for callers who had all vanished.
    pub stale_dropped: u64,
    /// Answers dropped, because their flight had ended.
    pub late_dropped: u64,
    /// Wrappings that held another key than the one cached.
    pub conflicts: u64,
    /// New wrappings that the manager returned.
    pub rewrapped: u64,
    /// Keys removed from the cache.
    pub removed: Removed,
    /// Keys in the cache.
    pub live: usize,
    /// Keys removed from the cache to make room, and still referred to. They end at their age.
    pub outliving: usize,
    /// Keys being unwrapped.
    pub in_flight: usize,
    /// Calls of the manager by the time to their answer: see [`UNWRAP_TIME_BOUNDS`].
    pub unwrap_times: [u64; UNWRAP_TIME_BOUNDS.len() + 1],
}

/// The reason why keys were removed from the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Their age was over.
    pub aged: u64,
    /// Others needed the room.
    pub lru: u64,
    /// Their uses were used up.
    pub used: u64,
    /// They were invalidated, retired or cleared.
    pub invalidated: u64,
}

impl Stats {
    pub(super) fn answered(&mut self, after: Duration) {
        let millis = after.as_millis();
        self.unwrap_times[UNWRAP_TIME_BOUNDS.partition_point(|&bound| u128::from(bound) < millis)] += 1;
    }
}
