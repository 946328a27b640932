//! Stable memory, with 64-bit and with 32-bit offsets.

use std::ops::Range;
use std::sync::Arc;

use wasmtime::Linker;

use super::call::Call;
use super::system_call;
use crate::limits::{DIRTY_PAGE_INSTRUCTIONS, MAX_HEAP, WASM_PAGE};
use crate::sandbox::{Host, Trap};

/// 64-KiB pages that 32-bit offsets can address.
const MAX_PAGES_32: u64 = MAX_HEAP / WASM_PAGE;

pub fn register(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    system_call!(linker, stable64_size(call) -> u64 { Ok(call.execution().stable.pages()) });
    system_call!(linker, stable64_grow(call, pages: u64) -> u64 {
        let limit = call.execution().limits.stable_memory;
        Ok(grow(&mut call, pages, limit)?.unwrap_or(u64::MAX))
    });
    system_call!(linker, stable64_read(call, dst: u64, offset: u64, size: u64) {
        read(&mut call, dst, offset, size)
    });
    system_call!(linker, stable64_write(call, offset: u64, src: u64, size: u64) {
        write(&mut call, offset, src, size)
    });
    system_call!(linker, stable_size(call) -> u32 {
        check_32(&call)?;
        Ok(call.execution().stable.pages() as u32)
    });
    system_call!(linker, stable_grow(call, pages: u32) -> u32 {
        check_32(&call)?;
        let limit = call.execution().limits.stable_memory.min(MAX_PAGES_32);
        Ok(grow(&mut call, pages.into(), limit)?.map_or(u32::MAX, |pages| pages as u32))
    });
    system_call!(linker, stable_read(call, dst: u32, offset: u32, size: u32) {
        check_32(&call)?;
        read(&mut call, dst.into(), offset.into(), size.into())
    });
    system_call!(linker, stable_write(call, offset: u32, src: u32, size: u32) {
        check_32(&call)?;
        write(&mut call, offset.into(), src.into(), size.into())
    });
    Ok(())
}

fn check_32(call: &Call<'_>) -> Result<(), Trap> {
    if call.execution().stable.pages() > MAX_PAGES_32 {
        return Err(Trap::StableMemoryTooBig);
    }
    Ok(())
}

/// Returns the former size, or none if the limit does not allow the growth.
fn grow(call: &mut Call<'_>, pages: u64, limit: u64) -> Result<Option<u64>, Trap> {
    let old = call.execution().stable.pages();
    let Some(new) = old.checked_add(pages).filter(|&new| new <= limit) else { return Ok(None) };
    call.host().check_balance(call.host().heap.size() as u64, new)?;
    Ok(call.execution_mut().stable.grow(pages).then_some(old))
}

fn read(call: &mut Call<'_>, dst: u64, offset: u64, size: u64) -> Result<(), Trap> {
    call.charge(size)?;
    let dst = heap_range(dst, size)?;
    let stable = &call.execution().stable;
    let range = stable.range(offset, size).ok_or_else(stable_out_of_bounds)?;
    let (unaccessed, _) = stable.untouched(&range);
    check_limit(call, stable.footprint().accessed_pages + unaccessed)?;
    let heap = Arc::clone(&call.host().heap);
    let copied = heap.write(dst.start, call.execution_mut().stable.read(range));
    if copied { Ok(()) } else { Err(heap_out_of_bounds()) }
}

fn write(call: &mut Call<'_>, offset: u64, src: u64, size: u64) -> Result<(), Trap> {
    let stable = &call.execution().stable;
    let range = stable.range(offset, size);
    let (unaccessed, clean) = range.as_ref().map_or((0, 0), |range| stable.untouched(range));
    let accessed = stable.footprint().accessed_pages + unaccessed;
    call.charge(size.saturating_add(clean * DIRTY_PAGE_INSTRUCTIONS))?;
    let range = range.ok_or_else(stable_out_of_bounds)?;
    check_limit(call, accessed)?;
    let heap = Arc::clone(&call.host().heap);
    let bytes = heap.read(heap_range(src, size)?).ok_or_else(heap_out_of_bounds)?;
    call.execution_mut().stable.write(range.start, bytes);
    Ok(())
}

/// A page that is dirtied is also accessed, so one limit serves both.
fn check_limit(call: &Call<'_>, accessed_pages: u64) -> Result<(), Trap> {
    let limit = call.execution().limits.stable_pages;
    if accessed_pages > limit { Err(Trap::StablePages(limit)) } else { Ok(()) }
}

/// The range of `size` bytes from `offset` on, if 32 bits can address it.
fn heap_range(offset: u64, size: u64) -> Result<Range<usize>, Trap> {
    let end = offset.checked_add(size).filter(|&end| end <= MAX_HEAP).ok_or_else(heap_out_of_bounds)?;
    Ok(offset as usize..end as usize)
}

fn heap_out_of_bounds() -> Trap {
    Trap::Wasm("heap out of bounds".into())
}

fn stable_out_of_bounds() -> Trap {
    Trap::Wasm("stable memory out of bounds".into())
}
