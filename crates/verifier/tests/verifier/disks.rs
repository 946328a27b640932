//! A disk in memory. It has the bytes that the process sees and the bytes that a power cut leaves. It records its
//! operations in order, and fails when they run out.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Error};
use std::rc::Rc;
use verifier::disk::{Disk, Files, Folder, read_whole};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Append(&'static str),
    Cut(&'static str),
    Sync(&'static str),
    Replace(&'static str),
    /// Something left the process.
    Send,
}

/// A handle: the test looks at the disk that a verifier has.
#[derive(Debug, Default, Clone)]
pub struct Lossy(Rc<RefCell<Inner>>);

#[derive(Debug, Default, Clone)]
struct Inner {
    seen: BTreeMap<&'static str, Vec<u8>>,
    /// Bytes of each file that survive a power cut.
    synced: BTreeMap<&'static str, usize>,
    trace: Vec<Step>,
    /// Operations until the power is cut; `None`: it is not.
    left: Option<usize>,
}

impl Lossy {
    /// A disk whose power is cut after some operations.
    pub fn cut_after(operations: usize) -> Self {
        Self(Rc::new(RefCell::new(Inner { left: Some(operations), ..Inner::default() })))
    }

    /// A disk with the same bytes, all of them synced.
    pub fn copy(&self) -> Self {
        self.power_cut(1000)
    }

    /// The files that a power cut leaves: of each file's unsynced end `kept` thousandths.
    pub fn power_cut(&self, kept: usize) -> Self {
        let Inner { mut seen, synced, .. } = self.0.borrow().clone();
        for (name, bytes) in &mut seen {
            let synced = synced.get(name).copied().unwrap_or(0);
            bytes.truncate(synced + (bytes.len() - synced) * kept / 1000);
        }
        let synced = seen.iter().map(|(name, bytes)| (*name, bytes.len())).collect();
        Self(Rc::new(RefCell::new(Inner { seen, synced, ..Inner::default() })))
    }

    pub fn remove(&self, name: &'static str) {
        self.0.borrow_mut().seen.remove(name);
        self.0.borrow_mut().synced.remove(name);
    }

    /// Changes one byte of a file.
    pub fn damage(&self, name: &'static str, at: usize, mask: u8) {
        self.0.borrow_mut().seen.get_mut(name).unwrap()[at] ^= mask;
    }

    /// Notes that something left the process.
    pub fn sent(&self) {
        self.0.borrow_mut().trace.push(Step::Send);
    }

    /// The steps since the last call.
    pub fn trace(&self) -> Vec<Step> {
        std::mem::take(&mut self.0.borrow_mut().trace)
    }
}

impl Inner {
    /// One operation: before it the power may be cut.
    fn step(&mut self, step: Step) -> io::Result<()> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or_else(|| Error::other("the power is cut"))?;
        }
        self.trace.push(step);
        Ok(())
    }
}

impl Files for Lossy {
    fn size(&self, name: &'static str) -> io::Result<u64> {
        Ok(self.0.borrow().seen.get(name).map_or(0, |bytes| bytes.len() as u64))
    }

    fn read(&self, name: &'static str, from: u64, into: &mut [u8]) -> io::Result<()> {
        if !into.is_empty() {
            into.copy_from_slice(&self.0.borrow().seen[name][from as usize..][..into.len()]);
        }
        Ok(())
    }
}

impl Disk for Lossy {
    fn append(&mut self, name: &'static str, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.0.borrow_mut();
        // The cut may come while the bytes are written.
        let written = if inner.left == Some(0) { &bytes[..bytes.len() / 2] } else { bytes };
        inner.seen.entry(name).or_default().extend(written);
        inner.step(Step::Append(name))
    }

    fn cut(&mut self, name: &'static str, size: u64) -> io::Result<()> {
        let mut inner = self.0.borrow_mut();
        inner.step(Step::Cut(name))?;
        inner.seen.entry(name).or_default().truncate(size as usize);
        inner.synced.insert(name, size as usize);
        Ok(())
    }

    fn sync(&mut self, name: &'static str) -> io::Result<()> {
        let mut inner = self.0.borrow_mut();
        inner.step(Step::Sync(name))?;
        let size = inner.seen.entry(name).or_default().len();
        inner.synced.insert(name, size);
        Ok(())
    }

    fn replace(&mut self, name: &'static str, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.0.borrow_mut();
        inner.step(Step::Replace(name))?;
        inner.seen.insert(name, bytes.to_vec());
        inner.synced.insert(name, bytes.len());
        Ok(())
    }
}

#[test]
fn a_folder_does_what_the_disk_in_memory_does() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("new").join("folder");
    let mut folder = Folder::open(&path).unwrap();
    let mut memory = Lossy::default();
    for disk in [&mut folder as &mut dyn Ops, &mut memory] {
        assert_eq!(disk.whole("a"), None);
        disk.append("a", b"hello ");
        disk.append("a", b"world");
        disk.sync("a");
        assert_eq!(disk.whole("a").unwrap(), b"hello world");
        disk.cut("a", 5);
        disk.append("a", b"!");
        assert_eq!(disk.whole("a").unwrap(), b"hello!");
        disk.replace("b", b"one");
        disk.replace("b", b"other");
        assert_eq!(disk.whole("b").unwrap(), b"other");
        assert_eq!(disk.part("a", 1, 3), b"ell");
    }
    assert_eq!(Folder::open(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    drop(folder);
    assert_eq!(read_whole(&Folder::open(&path).unwrap(), "a").unwrap().unwrap(), b"hello!");
}

/// A disk whose operations succeed.
trait Ops {
    fn whole(&self, name: &'static str) -> Option<Vec<u8>>;
    fn part(&self, name: &'static str, from: u64, length: usize) -> Vec<u8>;
    fn append(&mut self, name: &'static str, bytes: &[u8]);
    fn cut(&mut self, name: &'static str, size: u64);
    fn sync(&mut self, name: &'static str);
    fn replace(&mut self, name: &'static str, bytes: &[u8]);
}

impl<D: Disk> Ops for D {
    fn whole(&self, name: &'static str) -> Option<Vec<u8>> {
        read_whole(self, name).unwrap()
    }

    fn part(&self, name: &'static str, from: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.read(name, from, &mut bytes).unwrap();
        bytes
    }

    fn append(&mut self, name: &'static str, bytes: &[u8]) {
        Disk::append(self, name, bytes).unwrap();
    }

    fn cut(&mut self, name: &'static str, size: u64) {
        Disk::cut(self, name, size).unwrap();
    }

    fn sync(&mut self, name: &'static str) {
        Disk::sync(self, name).unwrap();
    }

    fn replace(&mut self, name: &'static str, bytes: &[u8]) {
        Disk::replace(self, name, bytes).unwrap();
    }
}
