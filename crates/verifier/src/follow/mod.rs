//! Follows a directory, one round after another.
//!
//! ```text
//! advance     the newest certified log must continue the last one, and replaces it on the disk    (file "certified")
//! catch up    new heads of the certified log and their updates are replayed, and appended to the journal
//! compare     this folder must know all own cosignatures that the directory shows
//! module      it must be an allowed one
//! cosign      the journal is synced and the statement stored; only then the cosignature is pushed
//! ```
//!
//! One node answers, and it may lie or lag. So its answers are first compared with the certified data. A contradiction is a
//! [`Trouble`], which is temporary. Only certified data can halt a verifier, and then there is evidence.

mod advance;
mod catch_up;

use crate::certificate::{Authority, Certified, Module};
use crate::disk::{Disk, read_whole};
use crate::evidence;
use crate::network::{Network, PAGE, Pushed, Trouble, check_age};
use crate::pinned::Pinned;
use crate::progress::Progress;
use crate::verifier::{Stop, Verifier};
use directory_core::checkpoint::Cosignature;
use directory_core::hash::Hash;
use directory_core::head::Head;
use std::fmt;
use std::io;
use std::time::Instant;
use tokio::sync::watch;

/// The file with the last certified log (`certificate.rs`).
pub const CERTIFIED: &str = "certified";

const SECOND: u64 = 1_000_000_000;

/// How often a round asks for the module while the answers are older than the certified log.
const MODULE_TRIES: u32 = 5;

/// The operator's settings.
#[derive(Debug, Clone)]
pub struct Rules {
    /// SHA-256 of the modules that may run.
    pub modules: Vec<Hash>,
    /// Seconds after which an unchanged log is signed again.
    pub resign: u64,
}

/// The reason why a round ended early.
#[derive(Debug)]
pub enum End {
    /// It is temporary. The next round tries again.
    Trouble(Trouble),
    /// The verifier stops.
    Stop(Stop),
}

/// The result of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// The directory has the cosignature of the log of `size` heads.
    Cosigned {
        /// Number of heads.
        size: u64,
    },
    /// The canister has a module that is not allowed. Nothing was signed.
    Withheld(Hash),
    /// The log has grown meanwhile.
    Outrun,
}

/// A verifier that follows a directory.
pub struct Follower<D, N> {
    network: N,
    pinned: Pinned,
    authority: Authority,
    rules: Rules,
    /// `None` once it has stopped.
    verifier: Option<Verifier<D>>,
    certified: Option<Certified>,
    /// Size of the log, and time in seconds since 1970, of the last cosignature that the directory has taken.
    pushed: Option<(u64, u64)>,
    /// The module for which evidence was last written.
    refused: Option<Hash>,
    progress: watch::Sender<Progress>,
    /// When the log last said how far the replay is.
    told: Instant,
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Stop(error.into())
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trouble(trouble) => trouble.fmt(f),
            Self::Stop(stop) => stop.fmt(f),
        }
    }
}

impl<D: Disk, N: Network> Follower<D, N> {
    /// Opens the verifier's folder.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or its last certified log is not this directory's.
    pub fn new(
        network: N,
        pinned: Pinned,
        rules: Rules,
        verifier: Verifier<D>,
        progress: watch::Sender<Progress>,
    ) -> io::Result<Self> {
        let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, format!("file {CERTIFIED}: {why}"));
        let authority = Authority::new(pinned.canister, &pinned.root_key).map_err(invalid)?;
        let stored = read_whole(verifier.disk(), CERTIFIED)?;
        let certified = stored.map(|bytes| authority.decode(&bytes)).transpose().map_err(invalid)?;
        if let Some(other) = certified.as_ref().map(|last| last.log.configuration).filter(|it| *it != pinned.hash()) {
            return Err(invalid(format!("it is of the configuration {}, not of the pinned one", hex::encode(other))));
        }
        let (verifier, pushed, refused, told) = (Some(verifier), None, None, Instant::now());
        let follower = Self { network, pinned, authority, rules, verifier, certified, pushed, refused, progress, told };
        follower.show();
        Ok(follower)
    }

    /// Makes one round. `clock` returns the time in nanoseconds since 1970: a round that catches up may take long.
    ///
    /// # Errors
    ///
    /// [`End`].
    pub async fn round(&mut self, clock: impl Fn() -> u64) -> Result<Round, End> {
        let done = self.attempt(&clock).await;
        self.progress.send_modify(|progress| progress.round(&done, clock() / SECOND));
        done
    }

    async fn attempt(&mut self, clock: impl Fn() -> u64) -> Result<Round, End> {
        let (certified, shown) = self.catch_up(&clock).await?;
        let size = certified.log.checkpoint.size;
        let verifier = self.verifier()?;
        // A node can show a cosignature that the key has not made.
        let is_own = |(of, cosignature): &&(u64, Cosignature)| *of <= size && verifier.has_signed(*of, cosignature);
        let published: Vec<_> = shown.cosigned.iter().filter(is_own).collect();
        for (size, cosignature) in &published {
            self.verifier = Some(self.take()?.check_published(*size, cosignature)?);
        }
        let module = self.module(&certified, &clock).await?;
        if !self.rules.modules.contains(&module.hash) {
            return Ok(Round::Withheld(module.hash));
        }
        let shown = published.iter().filter(|(of, _)| *of == size).map(|(_, cosignature)| cosignature.time).max();
        let taken = self.pushed.filter(|(of, _)| *of == size).map(|(_, time)| time).max(shown);
        let now = clock();
        if size == 0 || taken.is_some_and(|taken| now / SECOND < taken.saturating_add(self.rules.resign)) {
            return Ok(Round::Cosigned { size });
        }
        self.cosign(&certified, now / SECOND).await
    }

    async fn cosign(&mut self, certified: &Certified, now: u64) -> Result<Round, End> {
        let checkpoint = certified.log.checkpoint;
        let size = checkpoint.size;
        let (verifier, cosignature) = self.take()?.cosign(&checkpoint, now)?;
        let signed = verifier.signer().last().map_or(0, |last| last.checkpoint.size);
        self.verifier = Some(verifier);
        self.show();
        let Some(cosignature) = cosignature else {
            return Err(unverified(format!("a node lags: it has {size} heads, and {signed} are signed")));
        };
        match self.push(size, &cosignature).await? {
            Pushed::Outrun => Ok(Round::Outrun),
            Pushed::Stored { time } => {
                self.pushed = Some((size, time));
                Ok(Round::Cosigned { size })
            }
        }
    }

    async fn push(&self, size: u64, cosignature: &Cosignature) -> Result<Pushed, Trouble> {
        let pushed = self.network.ratify(size, cosignature).await?;
        tracing::info!(size, ?pushed, "cosigned");
        Ok(pushed)
    }

    /// The canister's module, certified after the log.
    async fn module(&mut self, certified: &Certified, clock: impl Fn() -> u64) -> Result<Module, End> {
        let module = self.module_since(certified.time, clock).await?;
        let is_allowed = self.rules.modules.contains(&module.hash);
        if !is_allowed && self.refused != Some(module.hash) {
            let Some(verifier) = &mut self.verifier else { return Err(stopped()) };
            evidence::module(verifier.disk_mut(), &self.pinned, certified, &self.rules.modules, &module)?;
            tracing::error!("nothing is signed: {}", evidence::module_sentence(&module, &self.rules.modules));
            self.refused = Some(module.hash);
        }
        Ok(module)
    }

    /// The module at a time that is not before `earliest`. If a node's state is older, the next answer may be another node's.
    async fn module_since(&self, earliest: u64, clock: impl Fn() -> u64) -> Result<Module, End> {
        for _ in 0..MODULE_TRIES {
            let module = self.authority.module(&self.network.module().await?).map_err(unverified)?;
            check_age(module.time, clock())?;
            if module.time >= earliest {
                return Ok(module);
            }
        }
        Err(unverified("nodes lag: they show the module of an earlier time".to_owned()))
    }

    fn verifier(&self) -> Result<&Verifier<D>, End> {
        self.verifier.as_ref().ok_or_else(stopped)
    }

    fn verifier_mut(&mut self) -> Result<&mut Verifier<D>, End> {
        self.verifier.as_mut().ok_or_else(stopped)
    }

    fn take(&mut self) -> Result<Verifier<D>, End> {
        self.verifier.take().ok_or_else(stopped)
    }

    /// Publishes the verifier's progress.
    fn show(&self) {
        let Some(verifier) = &self.verifier else { return };
        self.progress.send_modify(|progress| {
            let replay = verifier.replay();
            progress.replayed = replay.checkpoint().size;
            (progress.updates, progress.labels) = (replay.updates(), replay.labels());
            progress.journal_bytes = verifier.journal_size();
            if let Some(last) = verifier.signer().last() {
                (progress.signed, progress.signed_at) = (last.checkpoint.size, last.cosignature.time);
            }
        });
    }
}

/// A page of heads from the epoch `from` on, at least one, and all below the epoch `to`.
async fn heads(network: &impl Network, from: u64, to: u64) -> Result<Vec<Head>, End> {
    let limit = (to - from).min(PAGE.into());
    let mut heads = network.heads(from, limit as u32).await?;
    heads.truncate(limit as usize);
    if heads.is_empty() {
        return Err(unverified(format!("heads from {from} on are withheld")));
    }
    Ok(heads)
}

fn unverified(why: String) -> End {
    Trouble::Unverified(why).into()
}

/// The result of a round after the verifier has stopped.
fn stopped() -> End {
    Stop::Halted("it has stopped before".to_owned()).into()
}
