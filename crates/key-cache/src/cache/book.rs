//! The state of a cache under one lock, and the consequences of changing it.

use super::flights::{Flights, Launch, Outcome, Waiter};
use super::live::Live;
use super::stats::Stats;
use crate::clock::nanos;
use crate::key::Entry;
use crate::{Generation, KeyId};
use futures_channel::oneshot;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The longest sleep of the keeper while the cache holds anything. It is half of the second within which a key is
/// wiped, because the sleep does not continue while the machine is suspended.
pub(super) const TICK: Duration = Duration::from_millis(500);

/// Everything that changes.
pub(super) struct Book<E> {
    pub(super) live: Live,
    pub(super) flights: Flights<E>,
    /// The lowest generation of an id that is not retired.
    pub(super) floors: HashMap<KeyId, Generation>,
    pub(super) stats: Stats,
    pub(super) next_serial: u64,
    /// The time until which the keeper sleeps.
    pub(super) asleep_until: u64,
    pub(super) closed: bool,
}

/// The consequences of a transition.
pub(super) struct After<E> {
    pub(super) launches: Vec<Launch>,
    pub(super) answers: Vec<(Vec<Waiter<E>>, Outcome<E>)>,
    /// Tasks of flights that ended.
    pub(super) stops: Vec<oneshot::Sender<()>>,
    /// Keys to be dropped.
    pub(super) dropped: Vec<Arc<Entry>>,
}

impl<E> Default for Book<E> {
    fn default() -> Self {
        Self {
            live: Live::default(),
            flights: Flights::default(),
            floors: HashMap::new(),
            stats: Stats::default(),
            next_serial: 0,
            asleep_until: 0,
            closed: false,
        }
    }
}

impl<E> Default for After<E> {
    fn default() -> Self {
        Self { launches: vec![], answers: vec![], stops: vec![], dropped: vec![] }
    }
}

impl<E> Book<E> {
    /// When the keeper has something to do next. None: the cache holds nothing.
    pub(super) fn due(&self, now: u64) -> Option<u64> {
        let tick = now.saturating_add(nanos(TICK));
        let kept = !self.live.is_empty() || self.flights.len() > 0;
        kept.then(|| self.live.first_end().into_iter().chain(self.flights.due()).fold(tick, u64::min))
    }
}
