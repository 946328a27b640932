//! Work that occupies the processor for longer than a moment.
//!
//! It does not run on the threads that serve connections; those only pass bytes on and assemble certificates. A caller
//! that waits for a place holds no thread, and a client that goes away while it waits leaves nothing behind. A place is
//! held until the work ends, whether or not anybody still waits for it. So the limit is on work, not on clients.

use std::sync::Arc;

use local_ic::limits::MAX_CONCURRENT_QUERIES;
use tokio::sync::Semaphore;

use super::error::Refusal;
use crate::limits::MAX_CONCURRENT_CHECKS;

/// Places for work of one kind.
#[derive(Clone)]
pub struct Pool(Arc<Semaphore>);

impl Pool {
    /// A pool of so many places.
    pub fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// Runs `work` once there is a place for it.
    ///
    /// # Errors
    ///
    /// Those of the work. 500 if it panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let place = Arc::clone(&self.0).acquire_owned().await.expect("the semaphore is never closed");
        let worked = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        worked.await.unwrap_or_else(|_| Err(Refusal::failed("the request was not finished: a fault of this network")))
    }
}

/// The kinds of work. Each kind has its own places, so certificates are made even while queries take long.
#[derive(Clone)]
pub struct Pools {
    /// The work of canisters. There are as many places as one canister has, so that nothing waits on a thread for them.
    pub queries: Pool,
    /// The network's own work: signatures that it verifies and makes.
    pub checks: Pool,
}

impl Default for Pools {
    fn default() -> Self {
        Self { queries: Pool::new(MAX_CONCURRENT_QUERIES), checks: Pool::new(MAX_CONCURRENT_CHECKS) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use axum::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn work_that_panics_is_a_fault_of_the_network_and_frees_its_place() {
        let pool = Pool::new(1);
        let Refusal(status, _) = pool.run::<()>(|| panic!("on purpose")).await.expect_err("it has no result");
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(pool.run(|| Ok(7)).await.expect("there is a place"), 7);
    }

    #[tokio::test]
    async fn work_keeps_its_place_when_nobody_waits_for_it_and_what_was_given_up_is_not_begun() {
        let pool = Pool::new(1);
        let (begins, begun) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        let work = pool.run(move || {
            begins.send("first").expect("the test receives");
            // Until the test drops the other end.
            let _ = ends.recv();
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(100), work).await.is_err(), "it is given up");
        assert_eq!(begun.recv(), Ok("first"));
        let (begins, begun) = mpsc::channel();
        let given_up = pool.run(move || {
            begins.send("second").expect("the test receives");
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(100), given_up).await.is_err(), "the first has the place");
        drop(end);
        assert!(pool.run(|| Ok(())).await.is_ok());
        assert!(begun.recv().is_err(), "nobody waited for the second");
    }
}
