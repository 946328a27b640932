//! 32 bytes of the platform's randomness.

#![allow(unsafe_code, reason = "callbacks without a future")]

use serde_bytes::ByteBuf;

/// The platform took no call: its queue is full, or cycles are short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCalled;

/// Asks the platform for randomness. It calls `received` with the reply, or `failed`.
///
/// The callbacks carry no state. A future would leave a pointer into this heap with the platform. After an upgrade the
/// reply would use that pointer in a new heap.
pub fn request(received: extern "C" fn(usize), failed: extern "C" fn(usize)) -> Result<(), NotCalled> {
    // SAFETY: both callbacks are safe to call with any environment, so they are sound in every instance of this module,
    // even after an upgrade to the same module. The platform knows them by their index in this module's table. After an
    // upgrade of a running canister to another module, the reply would call another function at that index. So
    // `docs/deploy.md` has operators stop the canister first, and a canister stops only when no call is outstanding.
    unsafe { ic0::call_new(&[], "raw_rand", received, 0, failed, 0) };
    ic0::call_data_append(b"DIDL\0\0");
    if ic0::call_perform() == 0 { Ok(()) } else { Err(NotCalled) }
}

/// The bytes of the reply, in the callback. `None`: the reply has no 32 bytes. Inlined, so that the canister's own copy of the
/// decoder serves here too.
#[inline]
pub fn received() -> Option<[u8; 32]> {
    let bytes = candid::decode_one(&ic_cdk::api::msg_arg_data()).map(ByteBuf::into_vec);
    bytes.ok()?.try_into().ok()
}
