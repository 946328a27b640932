//! Separates calls from restarts. A call is made only while the network is up. Calls in progress when the network is
//! killed have failed before it is started again.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ic_agent::AgentError;
use tokio::sync::{RwLock, RwLockWriteGuard, watch};

use crate::violation::{Verdict, Violation};

/// Maximum time of a call.
const CALL_LIMIT: Duration = Duration::from_secs(300);

/// The gate.
#[derive(Default)]
pub struct Gate {
    /// Read by whoever uses the network, written by whoever restarts it.
    network: RwLock<()>,
    /// Whether the network is killed, or is about to be.
    down: watch::Sender<bool>,
    /// Calls under way that the latest kill cut off.
    cut: AtomicU64,
}

impl Gate {
    /// Makes a call. `None` if the network was killed meanwhile; then it is up again.
    ///
    /// # Errors
    ///
    /// If the call fails though the network was not killed, or takes too long.
    pub async fn attempt<T>(&self, call: impl Future<Output = Result<T, AgentError>>) -> Verdict<Option<T>> {
        let guard = self.network.read().await;
        let mut down = self.down.subscribe();
        let begun_before_kill = !*down.borrow();
        let Ok(result) = tokio::time::timeout(CALL_LIMIT, call).await else {
            return Err(Violation(format!("a call is not answered within {} s", CALL_LIMIT.as_secs())));
        };
        let error = match result {
            Ok(result) => return Ok(Some(result)),
            Err(error @ AgentError::TransportError(_)) => error,
            Err(error) => return Err(Violation(format!("a call failed: {error}"))),
        };
        // The killer announces a kill before it strikes, and cannot withdraw that before the guard is dropped.
        if !*down.borrow() {
            return Err(Violation(format!("a call failed though the network was not killed: {error:?}")));
        }
        self.cut.fetch_add(u64::from(begun_before_kill), Ordering::Relaxed);
        drop(guard);
        down.wait_for(|down| !down).await.map_err(|error| Violation(error.to_string()))?;
        Ok(None)
    }

    /// Tells that the network is about to be killed: calls may fail from now on.
    pub fn killing(&self) {
        self.down.send_replace(true);
    }

    /// Waits until no call is under way. None begins until the guard is dropped. Returns also how many calls the kill
    /// cut off.
    pub async fn close(&self) -> (RwLockWriteGuard<'_, ()>, u64) {
        let closed = self.network.write().await;
        (closed, self.cut.swap(0, Ordering::Relaxed))
    }

    /// Tells that the network was started again. The gate is closed.
    pub fn restarted(&self) {
        self.down.send_replace(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call of a network that is not there.
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
        // An earlier kill does not excuse a later failure.
        assert!(gate.attempt(cut_off()).await.is_err());
        assert_eq!(gate.attempt(async { Ok(7) }).await, Ok(Some(7)));
    }
}
