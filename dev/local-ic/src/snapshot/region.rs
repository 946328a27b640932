//! A part of a snapshot: a number of bytes, of which only pages that are not zero take memory.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::memory::{PAGE, Page, nonzero_pages};

/// Bytes of a fixed number. Its encoding is that number: the pages are saved apart.
pub struct Region {
    bytes: u64,
    pages: BTreeMap<u32, Box<Page>>,
    /// The pages that were written since they were last taken.
    written: BTreeSet<u32>,
}

impl From<u64> for Region {
    /// So many zero bytes.
    fn from(bytes: u64) -> Self {
        Self { bytes, pages: BTreeMap::new(), written: BTreeSet::new() }
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.bytes.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Self::from)
    }
}

impl Region {
    /// A copy of `contents`.
    pub fn of(contents: &[u8]) -> Self {
        let mut region = Self::from(contents.len() as u64);
        region.pages.extend(nonzero_pages(contents).map(|(number, part)| (number as u32, page(part))));
        region
    }

    /// The number of bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The bytes from `offset` on, if there are so many.
    pub fn read(&self, offset: u64, len: u64) -> Option<Vec<u8>> {
        let end = offset.checked_add(len).filter(|end| *end <= self.bytes)?;
        let mut contents = vec![0; len as usize];
        for (number, page) in self.pages.range(page_number(offset)..page_number(end.next_multiple_of(PAGE as u64))) {
            let start = u64::from(*number) * PAGE as u64;
            let (from, to) = (start.max(offset), (start + PAGE as u64).min(end));
            if from < to {
                let part = &page[(from - start) as usize..(to - start) as usize];
                contents[(from - offset) as usize..(to - offset) as usize].copy_from_slice(part);
            }
        }
        Some(contents)
    }

    /// Overwrites the bytes from `offset` on. Returns whether there are so many; if not, none is written.
    #[must_use]
    pub fn write(&mut self, offset: u64, contents: &[u8]) -> bool {
        let end = offset.checked_add(contents.len() as u64);
        let Some(end) = end.filter(|end| *end <= self.bytes) else { return false };
        let mut at = offset;
        while at < end {
            let (number, within) = (page_number(at), (at % PAGE as u64) as usize);
            let len = (PAGE - within).min((end - at) as usize);
            let from = (at - offset) as usize;
            let page = self.pages.entry(number).or_insert_with(|| page(&[]));
            page[within..within + len].copy_from_slice(&contents[from..from + len]);
            self.written.insert(number);
            at += len as u64;
        }
        true
    }

    /// The pages that were written to, by number. The others are zero. The last may end behind the region.
    pub fn pages(&self) -> impl Iterator<Item = (u32, &Page)> {
        self.pages.iter().map(|(number, page)| (*number, &**page))
    }

    /// The pages that were written since this was last asked.
    pub fn take_written(&mut self) -> Vec<(u32, &Page)> {
        let written = std::mem::take(&mut self.written);
        written.into_iter().filter_map(|number| Some((number, &**self.pages.get(&number)?))).collect()
    }

    /// Puts a page that was saved. Returns whether it belongs here.
    #[must_use]
    pub fn restore_page(&mut self, number: u32, contents: &Page) -> bool {
        let inside = u64::from(number) * (PAGE as u64) < self.bytes;
        if inside {
            self.pages.insert(number, page(contents));
        }
        inside
    }
}

/// A page that begins with `contents` and is zero behind.
fn page(contents: &[u8]) -> Box<Page> {
    let mut page = Box::new([0; PAGE]);
    page[..contents.len()].copy_from_slice(contents);
    page
}

/// The number of the page that `offset` lies in. Regions are no larger than a stable memory, whose pages have such numbers.
fn page_number(offset: u64) -> u32 {
    (offset / PAGE as u64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_was_written_across_pages_and_refuses_what_lies_outside() {
        let size = 3 * PAGE + 100;
        let (mut region, mut model) = (Region::from(size as u64), vec![0u8; size]);
        for (round, (offset, len)) in
            [(0, 1), (PAGE - 1, 2), (10, 2 * PAGE), (size - 5, 5), (size, 0)].iter().enumerate()
        {
            let bytes = vec![round as u8 + 1; *len];
            assert!(region.write(*offset as u64, &bytes));
            model[*offset..offset + len].copy_from_slice(&bytes);
        }
        for (offset, len) in [(0, size), (PAGE - 3, 6), (2 * PAGE, PAGE + 100), (7, 0), (size, 0)] {
            assert_eq!(region.read(offset as u64, len as u64).expect("it is inside"), model[offset..offset + len]);
        }
        for (offset, len) in [(size as u64, 1), (0, size as u64 + 1), (u64::MAX, 1), (1, u64::MAX)] {
            assert_eq!(region.read(offset, len), None, "{offset} {len}");
        }
        assert!(!region.write(size as u64 - 1, &[1, 2]) && !region.write(u64::MAX, &[1]));
        assert_eq!(region.read(0, size as u64).expect("it is inside"), model, "a refused write changes nothing");
        assert_eq!(Region::of(&model).read(0, size as u64).expect("it is inside"), model);
        assert!(region.restore_page(3, &[0; PAGE]) && !region.restore_page(4, &[0; PAGE]));
    }
}
