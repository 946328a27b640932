//! The call being answered: its argument and its reply, without a detour over the heap where they are small.

use crate::codec::general::Malformed;
use std::mem::MaybeUninit;

/// Arguments up to this many bytes are copied to the stack; of larger ones so many can be looked at first.
const SMALL: usize = 4_096;
/// How much of a large argument a look takes in.
const HEAD: usize = 256;

/// Answers a call from its argument.
pub fn answer(answer: impl FnOnce(&[u8])) {
    let size = ic0::msg_arg_data_size();
    if size <= SMALL {
        answer(copy(&mut [MaybeUninit::uninit(); SMALL][..size]));
    } else {
        let mut bytes = Vec::with_capacity(size);
        answer(copy(&mut bytes.spare_capacity_mut()[..size]));
    }
}

/// Looks at the first bytes of an argument that is too large to be copied unseen.
pub fn peek<T>(look: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    if ic0::msg_arg_data_size() <= SMALL {
        return None;
    }
    look(copy(&mut [MaybeUninit::uninit(); HEAD]))
}

/// A decoded argument. One that is malformed is refused with a trap: the caller gets a reject, and nothing has changed.
pub fn decoded<T>(argument: Result<T, Malformed>) -> T {
    argument.unwrap_or_else(|why| ic_cdk::trap(format!("malformed argument: {why}")))
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
