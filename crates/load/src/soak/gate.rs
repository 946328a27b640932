//! Between clients and the network: a call is made while the network is up, and what was under way when it was killed has
//! failed before it is started again.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ic_agent::AgentError;
use tokio::sync::{RwLock, RwLockWriteGuard};

use crate::violation::{Verdict, Violation};

/// How often, and after which time each, a client looks whether the network was killed when a call of it failed.
const LOOKS: u32 = 500;
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// The gate.
#[derive(Default)]
pub struct Gate {
    /// Read by whoever uses the network, written by whoever restarts it.
    network: RwLock<()>,
    /// How often it was started again.
    restarts: AtomicU64,
}

impl Gate {
    /// Makes a call. `None` if the network was killed meanwhile; then it is up again.
    ///
    /// # Errors
    ///
    /// If the call fails though the network was not killed.
    pub async fn attempt<T>(&self, call: impl Future<Output = Result<T, AgentError>>) -> Verdict<Option<T>> {
        let guard = self.network.read().await;
        let restarts = self.restarts.load(Ordering::Acquire);
        let error = match call.await {
            Ok(result) => return Ok(Some(result)),
            Err(error @ AgentError::TransportError(_)) => error,
            Err(error) => return Err(Violation(format!("a call failed: {error}"))),
        };
        drop(guard);
        for _ in 0..LOOKS {
            tokio::time::sleep(LOOK_INTERVAL).await;
            let _network = self.network.read().await;
            if self.restarts.load(Ordering::Acquire) > restarts {
                return Ok(None);
            }
        }
        Err(Violation(format!("a call failed though the network was not killed: {error:?}")))
    }

    /// Waits until no call is under way. None begins until the guard is dropped.
    pub async fn close(&self) -> RwLockWriteGuard<'_, ()> {
        self.network.write().await
    }

    /// Tells that the network was started again. The gate is closed.
    pub fn restarted(&self) {
        self.restarts.fetch_add(1, Ordering::Release);
    }
}
