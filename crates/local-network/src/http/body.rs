//! Bodies of requests: read whole, within limits of size and time.

use std::error::Error;
use std::time::Duration;

use axum::http::StatusCode;
use hyper::body::{Body, Buf, Bytes};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::Refusal;
use crate::limits::{MAX_BODY_BYTES, SMALL_BODY_BYTES};

/// Takes bodies in. A body beyond [`SMALL_BODY_BYTES`] takes one of few places, so that connections that send slowly, or
/// stop in the middle, hold bounded memory, and only large bodies wait for each other.
pub struct Intake {
    large: Semaphore,
    timeout: Duration,
}

impl Intake {
    /// With so many places for large bodies, and so much time for each body.
    pub fn new(large: usize, timeout: Duration) -> Self {
        Self { large: Semaphore::new(large), timeout }
    }

    /// The whole body, and the place that it holds if it is large.
    pub async fn receive<B>(&self, body: B) -> Result<(Bytes, Option<SemaphorePermit<'_>>), Refusal>
    where
        B: Body<Data = Bytes, Error: Error> + Unpin,
    {
        if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
            return Err(too_large());
        }
        let received = tokio::time::timeout(self.timeout, self.read(body)).await;
        received.unwrap_or_else(|_| {
            let message = format!("the body did not arrive within {} s", self.timeout.as_secs());
            Err(Refusal(StatusCode::REQUEST_TIMEOUT, message))
        })
    }

    async fn read<B>(&self, mut body: B) -> Result<(Bytes, Option<SemaphorePermit<'_>>), Refusal>
    where
        B: Body<Data = Bytes, Error: Error> + Unpin,
    {
        let mut bytes = Vec::new();
        let mut place = None;
        while let Some(frame) = std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await
        {
            let frame = frame.map_err(|error| Refusal::malformed(format!("the body broke off: {error}")))?;
            let Ok(data) = frame.into_data() else { continue };
            let total = bytes.len() + data.remaining();
            if total > MAX_BODY_BYTES {
                return Err(too_large());
            }
            if total > SMALL_BODY_BYTES && place.is_none() {
                place = Some(self.large.acquire().await.expect("the semaphore is never closed"));
            }
            bytes.extend_from_slice(&data);
        }
        Ok((Bytes::from(bytes), place))
    }
}

fn too_large() -> Refusal {
    Refusal(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {MAX_BODY_BYTES} bytes"))
}
