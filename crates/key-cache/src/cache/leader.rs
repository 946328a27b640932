//! The task of one attempt at a flight. All waiters of the flight get its result.

use super::core::{Answer, Core};
use super::flights::{Job, Launch, Work};
use crate::{KeyManager, Unwrapped, WrappedKey};
use futures_channel::oneshot;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tracing::Instrument;

/// The task that makes one call of the manager.
pub(super) fn task<M: KeyManager>(core: Arc<Core<M>>, launch: Launch) -> crate::Task {
    let Launch { number, attempt, job, stop } = launch;
    let work = match job.work {
        Work::Generate => "generate",
        Work::Unwrap(_) => "unwrap",
    };
    let span = tracing::debug_span!("key_cache", work, id = %job.name.id, generation = job.name.generation, attempt);
    // Outside the future: a runtime may drop it before its first poll.
    let leader = Leader { core, number, attempt, returned: false };
    Box::pin(lead(leader, job, stop).instrument(span))
}

/// Reports its attempt as lost, unless it returned.
struct Leader<M: KeyManager> {
    core: Arc<Core<M>>,
    number: u64,
    attempt: u32,
    returned: bool,
}

impl<M: KeyManager> Drop for Leader<M> {
    fn drop(&mut self) {
        self.core.task_dropped();
        if !self.returned {
            tracing::warn!(attempt = self.attempt, "a call of the key manager panicked or was dropped");
            self.core.lose(self.number, self.attempt);
        }
    }
}

async fn lead<M: KeyManager>(mut leader: Leader<M>, job: Job, stop: oneshot::Receiver<()>) {
    let started = leader.core.clock.now();
    let ended = unless_stopped(call(&leader.core.manager, job), stop).await;
    let took = Duration::from_nanos(leader.core.clock.now().saturating_sub(started));
    match ended {
        Ended::Answered(answer) => {
            match &answer {
                Ok(_) => tracing::debug!(?took, "answered"),
                // The error's text is left out: it comes from the manager and may contain anything.
                Err(_) => tracing::warn!(?took, "refused"),
            }
            leader.returned = true;
            leader.core.land(leader.number, leader.attempt, took, answer.map_err(Arc::new));
        }
        Ended::Stopped => {
            tracing::warn!(?took, "the flight ended before the key manager answered");
            leader.returned = true;
        }
        Ended::Panicked => {}
    }
}

async fn call<M: KeyManager>(manager: &M, job: Job) -> Result<Answer, M::Error> {
    match job.work {
        Work::Generate => {
            let (secret, wrapping) = manager.generate(&job.name).await?;
            Ok(Answer { secret, wrapping: Some(wrapping) })
        }
        Work::Unwrap(wrapping) => {
            let wrapped = WrappedKey { name: job.name, wrapping };
            let Unwrapped { secret, rewrapped } = manager.unwrap_key(&wrapped).await?;
            Ok(Answer { secret, wrapping: rewrapped })
        }
    }
}

enum Ended<T> {
    Answered(T),
    /// The flight is over.
    Stopped,
    Panicked,
}

/// Polls `call` until it ends in any way. It is dropped on return.
async fn unless_stopped<T>(call: impl Future<Output = T>, mut stop: oneshot::Receiver<()>) -> Ended<T> {
    let mut call = pin!(call);
    let poll = |context: &mut Context<'_>| {
        // Nothing is ever sent by the sender. It is dropped with its flight.
        if Pin::new(&mut stop).poll(context).is_ready() {
            return Poll::Ready(Ended::Stopped);
        }
        // The shared state is behind locks that survive a panic, or belongs to the manager.
        match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ended::Answered),
            Err(_) => Poll::Ready(Ended::Panicked),
        }
    };
    poll_fn(poll).await
}
