//! The call being answered: its argument and its reply, without a detour over the heap where they are small.

use message_canister::codec::general::Malformed;
use std::mem::MaybeUninit;

/// Arguments up to this many bytes are copied to the stack; of larger ones so many can be looked at first.
const SMALL: usize = 4_096;
/// How much of a large argument a look takes in: a header (10), a key id behind its length (1 + 64), and the length of
/// a ciphertext (4 at most).
const HEAD: usize = 79;

/// The argument of the call, not copied yet.
pub struct Argument {
    size: usize,
}

impl Argument {
    /// The one of the call being answered.
    pub fn of_call() -> Self {
        Self { size: ic0::msg_arg_data_size() }
    }

    /// Looks at the first bytes of an argument that is too large to be copied unseen.
    pub fn peek<T>(&self, look: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        if self.size <= SMALL {
            return None;
        }
        look(copy(&mut [MaybeUninit::uninit(); HEAD]))
    }

    /// Gives all its bytes.
    pub fn read<T>(self, read: impl FnOnce(&[u8]) -> T) -> T {
        if self.size <= SMALL {
            read(copy(&mut [MaybeUninit::uninit(); SMALL][..self.size]))
        } else {
            let mut bytes = Vec::with_capacity(self.size);
            read(copy(&mut bytes.spare_capacity_mut()[..self.size]))
        }
    }
}

/// Answers a call from its argument.
pub fn answer(answer: impl FnOnce(&[u8])) {
    Argument::of_call().read(answer);
}

/// A decoded argument. One that is malformed is refused with a trap: the caller gets a reject, and nothing has changed.
pub fn decoded<T>(argument: Result<T, Malformed>) -> T {
    argument.unwrap_or_else(|why| ic_cdk::trap(why.message()))
}

/// Sends the reply.
pub fn reply(bytes: &[u8]) {
    ic0::msg_reply_data_append(bytes);
    ic0::msg_reply();
}

/// The argument's first bytes. Precondition: it has as many as `room`.
fn copy(room: &mut [MaybeUninit<u8>]) -> &[u8] {
    ic0::msg_arg_data_copy_uninit(room, 0);
    // SAFETY: the system call has written every byte, or trapped.
    unsafe { &*(&raw const *room as *const [u8]) }
}
