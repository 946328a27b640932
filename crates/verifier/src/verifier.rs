//! A verifier: replay, journal and signer on one disk. A violation halts it for good, also across restarts.
//!
//! ```text
//! halted    the reason as a sentence, UTF-8
//! ```

use crate::disk::{Disk, read_whole};
use crate::journal::Journal;
use crate::replay::{Complete, Pins, Replay, ReplayError, Violation};
use crate::signer::{self, SignError, Signer, Statement};
use directory_core::checkpoint::{Checkpoint, Cosignature};
use ed25519_dalek::SigningKey;
use std::fmt;
use std::io;

/// The file that marks a verifier as halted.
pub const HALTED: &str = "halted";

/// A running verifier.
#[derive(Debug)]
pub struct Verifier<D> {
    disk: D,
    journal: Journal,
    replay: Replay,
    signer: Signer,
}

/// The reason why a verifier stops.
#[derive(Debug)]
pub enum Stop {
    /// The directory broke the rules, or the key has signed a log that this folder does not know. This may have happened before
    /// a restart. The sentence gives the reason. Nothing more is signed.
    Halted(String),
    /// The journal contradicts itself.
    Journal(Violation),
    /// The signer cannot be opened.
    Signer(signer::OpenError),
    /// The disk failed. Another start may succeed.
    Disk(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl<D: Disk> Verifier<D> {
    /// Opens a verifier from its disk.
    pub fn open(mut disk: D, pins: Pins, name: &str, key: SigningKey) -> Result<Self, Stop> {
        if let Some(why) = read_whole(&disk, HALTED)? {
            return Err(Stop::Halted(String::from_utf8_lossy(&why).into_owned()));
        }
        let signer = Signer::open(&disk, name, key, pins.origin.clone()).map_err(Stop::Signer)?;
        let mut replay = Replay::new(pins);
        let journal = Journal::open(&mut disk, |epoch| replay.restore(epoch))?;
        if let Some(last) = journal.last() {
            replay = replay.restored(last).map_err(Stop::Journal)?;
        }
        Ok(Self { disk, journal, replay, signer })
    }

    /// Size and root of the replayed log. The size is the number of the next epoch.
    pub fn checkpoint(&self) -> Checkpoint {
        self.replay.checkpoint()
    }

    /// The replayed state.
    pub fn replay(&self) -> &Replay {
        &self.replay
    }

    /// Name, key and last statement.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Bytes of the journal.
    pub fn journal_size(&self) -> u64 {
        self.journal.size()
    }

    /// The folder.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// The folder, for further files of the caller.
    pub fn disk_mut(&mut self) -> &mut D {
        &mut self.disk
    }

    /// Whether the own key has made a cosignature of the log of `size` heads that a node shows.
    ///
    /// Precondition: these heads were replayed.
    pub fn has_signed(&self, size: u64, cosignature: &Cosignature) -> bool {
        self.signer.has_signed(&self.published(size, cosignature))
    }

    fn published(&self, size: u64, cosignature: &Cosignature) -> Statement {
        Statement { checkpoint: self.replay.checkpoint_at(size), cosignature: *cosignature }
    }

    /// Compares a cosignature that the directory shows with what this folder has signed. If it is of the own key and this
    /// folder does not know it, the verifier halts: the folder is a restored copy, or another process has the key.
    /// Cosignatures of other keys are ignored.
    ///
    /// Precondition: the heads of the cosigned log were replayed.
    pub fn check_published(mut self, size: u64, cosignature: &Cosignature) -> Result<Self, Stop> {
        if !self.signer.is_behind(&self.published(size, cosignature)) {
            return Ok(self);
        }
        let why = format!(
            "the key has signed a log of {size} heads that this folder does not know: it is a restored copy. Use a new key"
        );
        Err(halt(&mut self.disk, why))
    }

    /// Halts for good. `evidence` writes the evidence first.
    pub fn halt(mut self, why: String, evidence: impl FnOnce(&mut D) -> io::Result<()>) -> Stop {
        match evidence(&mut self.disk) {
            Ok(()) => halt(&mut self.disk, why),
            Err(error) => Stop::Disk(error),
        }
    }

    /// Replays an epoch and appends it to the journal. `now` is the time in nanoseconds since 1970. A violation halts the
    /// verifier for good, after `evidence` has written the evidence into the folder.
    pub fn epoch(
        self,
        epoch: &Complete<'_>,
        now: u64,
        evidence: impl FnOnce(&mut D, &Journal) -> io::Result<()>,
    ) -> Result<Self, Stop> {
        let Self { mut disk, mut journal, replay, signer } = self;
        match replay.epoch(&journal.stored(&disk), epoch, now) {
            Ok(replay) => {
                journal.append(&mut disk, epoch)?;
                Ok(Self { disk, journal, replay, signer })
            }
            Err(ReplayError::Violation(violation)) => {
                evidence(&mut disk, &journal)?;
                Err(halt(&mut disk, violation.to_string()))
            }
            Err(ReplayError::Past(error)) => Err(error.into()),
        }
    }

    /// Cosigns the log that the platform certified. `now` is the clock in seconds since 1970. Returns `None` if
    /// the log is empty or smaller than the last signed one, or if it or the last signed one is larger than the replayed one.
    /// The journal and the statement are on the disk when the cosignature is returned. The signed log continues the last
    /// signed one, even if the journal was lost meanwhile.
    ///
    /// A log that contradicts the replayed one halts the verifier. The last certified log would have shown this before, with
    /// evidence. So its file was lost.
    pub fn cosign(mut self, certified: &Checkpoint, now: u64) -> Result<(Self, Option<Cosignature>), Stop> {
        if certified.size == 0 {
            return Ok((self, None));
        }
        let signed = self.signer.last().map(|last| last.checkpoint);
        for Checkpoint { size, root } in [Some(*certified), signed].into_iter().flatten() {
            if size > self.checkpoint().size {
                return Ok((self, None));
            }
            let own = self.replay.checkpoint_at(size).root;
            if own != root {
                let violation = Violation::LogRoot { size, expected: own, found: root };
                let why =
                    format!("{violation}. There is no evidence: this folder has lost the certificate of the other log");
                return Err(halt(&mut self.disk, why));
            }
        }
        self.journal.sync(&mut self.disk)?;
        match self.signer.sign(&mut self.disk, certified, now) {
            Ok(cosignature) => Ok((self, Some(cosignature))),
            // The certified log is older than the last signed one: a replica lags. Nothing can be signed.
            Err(SignError::Smaller { .. }) => Ok((self, None)),
            Err(error @ SignError::Fork { .. }) => unreachable!("both roots are those of one log: {error:?}"),
            Err(SignError::Disk(error)) => Err(error.into()),
        }
    }

    /// Returns the disk.
    pub fn close(self) -> D {
        self.disk
    }
}

fn halt(disk: &mut impl Disk, why: String) -> Stop {
    match disk.replace(HALTED, why.as_bytes()) {
        Ok(()) => Stop::Halted(why),
        Err(error) => Stop::Disk(error),
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Halted(why) => write!(f, "halted for good: {why}"),
            Self::Journal(violation) => write!(f, "the journal contradicts itself: {violation}"),
            Self::Signer(error) => write!(f, "the key cannot be used: {error:?}"),
            Self::Disk(error) => write!(f, "the folder cannot be used: {error}"),
        }
    }
}

impl std::error::Error for Stop {}
