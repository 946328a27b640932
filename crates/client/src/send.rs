//! Sends a request, and repeats it by [`Retry`].

use crate::error::{CallError, Refusal};
use crate::request::{Kind, Request};
use crate::retry::Retry;
use crate::transport::Transport;

/// Sends a request and decodes its reply.
///
/// # Errors
///
/// That of the last attempt.
pub async fn send<T: Transport, A, E: Refusal>(
    transport: &T,
    retry: &Retry,
    request: &Request<A, E>,
) -> Result<A, CallError<E>> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let arg = request.arg.clone();
        let reply = match request.kind {
            Kind::Query => transport.query(request.method, arg).await,
            Kind::Update | Kind::IdempotentUpdate => transport.update(request.method, arg).await,
        };
        let result = reply.map_err(CallError::Failed).and_then(|reply| request.decode(&reply));
        let Err(error) = &result else { return result };
        let Some(pause) = retry.pause_after(attempts, request.kind, error) else { return result };
        transport.pause(pause).await;
    }
}
