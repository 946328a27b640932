//! A scan of the process's whole memory for keys. It finds them while they live, and not a second after their end.
//!
//! A key is looked for by its four words of 8 bytes at any offset, so that half a key on a stack is found, too. The test
//! itself knows the words by their complements. Other tests that run beside this have other keys.

use key_cache::local::{LocalManager, RootKey};
use key_cache::{Key, KeyCache, KeyId, KeyName, Limits, Place, Runtime, WrappedKey, block_on};
use std::collections::HashSet;
use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use zeroize::Zeroize;

/// Seconds that keys live, the first in which they can be made, used and found on this machine as busy as it is.
const AGES: [u64; 4] = [2, 4, 8, 16];
/// Keys of each cache. The largest has room for 700.
const SIZES: [u32; 3] = [1, 40, 1_000];
const PLACE: Place<'static> = Place { store: b"s", table: b"t", row: b"r", column: b"c" };

/// Complements of the words that are looked for, and a filter of 64 KiB before them.
struct Needles {
    words: HashSet<u64>,
    filter: Vec<u8>,
}

impl Needles {
    fn new() -> Self {
        Self { words: HashSet::new(), filter: vec![0; 1 << 16] }
    }

    fn add(&mut self, key: &Key) -> Option<()> {
        key.with(|bytes| {
            for word in bytes.chunks_exact(8) {
                let complement = !u64::from_ne_bytes(word.try_into().unwrap());
                self.words.insert(complement);
                let (at, bit) = place(complement);
                self.filter[at] |= bit;
            }
        })
        .ok()
    }

    /// Words found in the readable memory of the process, and bytes of it that were read.
    fn scan(&self) -> (HashSet<u64>, u64) {
        let memory = File::open("/proc/self/mem").unwrap();
        let mut chunk = vec![0u8; 1 << 20];
        let (mut found, mut read) = (HashSet::new(), 0);
        for line in read_to_string("/proc/self/maps").unwrap().lines() {
            let mut fields = line.split_whitespace();
            let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
            let Some((start, end)) = range.split_once('-').filter(|_| rights.starts_with('r')) else { continue };
            let address = |hex| u64::from_str_radix(hex, 16).unwrap();
            let (mut at, end) = (address(start), address(end));
            while at + 8 <= end {
                let length = (end - at).min(chunk.len() as u64) as usize;
                // Some regions cannot be read, such as the kernel's, and some are gone by now.
                let Ok(length @ 8..) = memory.read_at(&mut chunk[..length], at) else { break };
                found.extend(chunk[..length].windows(8).filter_map(|word| self.find(word)));
                // It is memory of the process itself, and holds copies.
                chunk.as_mut_slice().zeroize();
                read += length as u64;
                // The next chunk begins with this one's last 7 bytes.
                at += (length - 7) as u64;
            }
        }
        (found, read)
    }

    fn find(&self, word: &[u8]) -> Option<u64> {
        let complement = !u64::from_ne_bytes(word.try_into().unwrap());
        let (at, bit) = place(complement);
        (self.filter[at] & bit != 0 && self.words.contains(&complement)).then_some(complement)
    }
}

fn place(word: u64) -> (usize, u8) {
    ((word >> 48) as usize, 1 << (word & 7))
}

#[test]
fn no_word_of_a_key_is_in_memory_a_second_after_its_age() {
    let ages = AGES.into_iter().map(Duration::from_secs);
    assert!(ages.into_iter().any(ends_with_its_age), "the machine is too slow for this test");
}

/// False: keys of this age ended before all had been used.
fn ends_with_its_age(age: Duration) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let filled: Vec<_> = SIZES.map(|size| create(&folder.path().join(size.to_string()), size, age)).into();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let ((to_main, used), (scanned, wait)) = (mpsc::channel(), mpsc::channel::<()>());
        // Uses the keys and then stands still, so that its stack stays as it is until the last scan.
        scope.spawn(move || {
            let mut needles = Needles::new();
            let each = filled.iter().map(|(cache, wrapped)| use_all(cache, wrapped, &mut needles));
            // References to all: to those that a cache has, and to those that it dropped for others.
            let held: Option<Vec<_>> = each.collect();
            to_main.send((held.is_some(), needles, Instant::now())).unwrap();
            let _ = wait.recv();
            drop((held, filled));
        });
        let (complete, needles, last) = used.recv().unwrap();

        // The control: they are found while they live, every word of all.
        let (found, read) = needles.scan();
        if !complete || started.elapsed() >= age {
            return false;
        }
        assert!(read > 1 << 20, "{read} bytes are not the whole process");
        assert_eq!(found.len(), 4 * SIZES.iter().sum::<u32>() as usize);

        std::thread::sleep((age + Duration::from_secs(1)).saturating_sub(last.elapsed()));
        let (left, _) = needles.scan();
        assert_eq!(left.len(), 0, "words of keys are left a second after their age");
        drop(scanned);
        true
    })
}

type Filled = (KeyCache<LocalManager>, Vec<WrappedKey>);

/// A cache through which this many keys have passed: its tables have grown, and entries have moved.
fn create(root: &Path, size: u32, age: Duration) -> Filled {
    let root = RootKey::create_key_file(root).unwrap();
    let limits = Limits { max_age: age, entries: 700, ..Limits::default() };
    let cache = KeyCache::new(LocalManager::new(root), limits, Runtime::threads()).unwrap();
    let name = |id: u32| KeyName { id: KeyId::new(&id.to_be_bytes()).unwrap(), generation: 1 };
    let wrapped = (0..size).map(|id| block_on(cache.create(name(id))).unwrap()).collect();
    // All are unwrapped once more, so that this way is walked, too.
    cache.clear();
    (cache, wrapped)
}

/// None: one has ended meanwhile.
fn use_all(cache: &KeyCache<LocalManager>, wrapped: &[WrappedKey], needles: &mut Needles) -> Option<Vec<Key>> {
    let used = wrapped.iter().map(|wrapped| {
        let key = block_on(cache.get(wrapped)).unwrap();
        needles.add(&key)?;
        let sealed = key.seal(&PLACE, b"value").ok()?;
        assert_eq!(key.open(&PLACE, &sealed).ok()?, b"value");
        Some(key)
    });
    used.collect()
}
