//! The argument and the reply of the current call. Small arguments are read without the heap.

#![allow(unsafe_code, reason = "arguments are copied into memory that is not filled with zeros first")]
#![allow(clippy::indexing_slicing, reason = "the size was compared with the room")]

use crate::general::Malformed;
use std::mem::MaybeUninit;

/// Arguments of at most this many bytes are copied to the stack.
const SMALL: usize = 4_096;

/// The argument of the current call, not copied yet.
pub struct Argument {
    size: usize,
}

impl Argument {
    /// The argument of the current call.
    pub fn of_call() -> Self {
        Self { size: ic0::msg_arg_data_size() }
    }

    /// Its bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Passes the first `HEAD` bytes of a large argument to `look`, before the whole argument is copied. `None` for a
    /// small argument. `HEAD` is at most 4,096.
    pub fn peek<const HEAD: usize, T>(&self, look: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        if self.size <= SMALL {
            return None;
        }
        look(copy(&mut [MaybeUninit::uninit(); HEAD]))
    }

    /// Copies the argument and passes all its bytes to `read`.
    pub fn read<T>(self, read: impl FnOnce(&[u8]) -> T) -> T {
        if self.size <= SMALL {
            read(copy(&mut [MaybeUninit::uninit(); SMALL][..self.size]))
        } else {
            let mut bytes = Vec::with_capacity(self.size);
            read(copy(&mut bytes.spare_capacity_mut()[..self.size]))
        }
    }
}

/// Passes the argument of the current call to `answer`.
pub fn answer<T>(answer: impl FnOnce(&[u8]) -> T) -> T {
    Argument::of_call().read(answer)
}

/// The decoded argument. A malformed argument traps: the caller gets a reject, and nothing has changed.
pub fn decoded<T>(argument: Result<T, Malformed>) -> T {
    argument.unwrap_or_else(|why| ic_cdk::trap(why.message()))
}

/// Rejects the call because its argument is malformed. Unlike a trap, a reject keeps what the call has changed.
pub fn reject(why: &Malformed) {
    ic_cdk::api::msg_reject(why.message());
}

/// Sends the reply.
pub fn reply(bytes: &[u8]) {
    ic0::msg_reply_data_append(bytes);
    ic0::msg_reply();
}

/// Fills `room` with the argument's first bytes. Precondition: the argument is at least as long.
fn copy(room: &mut [MaybeUninit<u8>]) -> &[u8] {
    ic0::msg_arg_data_copy_uninit(room, 0);
    // SAFETY: the system call has written every byte, or trapped.
    unsafe { &*(&raw const *room as *const [u8]) }
}
