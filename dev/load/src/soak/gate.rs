//! Separates calls from restarts. Calls are made only while the network is up. When it is killed, the calls in progress fail
//! before it is started again. A kill is announced first. An answer that comes after that is lost, as if the kill had come
//! between the call's execution and its answer.

use std::fmt::Debug;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ic_agent::AgentError;
use tokio::sync::{RwLock, RwLockWriteGuard, watch};

use crate::violation::{Verdict, Violation};

/// Maximum duration of a call.
const CALL_LIMIT: Duration = Duration::from_secs(300);

/// An error of a call.
pub trait CallFailure: Debug {
    /// Whether the network did not answer. A kill excuses this.
    fn is_silence(&self) -> bool;
}

impl CallFailure for AgentError {
    fn is_silence(&self) -> bool {
        matches!(self, Self::TransportError(_))
    }
}

/// The gate between calls and restarts.
#[derive(Default)]
pub struct Gate {
    /// Locked for reading by calls, and for writing by restarts.
    network: RwLock<()>,
    /// Whether the network is down, or about to be killed.
    down: watch::Sender<bool>,
    /// Number of calls that the latest kill cut off.
    cut: AtomicU64,
    /// Number of answers that have been lost since the latest kill was announced.
    lost: watch::Sender<usize>,
}

impl Gate {
    /// Makes a call. `None`: the network was killed meanwhile, and is up again.
    ///
    /// # Errors
    ///
    /// If the call fails though the network was not killed, or takes too long.
    pub async fn attempt<T, E: CallFailure>(&self, call: impl Future<Output = Result<T, E>>) -> Verdict<Option<T>> {
        let guard = self.network.read().await;
        let mut down = self.down.subscribe();
        let begun_before_kill = !*down.borrow();
        let Ok(result) = tokio::time::timeout(CALL_LIMIT, call).await else {
            return Err(Violation(format!("a call is not answered within {} s", CALL_LIMIT.as_secs())));
        };
        // The killer announces a kill first, and cannot withdraw the announcement while this guard is held.
        let announced = *down.borrow();
        match result {
            Ok(result) if !announced => return Ok(Some(result)),
            Ok(_) => self.lost.send_modify(|lost| *lost += 1),
            Err(error) if error.is_silence() && announced => {}
            Err(error) if error.is_silence() => {
                return Err(Violation(format!("a call failed though the network was not killed: {error:?}")));
            }
            Err(error) => return Err(Violation(format!("a call failed: {error:?}"))),
        }
        self.cut.fetch_add(u64::from(begun_before_kill), Ordering::Relaxed);
        drop(guard);
        down.wait_for(|down| !down).await.map_err(|error| Violation(error.to_string()))?;
        Ok(None)
    }

    /// Announces a kill: from now on calls may fail, and answers are lost.
    pub fn killing(&self) {
        self.lost.send_replace(0);
        self.down.send_replace(true);
    }

    /// Waits until so many answers are lost after [`Self::killing`].
    pub async fn lost(&self, answers: usize) {
        // It fails only if the sender, which is ours, is gone.
        let _ = self.lost.subscribe().wait_for(|lost| *lost >= answers).await;
    }

    /// Waits until no call is under way. No call begins until the guard is dropped. Also returns how many calls the kill cut
    /// off.
    pub async fn close(&self) -> (RwLockWriteGuard<'_, ()>, u64) {
        let closed = self.network.write().await;
        (closed, self.cut.swap(0, Ordering::Relaxed))
    }

    /// Withdraws the announcement: the network runs again. The gate must be closed.
    pub fn restarted(&self) {
        self.down.send_replace(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call to a network that is down.
    async fn cut_off() -> Result<(), AgentError> {
        let agent = ic_agent::Agent::builder().with_url("http://127.0.0.1:1").build()?;
        agent.status().await.map(drop)
    }

    #[tokio::test]
    async fn only_a_kill_excuses_a_call_that_fails() {
        let gate = Gate::default();
        let Violation(message) = gate.attempt(cut_off()).await.expect_err("nobody killed it");
        assert!(message.contains("not killed"), "{message}");
        assert_eq!(gate.close().await.1, 0);

        let killed_meanwhile = async {
            gate.killing();
            cut_off().await
        };
        let restart = async {
            // Waits until the call has failed.
            let (_closed, cut) = gate.close().await;
            gate.restarted();
            cut
        };
        assert_eq!(tokio::join!(gate.attempt(killed_meanwhile), restart), (Ok(None), 1));
        // A call is executed before the kill, and its answer comes after the announcement.
        let executed = async {
            gate.killing();
            Ok::<_, AgentError>(7)
        };
        let restart = async {
            gate.lost(1).await;
            let (_closed, cut) = gate.close().await;
            gate.restarted();
            cut
        };
        assert_eq!(tokio::join!(gate.attempt(executed), restart), (Ok(None), 1));
        // An earlier kill does not excuse a later failure.
        assert!(gate.attempt(cut_off()).await.is_err());
        assert_eq!(gate.attempt(async { Ok::<_, AgentError>(7) }).await, Ok(Some(7)));
    }
}
