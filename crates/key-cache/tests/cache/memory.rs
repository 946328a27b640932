//! A scan of the whole memory of the process for keys: they are found while they live, and not a second after.
//!
//! A key is looked for by its four words of 8 bytes at any offset, so that half a key on a stack is found, too. The test
//! itself knows the words by their complements. Other tests that run beside this have other keys.

use key_cache::local::{LocalManager, RootKey};
use key_cache::{Key, KeyCache, KeyId, KeyName, Limits, Place, Runtime, WrappedKey, block_on};
use std::collections::HashSet;
use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};
use zeroize::Zeroize;

const AGE: Duration = Duration::from_secs(3);
/// Keys of each cache. The largest has room for 1,500.
const SIZES: [u32; 3] = [1, 40, 2_000];
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

    fn add(&mut self, key: &Key) {
        key.with(|bytes| {
            for word in bytes.chunks_exact(8) {
                let complement = !u64::from_ne_bytes(word.try_into().unwrap());
                self.words.insert(complement);
                let (at, bit) = place(complement);
                self.filter[at] |= bit;
            }
        })
        .unwrap();
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
    let folder = tempfile::tempdir().unwrap();
    let mut filled: Vec<_> = SIZES.map(|size| create(&folder.path().join(size.to_string()), size)).into();
    let (mut needles, started) = (Needles::new(), Instant::now());
    // References to all: to those that the cache has, and to those that it dropped for others.
    let held: Vec<Key> = filled.iter_mut().flat_map(|(cache, wrapped)| use_all(cache, wrapped, &mut needles)).collect();
    let last = Instant::now();

    // The control: they are found while they live, every word of all.
    let (found, read) = needles.scan();
    assert!(started.elapsed() < AGE, "the machine is too slow for this test: {:?}", started.elapsed());
    assert!(read > 1 << 20, "{read} bytes are not the whole process");
    assert_eq!(found.len(), 4 * SIZES.iter().sum::<u32>() as usize);

    std::thread::sleep((AGE + Duration::from_secs(1)).saturating_sub(last.elapsed()));
    let (left, _) = needles.scan();
    assert_eq!(left.len(), 0, "words of keys are left a second after their age");
    drop((held, filled));
}

type Filled = (KeyCache<LocalManager>, Vec<WrappedKey>);

/// A cache through which this many keys have passed: its tables have grown, and entries have moved.
fn create(root: &Path, size: u32) -> Filled {
    let root = RootKey::create_key_file(root).unwrap();
    let limits = Limits { max_age: AGE, entries: 1_500, ..Limits::default() };
    let cache = KeyCache::new(LocalManager::new(root), limits, Runtime::threads()).unwrap();
    let name = |id: u32| KeyName { id: KeyId::new(&id.to_be_bytes()).unwrap(), generation: 1 };
    let wrapped = (0..size).map(|id| block_on(cache.create(name(id))).unwrap()).collect();
    // All are unwrapped once more, so that this way is walked, too.
    cache.clear();
    (cache, wrapped)
}

fn use_all(cache: &KeyCache<LocalManager>, wrapped: &[WrappedKey], needles: &mut Needles) -> Vec<Key> {
    let used = wrapped.iter().map(|wrapped| {
        let key = block_on(cache.get(wrapped)).unwrap();
        needles.add(&key);
        let sealed = key.seal(&PLACE, b"value").unwrap();
        assert_eq!(key.open(&PLACE, &sealed).unwrap(), b"value");
        key
    });
    used.collect()
}
