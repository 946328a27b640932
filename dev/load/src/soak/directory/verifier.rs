//! A verifier of the directory. It uses the library of `crates/verifier`, which replays each epoch and cosigns its head. It
//! keeps a folder, and sometimes restarts from it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use client::directory::directory_core::checkpoint;
use client::directory::directory_core::policy::Key;
use ed25519_dalek::SigningKey;
use tokio::sync::watch;
use verifier::disk::Folder;
use verifier::follow::{End, Follower, Round, Rules};
use verifier::network::{Platform, Trouble};
use verifier::pinned::Pinned;
use verifier::progress::Progress;

use crate::soak::actor::{Actor, Named};
use crate::soak::gate::CallFailure;
use crate::soak::{Options, Shared, lock};
use crate::violation::{Verdict, Violation};
use test_support::Random;

/// Time between two rounds.
const PAUSE: Duration = Duration::from_millis(150);
/// Seconds after which an unchanged log is signed again.
const RESIGN: u64 = 20;

/// An operation of a verifier.
pub enum Operation {
    /// Replays and cosigns the new epochs.
    Round,
    /// Restarts from its folder.
    Reopen,
}

impl Named for Operation {
    fn name(&self) -> &'static str {
        match self {
            Self::Round => "rounds of a verifier",
            Self::Reopen => "restarts of a verifier",
        }
    }
}

/// A verifier.
pub struct Verifier {
    number: u8,
    follower: Option<Follower<Folder, Platform>>,
    shared: Arc<Shared>,
    url: String,
    folder: PathBuf,
    operations: u64,
    random: Random,
    /// Number of heads in the log that it cosigned last.
    cosigned: u64,
}

fn secret(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number + 201; 32])
}

fn name(number: u8) -> String {
    format!("verifier.example/{number}")
}

/// The verifier with this number, as a configuration names it.
pub fn public(number: u8) -> checkpoint::Verifier {
    checkpoint::Verifier::new(name(number), Key::of(&secret(number))).expect("its name can stand in a note")
}

/// The clock, in nanoseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

fn cannot(number: u8, why: impl fmt::Display) -> Violation {
    Violation(format!("verifier {number} cannot start: {why}"))
}

impl Verifier {
    /// Opens the verifier with this number. Its folder lies inside `folder`.
    ///
    /// # Errors
    ///
    /// If it cannot start.
    pub fn open(number: u8, shared: &Arc<Shared>, url: &str, folder: &Path, options: &Options) -> Verdict<Self> {
        let (shared, url, operations) = (Arc::clone(shared), url.to_owned(), options.operations);
        let folder = folder.join(format!("verifier-{number}"));
        let random = Random::of(&[options.seed, 2 << 32, number.into()]);
        let mut verifier = Self { number, follower: None, shared, url, folder, operations, random, cosigned: 0 };
        verifier.reopen()?;
        Ok(verifier)
    }

    /// Restarts it from its folder.
    fn reopen(&mut self) -> Verdict<()> {
        // The old follower holds the lock of the folder.
        self.follower = None;
        let number = self.number;
        let pinned: Pinned = self.shared.directory.pinned.clone();
        let platform = Platform::new(&self.url, Some(&pinned.root_key), pinned.canister);
        let platform = platform.map_err(|error| cannot(number, error))?;
        let disk = Folder::open(&self.folder).map_err(|error| cannot(number, error))?;
        let pins = pinned.pins().map_err(|error| cannot(number, error))?;
        let verifier = verifier::verifier::Verifier::open(disk, pins, &name(number), secret(number));
        let verifier = verifier.map_err(|stop| cannot(number, stop))?;
        let rules = Rules { modules: vec![self.shared.directory.module_hash()], resign: RESIGN };
        let progress = watch::channel(Progress::default()).0;
        let follower = Follower::new(platform, pinned, rules, verifier, progress);
        self.follower = Some(follower.map_err(|error| cannot(number, error))?);
        Ok(())
    }

    /// Makes a round. A kill may cut it off.
    ///
    /// # Errors
    ///
    /// If the verifier stops or rejects an answer, or if the network does not answer though it was not killed.
    pub async fn round(&mut self) -> Verdict<()> {
        let Some(follower) = &mut self.follower else { return Ok(()) };
        match self.shared.gate.attempt(follower.round(now)).await? {
            Some(Round::Cosigned { size }) => {
                self.shared.tally().directory.cosigned += u64::from(size > self.cosigned);
                self.cosigned = size;
                lock(&self.shared.directory.model).note_size(size);
                Ok(())
            }
            Some(Round::Withheld(module)) => Err(Violation(format!("the module {module:?} is not the directory's"))),
            Some(Round::Outrun) | None => Ok(()),
        }
    }
}

impl CallFailure for End {
    fn is_silence(&self) -> bool {
        matches!(self, Self::Trouble(Trouble::Unanswered(_)))
    }
}

impl Actor for Verifier {
    type Operation = Operation;

    fn name(&self) -> String {
        format!("verifier {}", self.number)
    }

    /// It makes rounds as long as clients make operations.
    async fn next(&mut self) -> Option<Operation> {
        tokio::time::sleep(PAUSE).await;
        let is_over = self.shared.done.load(std::sync::atomic::Ordering::Relaxed) >= self.operations;
        let reopens = self.random.per_mille(60);
        (!is_over).then_some(if reopens { Operation::Reopen } else { Operation::Round })
    }

    async fn make(&mut self, operation: Operation) -> Verdict<()> {
        match operation {
            Operation::Round => self.round().await,
            Operation::Reopen => {
                self.reopen()?;
                self.shared.tally().directory.reopened += 1;
                Ok(())
            }
        }
    }
}
