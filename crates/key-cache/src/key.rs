//! One unwrapped key: its uses, its end, and its wiping.
//!
//! `state` is one atomic word: the number of uses under way, and the bit `ENDED`. A use begins only while the bit is
//! clear. The thread that sets the bit wipes the key if no use is under way. Otherwise the last use wipes it at its end. So the
//! bytes are wiped by exactly one thread, after the last use, and nobody waits for anybody.

use crate::clock::Clock;
use crate::secret::wipe_stack;
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sync::{RwLock, read, write};
use crate::{Gone, KEY_LENGTH, KeyName, Secret, WrappedKey, Wrapping};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

const ENDED: u32 = 1 << 31;

/// A reference to an unwrapped key. It is cheap to clone. It does not keep the key from ending, unless it is [held](Self::hold).
#[derive(Clone)]
pub struct Key {
    pub(crate) entry: Arc<Entry>,
    /// The use that all uses of a held reference are part of.
    held: Option<Arc<UnderWay<Arc<Entry>>>>,
}

impl Key {
    pub(crate) fn new(entry: Arc<Entry>) -> Self {
        Self { entry, held: None }
    }

    /// The key's name.
    pub fn name(&self) -> KeyName {
        self.entry.name
    }

    /// Lends the bytes of the key to `use_it` and returns its result. Counts as one use.
    ///
    /// [`Gone`] if the key has ended. A key that ends during the use is wiped as soon as `use_it` returns. So `use_it`
    /// must be short, and must not copy the bytes. Afterwards 8 KiB of stack below the caller are wiped.
    pub fn with<R>(&self, use_it: impl FnOnce(&[u8; KEY_LENGTH]) -> R) -> Result<R, Gone> {
        let _under_way = if self.held.is_none() { Some(UnderWay::begin(&*self.entry)?) } else { None };
        let result = use_it(read(&self.entry.secret).expose());
        wipe_stack();
        Ok(result)
    }

    /// A reference for several uses that must not stop halfway, such as those of a transaction. They are one use together, which
    /// begins now and lasts until the reference and its clones are dropped.
    ///
    /// [`Gone`] if the key has ended. A key that ends meanwhile is wiped when they are dropped. So keep them for a short time.
    pub fn hold(&self) -> Result<Self, Gone> {
        let under_way = UnderWay::begin(self.entry.clone())?;
        Ok(Self { entry: self.entry.clone(), held: Some(Arc::new(under_way)) })
    }

    /// A newer wrapping of this key than `wrapped`. The caller replaces `wrapped` with it.
    ///
    /// None in the common case: the manager returned no newer wrapping when it unwrapped the key, or `wrapped` is the
    /// newer one.
    pub fn newer_wrapping(&self, wrapped: &WrappedKey) -> Option<WrappedKey> {
        let newer = self.entry.rewrapped.as_ref().filter(|newer| **newer != wrapped.wrapping)?;
        Some(WrappedKey { name: self.entry.name, wrapping: newer.clone() })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.name())
    }
}

pub(crate) struct Entry {
    pub(crate) name: KeyName,
    /// Counts insertions: a higher one is younger.
    pub(crate) serial: u64,
    /// The time from which the key may not be used.
    pub(crate) end: u64,
    /// When the key was last asked for, exact to a second.
    pub(crate) touched: AtomicU64,
    clock: Clock,
    state: AtomicU32,
    uses_left: AtomicU64,
    secret: RwLock<Secret>,
    rewrapped: Option<Wrapping>,
}

/// The parts of an entry, apart from the secret.
pub(crate) struct Birth {
    pub(crate) name: KeyName,
    pub(crate) serial: u64,
    pub(crate) now: u64,
    pub(crate) end: u64,
    pub(crate) max_uses: Option<u64>,
    pub(crate) rewrapped: Option<Wrapping>,
    pub(crate) clock: Clock,
}

impl Entry {
    pub(crate) fn new(birth: Birth, secret: Secret) -> Self {
        Self {
            name: birth.name,
            serial: birth.serial,
            end: birth.end,
            touched: AtomicU64::new(birth.now),
            clock: birth.clock,
            state: AtomicU32::new(0),
            uses_left: AtomicU64::new(birth.max_uses.unwrap_or(u64::MAX)),
            secret: RwLock::new(secret),
            rewrapped: birth.rewrapped,
        }
    }

    /// Whether a use could begin.
    pub(crate) fn usable(&self, now: u64) -> bool {
        now < self.end && self.state.load(Ordering::Acquire) & ENDED == 0
    }

    /// Notes the look-up. The order of last uses is exact to a second. If each look-up stored its time, threads would
    /// compete for the cache line.
    pub(crate) fn touch(&self, now: u64) {
        const SECOND: u64 = 1_000_000_000;
        if now.saturating_sub(self.touched.load(Ordering::Relaxed)) >= SECOND {
            self.touched.store(now, Ordering::Relaxed);
        }
    }

    /// Compares the bytes in constant time. False if they are wiped.
    pub(crate) fn holds(&self, secret: &Secret) -> bool {
        read(&self.secret).same_as(secret)
    }

    /// Admits no further use. Wipes the bytes after the last use in progress.
    pub(crate) fn end(&self) {
        if self.state.fetch_or(ENDED, Ordering::AcqRel) == 0 {
            write(&self.secret, Secret::wipe);
        }
    }
}

/// One use. When it ends, even by a panic, it wipes the key if that is due.
struct UnderWay<E: Deref<Target = Entry>>(E);

impl<E: Deref<Target = Entry>> UnderWay<E> {
    fn begin(entry: E) -> Result<Self, Gone> {
        let gone = Gone { name: entry.name };
        if entry.clock.now() >= entry.end {
            entry.end();
            return Err(gone);
        }
        let more = |state: u32| (state & ENDED == 0).then_some(state + 1);
        entry.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).map_err(|_| gone)?;
        let under_way = Self(entry);
        let less = |left: u64| left.checked_sub(1);
        let left = under_way.0.uses_left.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).map_err(|_| gone)?;
        if left == 1 {
            under_way.0.end();
        }
        Ok(under_way)
    }
}

impl<E: Deref<Target = Entry>> Drop for UnderWay<E> {
    fn drop(&mut self) {
        if self.0.state.fetch_sub(1, Ordering::AcqRel) == ENDED | 1 {
            write(&self.0.secret, Secret::wipe);
        }
    }
}
