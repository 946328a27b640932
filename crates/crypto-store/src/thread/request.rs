//! A request is answered once: by the thread that has its turn, or by the deadline.

use futures_channel::oneshot::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

pub(crate) struct Request<T>(Mutex<Option<Sender<T>>>);

impl<T> Request<T> {
    pub(crate) fn new() -> (Self, Receiver<T>) {
        let (sender, answer) = channel();
        (Self(Mutex::new(Some(sender))), answer)
    }

    /// The right to answer. None: it is taken, or nobody waits any more.
    pub(crate) fn take(&self) -> Option<Sender<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().filter(|sender| !sender.is_canceled())
    }

    /// Whether nobody has the right to answer yet.
    pub(crate) fn is_waiting(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|sender| !sender.is_canceled())
    }
}
