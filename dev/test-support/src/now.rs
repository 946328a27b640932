//! Calls without a runtime.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The result of a call that is answered at once.
///
/// # Panics
///
/// If the call has to wait.
pub fn now<T>(call: impl Future<Output = T>) -> T {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it is not answered at once"),
    }
}
