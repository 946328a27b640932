//! Who makes operations, one after the other: a client of the message canister, an owner of labels, a verifier.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Shared;
use crate::violation::{Verdict, Violation};

/// Something that a report names.
pub trait Named {
    /// What it is called.
    fn name(&self) -> &'static str;
}

/// An actor.
pub trait Actor: Send {
    /// What it does.
    type Operation: Named + Send;

    /// Who it is, in a report of a fault.
    fn name(&self) -> String;

    /// Its next operation, once it is due. `None`: there is none left.
    fn next(&mut self) -> impl Future<Output = Option<Self::Operation>> + Send;

    /// Makes an operation.
    ///
    /// # Errors
    ///
    /// If something happens that must not.
    fn make(&mut self, operation: Self::Operation) -> impl Future<Output = Verdict<()>> + Send;
}

/// Has an actor make its operations, as long as no actor fails. Returns the actor.
///
/// # Errors
///
/// If something happens that must not.
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

/// An actor that ends: if not well, the others and the killer need not go on.
struct Ending {
    shared: Arc<Shared>,
    well: bool,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.shared.failed.fetch_or(!self.well, Ordering::Relaxed);
    }
}
