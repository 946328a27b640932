//! Repeats work whose rows another process changed during an await.

use crate::Error;
use std::future::Future;

/// Maximum number of attempts of [`retry`].
pub const ATTEMPTS: usize = 5;

/// Runs `attempt` until it does not end in [`Error::Conflict`], [`ATTEMPTS`] times at most.
///
/// Use it to read a row, await something, and write the row with [`put_if`](crate::Tx::put_if). Each attempt does all three
/// again, so it sees the writes of others. The conflict may be the error itself, or a [source](std::error::Error::source) of
/// it. The last conflict is returned.
///
/// ```no_run
/// use crypto_store::{Error, Store, fields::Contact, retry};
/// # async fn ask_the_directory(_: &Contact) -> Vec<u8> { vec![] }
/// # async fn refresh(store: &Store) -> Result<(), Error> {
/// retry(async || {
///     let Some(known) = store.read(|snapshot| snapshot.get::<Contact>("alice")).await? else { return Ok(()) };
///     let bytes = ask_the_directory(&known).await;
///     store.write(move |tx| tx.put_if("alice", Some(known.version), Contact { format: 1, bytes })).await.map(drop)
/// }).await
/// # }
/// ```
pub async fn retry<T, E, A>(mut attempt: impl FnMut() -> A) -> Result<T, E>
where
    E: std::error::Error + 'static,
    A: Future<Output = Result<T, E>>,
{
    let mut result = attempt().await;
    for _ in 1..ATTEMPTS {
        match &result {
            Err(error) if is_conflict(error) => result = attempt().await,
            _ => break,
        }
    }
    result
}

fn is_conflict(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut errors = std::iter::successors(Some(error), |error| error.source());
    errors.any(|error| matches!(error.downcast_ref(), Some(Error::Conflict { .. })))
}
