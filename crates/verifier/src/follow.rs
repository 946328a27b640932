//! Follows a directory: one round after another.
//!
//! ```text
//! advance     the newest certified log must continue the last one, which is then replaced on the disk    (file "certified")
//! catch up    heads that the certified log contains, and their updates: replayed, and appended to the journal
//! compare     own cosignatures that the directory shows must be known to this folder
//! module      must be an allowed one
//! cosign      journal synced, statement stored; only then the cosignature is pushed
//! ```
//!
//! One node answers, and it may lie or lag. What it shows is therefore first compared with what the platform certified. What does
//! not fit is a [`Trouble`], which passes. Only what the platform certified can halt a verifier, and then there is evidence.

use crate::certificate::{Authority, Certified, Module};
use crate::disk::{Disk, read_whole};
use crate::evidence::{self, Broken, Case, Writer};
use crate::network::{Network, PAGE, Pushed, Shown, Trouble, check_age};
use crate::pinned::Pinned;
use crate::progress::Progress;
use crate::replay::Epoch;
use crate::verifier::{Stop, Verifier};
use directory_core::checkpoint::Cosignature;
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::log::{Log, verify_consistency};
use directory_core::update::LoggedUpdate;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use tokio::sync::watch;

/// The file with the last certified log (`certificate.rs`).
pub const CERTIFIED: &str = "certified";

const SECOND: u64 = 1_000_000_000;
/// More updates than an honest epoch has. A longer epoch is not followed.
const MAX_UPDATES: u32 = 100_000;

/// What an operator decides.
#[derive(Debug, Clone)]
pub struct Rules {
    /// SHA-256 of the modules that may run.
    pub modules: Vec<Hash>,
    /// Seconds after which an unchanged log is signed again.
    pub resign: u64,
}

/// Why a round ended early.
#[derive(Debug)]
pub enum End {
    /// It passes: the next round tries again.
    Trouble(Trouble),
    /// The verifier does not go on.
    Stop(Stop),
}

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// The cosignature of the log of `size` heads is with the directory, now or already before.
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
    /// Size and time, in seconds since 1970, of the cosignature that the directory took last.
    pushed: Option<(u64, u64)>,
    /// The module whose evidence was written last.
    refused: Option<Hash>,
    progress: watch::Sender<Progress>,
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
    /// Takes up what the verifier's folder has.
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
        let (pushed, refused) = (None, None);
        let follower =
            Self { network, pinned, authority, rules, verifier: Some(verifier), certified, pushed, refused, progress };
        follower.show();
        Ok(follower)
    }

    /// One round. `now` is the clock, in nanoseconds since 1970.
    ///
    /// # Errors
    ///
    /// [`End`].
    pub async fn round(&mut self, now: u64) -> Result<Round, End> {
        let done = self.attempt(now).await;
        self.progress.send_modify(|progress| progress.round(&done, now / SECOND));
        done
    }

    async fn attempt(&mut self, now: u64) -> Result<Round, End> {
        let (certified, shown) = self.catch_up(now).await?;
        let size = certified.log.checkpoint.size;
        let own = self.verifier()?.signer().public().key_id();
        let published = shown.cosigned.iter().filter(|(_, cosignature)| cosignature.key_id == own);
        for (size, cosignature) in published.clone().filter(|(of, _)| *of <= size) {
            self.verifier = Some(self.take()?.check_published(*size, cosignature)?);
        }
        let module = self.module(&certified, now).await?;
        if !self.rules.modules.contains(&module.hash) {
            return Ok(Round::Withheld(module.hash));
        }
        let shown = published.filter(|(of, _)| *of == size).map(|(_, cosignature)| cosignature.time).max();
        let taken = self.pushed.filter(|(of, _)| *of == size).map(|(_, time)| time).max(shown);
        if size == 0 || taken.is_some_and(|taken| now / SECOND < taken.saturating_add(self.rules.resign)) {
            return Ok(Round::Cosigned { size });
        }
        self.cosign(&certified, now / SECOND).await
    }

    async fn cosign(&mut self, certified: &Certified, now: u64) -> Result<Round, End> {
        let checkpoint = certified.log.checkpoint;
        let (verifier, cosignature) = self.take()?.cosign(&checkpoint, now)?;
        self.verifier = Some(verifier);
        self.show();
        let Some(cosignature) = cosignature else { return Ok(Round::Outrun) };
        let size = checkpoint.size;
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

    /// Replays what the newest certified log has beyond the own one.
    async fn catch_up(&mut self, now: u64) -> Result<(Certified, Shown), End> {
        loop {
            let (certified, shown) = self.advance(now).await?;
            let (own, size) = (self.verifier()?.checkpoint(), certified.log.checkpoint.size);
            if own.size >= size {
                return Ok((certified, shown));
            }
            let limit = (size - own.size).min(PAGE.into());
            let mut heads = self.network.heads(own.size, limit as u32).await?;
            heads.truncate(limit as usize);
            if heads.is_empty() {
                return Err(unverified(format!("heads from {} on are withheld", own.size)));
            }
            let with = self.verifier()?.replay().checkpoint_with(&heads);
            let through = self.network.checkpoint(with.size).await?;
            if self.checked(&through, now)?.log.checkpoint != certified.log.checkpoint {
                continue;
            }
            let checkpoint = &certified.log.checkpoint;
            verify_consistency((with.size, &with.root), (checkpoint.size, &checkpoint.root), &through.consistency)
                .map_err(|error| unverified(format!("the heads are not those of the certified log: {error:?}")))?;
            self.replay(&heads, &certified, &through.consistency).await?;
            tracing::info!(replayed = with.size, of = size, "caught up");
        }
    }

    /// Takes the newest certified log. It must continue the last one.
    async fn advance(&mut self, now: u64) -> Result<(Certified, Shown), End> {
        let last = self.certified.clone();
        let known = last.as_ref().map_or(0, |last| last.log.checkpoint.size);
        let shown = self.network.checkpoint(known).await?;
        let new = self.checked(&shown, now)?;
        let checkpoint = new.log.checkpoint;
        if let Some(last) = &last {
            let old = last.log.checkpoint;
            if checkpoint.size < old.size {
                if new.time <= last.time {
                    return Err(unverified(format!("a node lags: it has {} heads of {}", checkpoint.size, old.size)));
                }
                let what = evidence::rollback_sentence(old.size, checkpoint.size);
                return Err(self.contradiction(Case::Rollback, what, last, &new));
            }
            if checkpoint.size == old.size && checkpoint.root != old.root {
                let what = evidence::fork_sentence(old.size, &old.root, &checkpoint.root);
                return Err(self.contradiction(Case::Fork, what, last, &new));
            }
            let continues = (old.size, &old.root);
            if known > 0
                && verify_consistency(continues, (checkpoint.size, &checkpoint.root), &shown.consistency).is_err()
            {
                return Err(self.fork(last, &new).await);
            }
        }
        if last.is_none_or(|last| last.log.checkpoint != checkpoint) {
            self.verifier_mut()?.disk_mut().replace(CERTIFIED, &new.encode())?;
        }
        self.certified = Some(new.clone());
        self.progress.send_modify(|progress| progress.certified = checkpoint.size);
        Ok((new, shown))
    }

    /// What a node shows as certified.
    fn checked(&self, shown: &Shown, now: u64) -> Result<Certified, End> {
        let certified = self.authority.log(&shown.log, &shown.certificate).map_err(unverified)?;
        check_age(certified.time, now)?;
        let configuration = certified.log.configuration;
        if configuration != self.pinned.configuration.hash() {
            let why = format!("the configuration {} is not the pinned one", hex::encode(configuration));
            return Err(unverified(why));
        }
        Ok(certified)
    }

    /// Halts because of two certificates that contradict each other.
    fn contradiction(&mut self, case: Case, what: String, last: &Certified, new: &Certified) -> End {
        let pinned = self.pinned.clone();
        match self.take() {
            Ok(verifier) => {
                verifier.halt(what, |disk, _| evidence::contradiction(disk, &pinned, case, [last, new])).into()
            }
            Err(end) => end,
        }
    }

    /// Halts if a larger certified log really does not continue the last one: all its heads show it. Otherwise the node lied
    /// when it showed the consistency.
    async fn fork(&mut self, last: &Certified, new: &Certified) -> End {
        match self.write_fork(last, new).await {
            Err(end) => end,
            Ok(root) => {
                let old = last.log.checkpoint;
                let what = evidence::fork_sentence(old.size, &old.root, &root);
                match self.take() {
                    Ok(verifier) => verifier.halt(what, |_, _| Ok(())).into(),
                    Err(end) => end,
                }
            }
        }
    }

    /// Writes the evidence of a fork. Returns the root that the new log had at the size of the last one.
    async fn write_fork(&mut self, last: &Certified, new: &Certified) -> Result<Hash, End> {
        let (old, checkpoint) = (last.log.checkpoint, new.log.checkpoint);
        let Some(verifier) = &mut self.verifier else { return Err(stopped()) };
        let mut writer = Writer::new(verifier.disk_mut(), evidence::FILE, &self.pinned, Case::Fork)?;
        writer.certified(last)?;
        writer.certified(new)?;
        let mut log = Log::<Vec<Hash>>::default();
        while log.size() < checkpoint.size {
            let limit = (checkpoint.size - log.size()).min(PAGE.into());
            let mut heads = self.network.heads(log.size(), limit as u32).await?;
            heads.truncate(limit as usize);
            if heads.is_empty() {
                return Err(unverified(format!("heads from {} on are withheld", log.size())));
            }
            heads.iter().for_each(|head| log.append(&head.encode()));
            writer.heads(&heads)?;
        }
        let root = log.root(old.size);
        if log.root(checkpoint.size) != checkpoint.root || root == old.root {
            return Err(unverified("a node shows another history than the certified one".to_owned()));
        }
        writer.finish()?;
        Ok(root)
    }

    /// Replays epochs whose heads are in the certified log.
    async fn replay(&mut self, heads: &[Head], certified: &Certified, consistency: &[Hash]) -> Result<(), End> {
        let mut ahead = VecDeque::new();
        for (at, head) in heads.iter().enumerate() {
            let (_, later) = heads.split_at(at + 1);
            let waiting = later.iter().map(|head| u64::from(head.updates)).sum::<u64>();
            let epoch = Epoch { head: *head, updates: self.updates(head, waiting, &mut ahead).await? };
            epoch.check_updates().map_err(|why| unverified(format!("updates of epoch {}: {why}", head.epoch)))?;
            let broken = Broken { epoch: &epoch, later, certified, consistency };
            let pinned = self.pinned.clone();
            let verifier = self
                .take()?
                .epoch(&epoch, certified.time, |disk, journal| evidence::broken(disk, &pinned, journal, &broken))?;
            self.verifier = Some(verifier);
            self.show();
        }
        Ok(())
    }

    /// The updates of an epoch. Those of later epochs that come with them, at most `waiting`, stay in `ahead`.
    async fn updates(
        &self,
        head: &Head,
        waiting: u64,
        ahead: &mut VecDeque<LoggedUpdate>,
    ) -> Result<Vec<LoggedUpdate>, End> {
        if head.updates > MAX_UPDATES {
            return Err(unverified(format!("epoch {} has {} updates", head.epoch, head.updates)));
        }
        if ahead.front().is_some_and(|update| update.position != head.first_update) {
            ahead.clear();
        }
        let number = head.updates as usize;
        while ahead.len() < number {
            let from = head.first_update.saturating_add(ahead.len() as u64);
            let limit = ((number - ahead.len()) as u64).saturating_add(waiting).min(PAGE.into());
            let page = self.network.updates(from, limit as u32).await?;
            if page.is_empty() {
                return Err(unverified(format!("updates from {from} on are withheld")));
            }
            ahead.extend(page.into_iter().take(limit as usize));
        }
        Ok(ahead.drain(..number).collect())
    }

    /// The module that the canister has now, after the log was certified.
    async fn module(&mut self, certified: &Certified, now: u64) -> Result<Module, End> {
        let module = self.authority.module(&self.network.module().await?).map_err(unverified)?;
        check_age(module.time, now)?;
        if module.time < certified.time {
            return Err(unverified("a node lags: it shows the module of an earlier time".to_owned()));
        }
        let is_allowed = self.rules.modules.contains(&module.hash);
        if !is_allowed && self.refused != Some(module.hash) {
            let Some(verifier) = &mut self.verifier else { return Err(stopped()) };
            evidence::module(verifier.disk_mut(), &self.pinned, &self.rules.modules, &module)?;
            tracing::error!("nothing is signed: {}", evidence::module_sentence(&module));
            self.refused = Some(module.hash);
        }
        Ok(module)
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

    /// Shows how far the verifier has come.
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

fn unverified(why: String) -> End {
    Trouble::Unverified(why).into()
}

/// A round after the one that stopped the verifier.
fn stopped() -> End {
    Stop::Halted("it has stopped before".to_owned()).into()
}
