//! Bodies of requests. They are read whole, within limits of size, time and memory.
//!
//! The limit is on bytes in memory, not on bodies: a slow sender occupies only the bytes that it has sent. The first
//! [`SMALL_BODY_BYTES`] of each body are free, because the number of connections bounds them. So small bodies never
//! wait. Further bytes are taken from [`Room`] as they arrive, and returned with the body.
//!
//! Bodies that each hold a part of the room and wait for more could block each other until all of them time out. So one
//! body at a time, the first in the queue, may exceed the room. It waits only for its own client. When it is done, the
//! next one takes its place. With a room of R bytes, all bodies together have R + [`MAX_BODY_BYTES`] and the free ones.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use hyper::body::{Body, Bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Refusal;
use crate::limits::{MAX_BODY_BYTES, SMALL_BODY_BYTES};

/// Takes bodies in.
pub struct Intake {
    room: Room,
    timeout: Duration,
}

impl Intake {
    /// An intake with so many bytes of room, and so much time for each body.
    pub fn new(room: usize, timeout: Duration) -> Self {
        let room = Room { bytes: Arc::new(Semaphore::new(room)), beyond: Arc::new(Semaphore::new(1)) };
        Self { room, timeout }
    }

    /// The whole body. Its share of the room is returned when the last copy of these bytes is dropped.
    pub async fn receive<B>(&self, body: B) -> Result<Bytes, Refusal>
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

    async fn read<B>(&self, mut body: B) -> Result<Bytes, Refusal>
    where
        B: Body<Data = Bytes, Error: Error> + Unpin,
    {
        let mut held = Held { bytes: Vec::new(), share: Share::default() };
        while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let frame = frame.map_err(|error| Refusal::malformed(format!("the body broke off: {error}")))?;
            let Ok(data) = frame.into_data() else { continue };
            let total = held.bytes.len() + data.len();
            if total > MAX_BODY_BYTES {
                return Err(too_large());
            }
            self.room.extend(&mut held.share, total.saturating_sub(SMALL_BODY_BYTES)).await;
            held.bytes.extend_from_slice(&data);
        }
        Ok(Bytes::from_owner(held))
    }
}

/// The state that bodies share.
struct Room {
    bytes: Arc<Semaphore>,
    /// The place of the one body that may exceed it.
    beyond: Arc<Semaphore>,
}

/// The part of the room that one body has.
#[derive(Default)]
struct Share {
    bytes: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Waits until `share` is one of so many bytes.
    async fn extend(&self, share: &mut Share, bytes: usize) {
        let has = share.bytes.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if bytes <= has || share.beyond.is_some() {
            return;
        }
        let missing = u32::try_from(bytes - has).expect("bodies are not so large");
        tokio::select! {
            biased;
            more = Arc::clone(&self.bytes).acquire_many_owned(missing) => {
                let more = more.expect(NEVER_CLOSED);
                match &mut share.bytes {
                    Some(bytes) => bytes.merge(more),
                    None => share.bytes = Some(more),
                }
            }
            beyond = Arc::clone(&self.beyond).acquire_owned() => share.beyond = Some(beyond.expect(NEVER_CLOSED)),
        }
    }
}

const NEVER_CLOSED: &str = "the semaphore is never closed";

/// A body with its share of the room.
struct Held {
    bytes: Vec<u8>,
    share: Share,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn too_large() -> Refusal {
    Refusal(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {MAX_BODY_BYTES} bytes"))
}
