//! Reads of a fixed number of bytes, into memory that is not filled with zeros first: the platform charges for each byte.

#![allow(unsafe_code, reason = "bytes are read into memory that is not filled with zeros first")]

use ic_stable_structures::Memory;
use std::mem::MaybeUninit;

/// The `N` bytes of a memory from `address` on.
#[inline(always)]
pub fn read<const N: usize>(memory: &impl Memory, address: u64) -> [u8; N] {
    let mut bytes = MaybeUninit::<[u8; N]>::uninit();
    // SAFETY: the read fills all bytes, or traps.
    unsafe {
        memory.read_unsafe(address, bytes.as_mut_ptr().cast(), N);
        bytes.assume_init()
    }
}
