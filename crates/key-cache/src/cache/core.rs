//! The transitions of a cache. Each happens under the book's lock. Its consequences follow when the lock is free.
//!
//! Order of locks: the book, then a shard of [`Hits`]. No foreign code runs under them: no waker, no manager, no
//! runtime.

use super::book::{After, Book};
use super::flights::{Flight, Job, Landed, Outcome, Waiter, Work};
use super::hits::Hits;
use super::leader;
use super::limits::Limits;
use super::live::Which;
use super::stats::Stats;
use crate::clock::{Clock, nanos};
use crate::key::{Birth, Entry};
use crate::sync::{Condvar, Mutex, lock};
use crate::{Generation, Key, KeyError, KeyId, KeyManager, KeyName, Runtime, Secret, WrappedKey, Wrapping};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// Tasks that a flight may have: the first, and two that replace lost ones.
const ATTEMPTS: u32 = 3;

pub(super) struct Core<M: KeyManager> {
    pub(super) manager: M,
    pub(super) clock: Clock,
    pub(super) hits: Hits,
    pub(super) book: Mutex<Book<M::Error>>,
    /// Wakes the keeper.
    pub(super) bell: Condvar,
    limits: Limits,
    runtime: Runtime,
}

/// A manager's answer.
pub(super) struct Answer {
    pub(super) secret: Secret,
    /// The wrapping of the generated key, or a newer wrapping of the unwrapped key.
    pub(super) wrapping: Option<Wrapping>,
}

impl<M: KeyManager> Core<M> {
    pub(super) fn new(manager: M, limits: Limits, runtime: Runtime, clock: Clock) -> Self {
        let book = Book::default();
        Self { manager, clock, hits: Hits::new(), book: Mutex::new(book), bell: Condvar::new(), limits, runtime }
    }

    /// Answers `waiter`, at once or later.
    pub(super) fn ask(self: &Arc<Self>, job: Job, waiter: Waiter<M::Error>) {
        self.change(|core, book, after, now| {
            let answer = match core.admit(book, after, &job, now) {
                Ok(None) => match book.flights.join(&job, waiter) {
                    Ok(()) => return book.stats.joined += 1,
                    Err(waiter) if book.flights.crowd() < core.limits.flights => {
                        book.stats.flights += 1;
                        let deadline = now.saturating_add(nanos(core.limits.deadline));
                        return book.flights.start(job, waiter, now, deadline);
                    }
                    Err(waiter) => {
                        book.stats.busy += 1;
                        (vec![waiter], Err(KeyError::Busy { limit: core.limits.flights }))
                    }
                },
                Ok(Some(key)) => (vec![waiter], Ok(Landed { key, generated: None })),
                Err(error) => (vec![waiter], Err(error)),
            };
            after.answers.push(answer);
        });
    }

    /// The key, if it has come into the cache since the caller missed it. An error, if it may not come into the cache.
    fn admit(
        &self,
        book: &mut Book<M::Error>,
        after: &mut After<M::Error>,
        job: &Job,
        now: u64,
    ) -> Result<Option<Key>, KeyError<M::Error>> {
        book.stats.misses += 1;
        let name = job.name;
        if let Some(&below) = book.floors.get(&name.id)
            && name.generation < below
        {
            return Err(KeyError::Retired { name, below });
        }
        self.remove_ended(book, after, &name, now);
        match (book.live.get(&name), &job.work) {
            (Some(_), Work::Generate) => Err(KeyError::Exists { name }),
            (entry, _) => Ok(entry.cloned().map(Key::new)),
        }
    }

    fn remove_ended(&self, book: &mut Book<M::Error>, after: &mut After<M::Error>, name: &KeyName, now: u64) {
        if let Some(entry) = book.live.get(name).filter(|entry| !entry.usable(now)).cloned() {
            *(if entry.end <= now { &mut book.stats.removed.aged } else { &mut book.stats.removed.used }) += 1;
            book.live.remove(name, &self.hits);
            entry.end();
            after.dropped.push(entry);
        }
    }

    /// Handles the answer of a flight's task.
    pub(super) fn land(
        self: &Arc<Self>,
        number: u64,
        attempt: u32,
        took: Duration,
        answer: Result<Answer, Arc<M::Error>>,
    ) {
        self.change(move |core, book, after, now| {
            book.stats.answered(took);
            let Some((flight, joinable)) = book.flights.land(number, attempt) else {
                book.stats.late_dropped += 1;
                return Some(answer);
            };
            let outcome = match answer {
                Ok(answer) => core.insert(book, after, &flight, joinable, answer, now),
                Err(error) => {
                    book.stats.errors += 1;
                    Err(KeyError::Manager(error))
                }
            };
            core.finish(book, after, flight, joinable, outcome, now);
            None
        });
    }

    /// Handles a flight's task that panicked or was dropped.
    pub(super) fn lose(self: &Arc<Self>, number: u64, attempt: u32) {
        self.change(|core, book, after, now| {
            if attempt < ATTEMPTS {
                let stop = book.flights.replace(number, attempt, now);
                book.stats.replaced += u64::from(stop.is_some());
                after.stops.extend(stop);
            } else if let Some((flight, joinable)) = book.flights.land(number, attempt) {
                book.stats.lost += 1;
                let outcome = Err(KeyError::LeaderLost { attempts: ATTEMPTS });
                core.finish(book, after, flight, joinable, outcome, now);
            }
        });
    }

    /// Handles the end of a task.
    pub(super) fn task_dropped(self: &Arc<Self>) {
        lock(&self.book).flights.tasks -= 1;
    }

    /// Caches a key if that is allowed, and makes the answer for its callers.
    fn insert(
        &self,
        book: &mut Book<M::Error>,
        after: &mut After<M::Error>,
        flight: &Flight<M::Error>,
        joinable: bool,
        answer: Answer,
        now: u64,
    ) -> Outcome<M::Error> {
        let name = flight.job.name;
        let generates = flight.job.work == Work::Generate;
        self.remove_ended(book, after, &name, now);
        if joinable && let Some(entry) = book.live.get(&name) {
            if generates || !entry.holds(&answer.secret) {
                book.stats.conflicts += 1;
                return Err(KeyError::Conflict { name });
            }
            return Ok(Landed { key: Key::new(entry.clone()), generated: None });
        }
        let (generated, rewrapped) = match (generates, answer.wrapping) {
            (true, wrapping) => (wrapping.map(|wrapping| WrappedKey { name, wrapping }), None),
            (false, rewrapped) => (None, rewrapped),
        };
        book.stats.rewrapped += u64::from(rewrapped.is_some());
        book.next_serial += 1;
        let birth = Birth {
            name,
            serial: book.next_serial,
            now,
            end: now.saturating_add(nanos(self.limits.max_age)),
            max_uses: self.limits.max_uses,
            rewrapped,
            clock: self.clock.clone(),
        };
        let entry = Arc::new(Entry::new(birth, answer.secret));
        // A generated key is useless if nobody has its wrapping, and it would be in the way of the next one.
        let wanted = !generates || flight.waiters.iter().any(|waiter| !waiter.is_canceled());
        if joinable && wanted {
            self.make_room(book, after);
            book.live.insert(entry.clone(), &self.hits);
        } else {
            book.stats.stale_dropped += 1;
            // Its callers are about to use it.
            book.live.outlive(entry.clone());
        }
        Ok(Landed { key: Key::new(entry), generated })
    }

    fn make_room(&self, book: &mut Book<M::Error>, after: &mut After<M::Error>) {
        while book.live.len() >= self.limits.entries
            && let Some(entry) = book.live.evict(&self.hits)
        {
            book.stats.removed.lru += 1;
            after.dropped.extend(book.live.outlive(entry));
        }
    }

    /// Answers all callers that wait for a flight that has ended. If it failed, its job must wait before the next
    /// attempt.
    fn finish(
        &self,
        book: &mut Book<M::Error>,
        after: &mut After<M::Error>,
        flight: Flight<M::Error>,
        joinable: bool,
        outcome: Outcome<M::Error>,
        now: u64,
    ) {
        if joinable && outcome.is_err() {
            let until = now.saturating_add(nanos(self.limits.back_off));
            book.flights.rest(flight.job.clone(), until, self.limits.flights);
        }
        after.answers.push((flight.waiters, outcome));
        after.stops.extend(flight.stop);
    }

    /// Ends keys. Keys that are being unwrapped will not be cached.
    pub(super) fn invalidate(self: &Arc<Self>, which: Which) {
        self.change(|core, book, after, _| core.invalidate_in(book, after, &which));
    }

    fn invalidate_in(&self, book: &mut Book<M::Error>, after: &mut After<M::Error>, which: &Which) {
        book.flights.detach(which);
        let (cached, outliving) = book.live.take(which, &self.hits);
        book.stats.removed.invalidated += cached.len() as u64;
        cached.iter().chain(&outliving).for_each(|entry| entry.end());
        after.dropped.extend(cached.into_iter().chain(outliving));
    }

    /// Raises the floor of an id. False if no more floors can be remembered. The keys have ended in both cases.
    pub(super) fn retire(self: &Arc<Self>, id: KeyId, below: Generation) -> bool {
        self.change(|core, book, after, _| {
            core.invalidate_in(book, after, &Which::Below(id, below));
            let known = book.floors.contains_key(&id);
            if !known && book.floors.len() >= core.limits.retired {
                return false;
            }
            let floor = book.floors.entry(id).or_default();
            *floor = below.max(*floor);
            true
        })
    }

    /// Does the work that is due: ends keys, ends overdue flights, launches waiting flights.
    pub(super) fn turn(self: &Arc<Self>) {
        self.change(|core, book, after, now| {
            let (aged, outliving) = book.live.take_over(now, &core.hits);
            book.stats.removed.aged += aged.len() as u64;
            let over = |entry: &&Arc<Entry>| !entry.usable(now);
            aged.iter().chain(&outliving).filter(over).for_each(|entry| entry.end());
            after.dropped.extend(aged.into_iter().chain(outliving));
            for (flight, joinable) in book.flights.take_overdue(now) {
                book.stats.timeouts += 1;
                let outcome = Err(KeyError::Timeout { after: core.limits.deadline });
                core.finish(book, after, flight, joinable, outcome, now);
            }
        });
    }

    /// Ends all keys and flights for ever.
    pub(super) fn close(self: &Arc<Self>) {
        let flights = self.change(|core, book, after, _| {
            core.invalidate_in(book, after, &Which::All);
            book.closed = true;
            book.flights.close()
        });
        // Its waiters are answered by that.
        drop(flights);
        self.bell.notify_all();
    }

    pub(super) fn stats(&self) -> Stats {
        let book = lock(&self.book);
        Stats {
            hits: self.hits.count(),
            live: book.live.len(),
            outliving: book.live.outliving(),
            in_flight: book.flights.len(),
            ..book.stats.clone()
        }
    }

    /// Changes the book under its lock. Then it launches tasks, answers callers and drops keys, as the change demands.
    fn change<R>(
        self: &Arc<Self>,
        transition: impl FnOnce(&Self, &mut Book<M::Error>, &mut After<M::Error>, u64) -> R,
    ) -> R {
        let mut after = After::default();
        let (result, wake) = {
            let mut book = lock(&self.book);
            // Read under the lock, so that no transition is older than the one before.
            let now = self.clock.now();
            let result = transition(self, &mut book, &mut after, now);
            after.launches = book.flights.launch(now);
            (result, book.due(now).is_some_and(|due| due < book.asleep_until))
        };
        if wake {
            self.bell.notify_all();
        }
        // This comes first, because the runtime and the wakers below are the caller's code and may panic.
        drop(after.stops);
        for launch in after.launches {
            self.runtime.spawn(leader::task(self.clone(), launch));
        }
        for (waiters, outcome) in after.answers {
            for waiter in waiters {
                // A waiter that has vanished need not be told. A waker that panics must not cost the others their
                // answer.
                let _ = catch_unwind(AssertUnwindSafe(|| waiter.send(outcome.clone())));
            }
        }
        drop(after.dropped);
        result
    }
}
