//! The bytes of a key: in one place on the heap from their first byte to their wiping.

use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Length of every key in bytes.
pub const KEY_LENGTH: usize = 32;

/// Bytes of stack that are wiped after each use of a key. A test shows that they are enough: it scans the memory of the
/// process while a thread that used keys stands still.
const STACK: usize = 8 * 1024;

/// The 32 bytes of a key.
///
/// They are on the heap and written there in place, so moving a `Secret` moves a pointer and leaves no copy behind.
/// They are wiped on drop. There is no `Clone`, and `Debug` does not show them.
#[derive(ZeroizeOnDrop)]
pub struct Secret(Box<[u8; KEY_LENGTH]>);

impl Secret {
    /// A key whose bytes `fill` writes, in place. They are zero before.
    ///
    /// An error of `fill` is returned, and the bytes that it had written are wiped.
    pub fn fill<E>(fill: impl FnOnce(&mut [u8; KEY_LENGTH]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self(Box::new([0; KEY_LENGTH]));
        let filled = fill(&mut secret.0);
        wipe_stack();
        filled.map(|()| secret)
    }

    /// A key from the system's random number generator.
    ///
    /// An error is the generator's: it failed, and there is no key.
    pub fn random() -> Result<Self, getrandom::Error> {
        Self::fill(|bytes| getrandom::getrandom(bytes))
    }

    /// The bytes, to be read in place. The caller must wipe any copy.
    pub fn expose(&self) -> &[u8; KEY_LENGTH] {
        &self.0
    }

    pub(crate) fn wipe(&mut self) {
        self.0.zeroize();
    }

    /// Compares in constant time.
    pub(crate) fn same_as(&self, other: &Secret) -> bool {
        self.0.ct_eq(&other.0[..]).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Overwrites the stack below the caller's frame, where a cipher may have left copies of a key.
#[inline(never)]
pub(crate) fn wipe_stack() {
    let mut stack = [0u8; STACK];
    stack.zeroize();
    std::hint::black_box(&stack);
}
