//! The pages of a memory that changed since they were last asked for.

use super::page::{PAGE, Page};

/// The pages that changed since they were last taken.
#[derive(Default)]
pub enum Changed {
    /// Every page: they were never taken. Until they are, nothing is remembered.
    #[default]
    Everything,
    /// These. One may be named several times.
    Pages(Vec<u32>),
}

/// The changes of a memory.
pub struct PageChanges<'a> {
    /// Whether the memory replaces another one, of which no page remains. Its pages were zero before these changes.
    pub replaced: bool,
    /// Its size in bytes.
    pub size: u64,
    numbers: Vec<u32>,
    contents: &'a [u8],
}

impl Changed {
    /// Adds pages.
    pub fn add(&mut self, pages: impl IntoIterator<Item = u32>) {
        if let Self::Pages(numbers) = self {
            numbers.extend(pages);
        }
    }

    /// The changes of `contents`, which is the whole memory, since the last call.
    pub fn take<'a>(&mut self, contents: &'a [u8]) -> PageChanges<'a> {
        let size = contents.len() as u64;
        match std::mem::replace(self, Self::Pages(Vec::new())) {
            Self::Everything => {
                let pages = contents.chunks_exact(PAGE).zip(0..);
                let numbers = pages.filter(|(page, _)| *page != [0; PAGE]).map(|(_, number)| number).collect();
                PageChanges { replaced: true, size, numbers, contents }
            }
            Self::Pages(mut numbers) => {
                numbers.sort_unstable();
                numbers.dedup();
                PageChanges { replaced: false, size, numbers, contents }
            }
        }
    }
}

impl PageChanges<'_> {
    /// Whether anything changed.
    pub fn is_some(&self) -> bool {
        self.replaced || !self.numbers.is_empty()
    }

    /// The numbers of the changed pages, ascending.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// The changed pages, ascending.
    pub fn pages(&self) -> impl Iterator<Item = (u32, &Page)> {
        self.numbers.iter().map(|&number| {
            let page = self.contents[number as usize * PAGE..].first_chunk().expect("the page is in the memory");
            (number, page)
        })
    }
}
