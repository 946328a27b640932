//! An actor makes operations one after the other. Actors are clients of the message canister, owners of labels and verifiers.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Shared;
use crate::violation::{Verdict, Violation};

/// Something with a name for the report.
pub trait Named {
    /// The name.
    fn name(&self) -> &'static str;
}

/// An actor.
pub trait Actor: Send {
    /// The kind of its operations.
    type Operation: Named + Send;

    /// The actor's name in the report of a fault.
    fn name(&self) -> String;

    /// The next operation, once it is due. `None`: there are no more.
    fn next(&mut self) -> impl Future<Output = Option<Self::Operation>> + Send;

    /// Makes an operation.
    ///
    /// # Errors
    ///
    /// If an invariant is violated.
    fn make(&mut self, operation: Self::Operation) -> impl Future<Output = Verdict<()>> + Send;
}

/// Makes an actor's operations until it has no more, or until any actor fails. Returns the actor.
///
/// # Errors
///
/// If an invariant is violated.
pub async fn play<A: Actor>(mut actor: A, shared: Arc<Shared>) -> Verdict<A> {
    let mut ending = Ending { shared, well: false };
    let mut number = 0;
    while let Some(operation) = actor.next().await {
        if ending.shared.failed.load(Ordering::Relaxed) {
            break;
        }
        let what = operation.name();
        ending.shared.tally().count(what);
        let made = actor.make(operation).await;
        made.map_err(|Violation(how)| Violation(format!("{}, operation {number}, {what}: {how}", actor.name())))?;
        number += 1;
    }
    ending.well = true;
    Ok(actor)
}

/// Notes the end of an actor. If it failed, the other actors and the killer stop.
struct Ending {
    shared: Arc<Shared>,
    well: bool,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.shared.failed.fetch_or(!self.well, Ordering::Relaxed);
    }
}
