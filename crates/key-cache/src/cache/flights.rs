//! The unwrappings in progress, and those that wait for their back-off.
//!
//! A flight is the unwrapping of one key. All callers that ask for the key meanwhile share it. A flight has a number.
//! An answer with a number or attempt that no longer exists is late, and dropped. Callers join a flight through
//! `joinable`. A flight that was removed from it still answers the callers that asked before, but its key is not
//! cached.

use super::live::Which;
use crate::{Key, KeyError, KeyName, WrappedKey, Wrapping};
use futures_channel::oneshot;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A task for a manager.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Work {
    Generate,
    Unwrap(Wrapping),
}

/// Two wrappings of one key are two jobs, because one may be damaged and the other not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Job {
    pub(super) name: KeyName,
    pub(super) work: Work,
}

/// The end of a flight, as all its waiters see it.
pub(super) type Outcome<E> = Result<Landed, KeyError<E>>;
pub(super) type Waiter<E> = oneshot::Sender<Outcome<E>>;

#[derive(Clone)]
pub(super) struct Landed {
    pub(super) key: Key,
    /// The wrapping of a key that was generated.
    pub(super) generated: Option<WrappedKey>,
}

pub(super) struct Flight<E> {
    pub(super) job: Job,
    pub(super) attempt: u32,
    pub(super) waiters: Vec<Waiter<E>>,
    deadline: u64,
    /// Dropping it ends the present task. That wakes the task, so it must be dropped without a lock.
    pub(super) stop: Option<oneshot::Sender<()>>,
    /// The length of `waiters` at which vanished waiters are removed.
    crowded: usize,
}

impl<E> Flight<E> {
    fn join(&mut self, waiter: Waiter<E>) {
        if self.waiters.len() >= self.crowded {
            self.waiters.retain(|waiter| !waiter.is_canceled());
            self.crowded = 2 * self.waiters.len().max(32);
        }
        self.waiters.push(waiter);
    }
}

/// A task to be started: the next attempt of a flight.
pub(super) struct Launch {
    pub(super) number: u64,
    pub(super) attempt: u32,
    pub(super) job: Job,
    pub(super) stop: oneshot::Receiver<()>,
}

pub(super) struct Flights<E> {
    /// By number, which is also the order of deadlines.
    open: BTreeMap<u64, Flight<E>>,
    joinable: HashMap<Job, u64>,
    /// (time, number) of the flights to be launched at that time.
    waiting: BTreeSet<(u64, u64)>,
    /// The time until which a failed job is not tried again.
    resting: HashMap<Job, u64>,
    next: u64,
    /// Tasks that were launched and are not dropped.
    pub(super) tasks: usize,
}

impl<E> Default for Flights<E> {
    fn default() -> Self {
        Self {
            open: BTreeMap::new(),
            joinable: HashMap::new(),
            waiting: BTreeSet::new(),
            resting: HashMap::new(),
            next: 0,
            tasks: 0,
        }
    }
}

impl<E> Flights<E> {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The number that a new flight would get.
    pub(super) fn crowd(&self) -> usize {
        self.open.len().max(self.tasks)
    }

    /// Adds `waiter` to the flight of this job, or returns it if there is no such flight.
    pub(super) fn join(&mut self, job: &Job, waiter: Waiter<E>) -> Result<(), Waiter<E>> {
        match self.joinable.get(job).and_then(|number| self.open.get_mut(number)) {
            Some(flight) => {
                flight.join(waiter);
                Ok(())
            }
            None => Err(waiter),
        }
    }

    /// A new flight. It is launched now or after its back-off.
    pub(super) fn start(&mut self, job: Job, waiter: Waiter<E>, now: u64, deadline: u64) {
        let number = self.next;
        self.next += 1;
        self.waiting.insert((self.resting.get(&job).map_or(now, |&until| until.max(now)), number));
        self.joinable.insert(job.clone(), number);
        let flight = Flight { job, attempt: 1, waiters: vec![waiter], deadline, stop: None, crowded: 64 };
        self.open.insert(number, flight);
    }

    /// The flights whose launch time has come.
    pub(super) fn launch(&mut self, now: u64) -> Vec<Launch> {
        let mut launches = Vec::new();
        while let Some(&(at, number)) = self.waiting.first()
            && at <= now
        {
            self.waiting.pop_first();
            let Some(flight) = self.open.get_mut(&number) else { continue };
            let (sender, stop) = oneshot::channel();
            flight.stop = Some(sender);
            launches.push(Launch { number, attempt: flight.attempt, job: flight.job.clone(), stop });
        }
        self.tasks += launches.len();
        launches
    }

    /// Launches a flight once more whose attempt was lost. Returns the handle that stops that attempt. None if the
    /// attempt is already over.
    pub(super) fn replace(&mut self, number: u64, attempt: u32, now: u64) -> Option<oneshot::Sender<()>> {
        let flight = self.open.get_mut(&number).filter(|flight| flight.attempt == attempt)?;
        flight.attempt += 1;
        self.waiting.insert((now, number));
        flight.stop.take()
    }

    /// Ends a flight. None if this attempt of it is already over. The bool tells whether callers could still join it.
    pub(super) fn land(&mut self, number: u64, attempt: u32) -> Option<(Flight<E>, bool)> {
        self.open.get(&number).filter(|flight| flight.attempt == attempt)?;
        let flight = self.open.remove(&number)?;
        let joinable = self.joinable.get(&flight.job) == Some(&number);
        if joinable {
            self.joinable.remove(&flight.job);
        }
        Some((flight, joinable))
    }

    /// Makes callers wait until that time before a failed job is tried again. It remembers at most `limit` jobs.
    pub(super) fn rest(&mut self, job: Job, until: u64, limit: usize) {
        if self.resting.len() < limit || self.resting.contains_key(&job) {
            self.resting.insert(job, until);
        }
    }

    /// Ends the flights whose deadline has passed. The bool of each tells whether callers could still join it.
    pub(super) fn take_overdue(&mut self, now: u64) -> Vec<(Flight<E>, bool)> {
        self.resting.retain(|_, until| *until > now);
        let mut overdue = Vec::new();
        while let Some((&number, flight)) = self.open.first_key_value()
            && flight.deadline <= now
        {
            let attempt = flight.attempt;
            overdue.extend(self.land(number, attempt));
        }
        if !overdue.is_empty() {
            self.waiting.retain(|(_, number)| self.open.contains_key(number));
        }
        overdue
    }

    /// Callers can no longer join these flights, and their keys will not be cached.
    pub(super) fn detach(&mut self, which: &Which) {
        self.joinable.retain(|job, _| !which.has(&job.name));
    }

    /// Removes all flights. None of them can end any more.
    pub(super) fn close(&mut self) -> impl Sized + use<E> {
        self.joinable.clear();
        self.waiting.clear();
        std::mem::take(&mut self.open)
    }

    /// When there is something to do next.
    pub(super) fn due(&self) -> Option<u64> {
        let deadline = self.open.first_key_value().map(|(_, flight)| flight.deadline);
        let launch = self.waiting.first().map(|&(at, _)| at);
        deadline.into_iter().chain(launch).min()
    }
}
