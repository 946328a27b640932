//! The rules of change. The canister applies them before it accepts an update, a verifier when it replays the update, and a
//! client when it reads a label's history.
//!
//! - A `set` is signed by the policy in force. The new policy signs too, to prove that its keys are held. A change of the
//!   recovery policy also needs the old recovery policy.
//! - A `close` is signed by the policy in force and changes nothing else. It may be signed in advance. It then names no
//!   predecessor, and its version may be any later one, up to 2^31.
//! - A `recover` is signed by the recovery policy and takes effect after its delay. Until then the earlier entry stays in
//!   force, and only the recovery policy can act: it may withdraw the recovery by restoring the policy in force.
//! - A closed label can only be recovered.

use crate::entry::{ANY_PREVIOUS, Entry, Kind, Recovery};
use crate::hash::{Hash, ZERO};
use crate::policy::Policy;
use crate::signatures::{Role, SignatureError, Signatures};
use crate::update::Update;

/// The highest version of a close that skips versions.
pub const MAX_SKIP: u32 = 1 << 31;
const SECOND: u64 = 1_000_000_000;

/// The state of a label: its newest entry, and the entry that a pending recovery would replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    entry: Entry,
    hash: Hash,
    time: u64,
    replaced: Option<Entry>,
}

/// The signer that vouches for version 0.
#[derive(Debug, Clone, Copy)]
pub enum Registrar<'a> {
    /// Nobody: for development, and for the first entry of the registrar's own label.
    Open,
    /// The policy in force of the registrar's label.
    Policy(&'a Policy),
}

/// The context that the rules need beside the state.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The directory.
    pub realm: &'a Hash,
    /// The label's index.
    pub index: &'a Hash,
    /// The time of the update in nanoseconds since 1970.
    pub now: u64,
    /// Who vouches for version 0.
    pub registrar: Registrar<'a>,
    /// Seconds until the epoch closes, if the label already has an update in the open epoch.
    pub pending: Option<u64>,
}

/// The reason why an update is refused. The state stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The entry is for another directory.
    Realm(Hash),
    /// The entry is for another label.
    Index(Hash),
    /// The label has an update in the open epoch.
    Pending {
        /// Seconds until the epoch closes.
        retry_after: u64,
    },
    /// The time is before the newest entry's.
    Time {
        /// The time of the newest entry.
        newest: u64,
        /// The time of the update.
        now: u64,
    },
    /// The first entry of a label is a `set` of version 0 without predecessor.
    NotFirst {
        /// The version that was sent.
        version: u32,
    },
    /// The entry does not follow the newest one.
    Conflict {
        /// The newest version.
        version: u32,
        /// The newest entry's hash.
        hash: Hash,
    },
    /// A close that skips versions goes beyond 2^31, or not beyond the newest version.
    Skip {
        /// The newest version.
        newest: u32,
        /// The version that was sent.
        version: u32,
    },
    /// A registrar's signature comes with a later version than 0, or in a directory without a registrar.
    Registration,
    /// The label is closed.
    Closed,
    /// The label has no recovery policy.
    NoRecovery,
    /// A recovery is pending. Only its withdrawal, which restores the entry in force, is accepted.
    RecoveryPending {
        /// When the recovery takes effect, in nanoseconds since 1970.
        effective: u64,
    },
    /// A close must leave the policy as it is.
    PolicyChanged,
    /// A close or a recovery must leave the recovery policy and its delay as they are.
    RecoveryChanged,
    /// Signatures are missing, foreign or wrong.
    Signature(SignatureError),
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl State {
    /// Restores a state that was stored or proved. `replaced` is the entry that the newest one replaces, if that is a recovery
    /// whose delay has not passed. Returns `None` if the entries do not belong together.
    pub fn from_parts(entry: Entry, time: u64, replaced: Option<Entry>) -> Option<Self> {
        let fits = match &replaced {
            None => entry.kind != Kind::Recover || entry.recovery.is_some(),
            Some(old) => {
                entry.kind == Kind::Recover
                    && entry.recovery.is_some()
                    && old.recovery == entry.recovery
                    && old.hash() == entry.previous
                    && old.realm == entry.realm
                    && old.index == entry.index
            }
        };
        fits.then(|| Self { hash: entry.hash(), entry, time, replaced })
    }

    /// The newest entry, whether or not it is in force.
    pub fn newest(&self) -> &Entry {
        &self.entry
    }

    /// The newest entry's hash.
    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    /// When the directory accepted the newest entry, in nanoseconds since 1970.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// The entry that a pending recovery replaces.
    pub fn replaced(&self) -> Option<&Entry> {
        self.replaced.as_ref()
    }

    /// When a recovery that is still pending at `now` takes effect, in nanoseconds since 1970.
    pub fn pending_until(&self, now: u64) -> Option<u64> {
        effective(&self.entry, self.time).filter(|effective| now < *effective)
    }

    /// The entry in force at `now`. `None`: a recovery is pending, and the entry that it replaces is not known.
    pub fn in_force(&self, now: u64) -> Option<&Entry> {
        match self.pending_until(now) {
            Some(_) => self.replaced.as_ref(),
            None => Some(&self.entry),
        }
    }

    fn follow(&self, update: &Update, now: u64) -> Result<Option<Entry>, Refusal> {
        let new = &update.entry;
        if now < self.time {
            return Err(Refusal::Time { newest: self.time, now });
        }
        if !update.registration.all().is_empty() {
            return Err(Refusal::Registration);
        }
        self.check_succession(new)?;
        if let Some(effective) = self.pending_until(now) {
            let pending = Refusal::RecoveryPending { effective };
            let old = self.replaced.as_ref().ok_or(pending)?;
            return withdraw(old, update, pending).map(|()| None);
        }
        let old = &self.entry;
        let recovery = old.recovery.as_ref();
        match new.kind {
            Kind::Recover => {
                let recovery = recovery.ok_or(Refusal::NoRecovery)?;
                unless(new.recovery.as_ref() != Some(recovery), Refusal::RecoveryChanged)?;
                authorise(update, &[(Role::Recovery, &recovery.policy), (Role::New, &new.policy)])?;
                return Ok(Some(old.clone()));
            }
            _ if old.kind == Kind::Close => return Err(Refusal::Closed),
            Kind::Close => {
                unless(new.policy != old.policy, Refusal::PolicyChanged)?;
                unless(new.recovery != old.recovery, Refusal::RecoveryChanged)?;
                authorise(update, &[(Role::Current, &old.policy)])?;
            }
            Kind::Set => {
                let mut signers = vec![(Role::Current, &old.policy), (Role::New, &new.policy)];
                if let Some(Recovery { policy, .. }) = recovery.filter(|_| new.recovery != old.recovery) {
                    signers.push((Role::Recovery, policy));
                }
                authorise(update, &signers)?;
            }
        }
        Ok(None)
    }

    fn check_succession(&self, new: &Entry) -> Result<(), Refusal> {
        if new.kind == Kind::Close && new.previous == ANY_PREVIOUS {
            let skip = Refusal::Skip { newest: self.entry.version, version: new.version };
            return unless(new.version <= self.entry.version || new.version > MAX_SKIP, skip);
        }
        let conflict = Refusal::Conflict { version: self.entry.version, hash: self.hash };
        unless(new.previous != self.hash || Some(new.version) != self.entry.version.checked_add(1), conflict)
    }
}

/// Applies an update to the state of a label, or to `None` if it has no entry. Cheap checks come before signatures.
pub fn apply(state: Option<&State>, update: &Update, context: &Context<'_>) -> Result<State, Refusal> {
    let new = &update.entry;
    unless(new.realm != *context.realm, Refusal::Realm(new.realm))?;
    unless(new.index != *context.index, Refusal::Index(new.index))?;
    if let Some(retry_after) = context.pending {
        return Err(Refusal::Pending { retry_after });
    }
    let replaced = match state {
        Some(state) => state.follow(update, context.now)?,
        None => first(update, context.registrar).map(|()| None)?,
    };
    Ok(State { entry: new.clone(), hash: new.hash(), time: context.now, replaced })
}

fn first(update: &Update, registrar: Registrar<'_>) -> Result<(), Refusal> {
    let new = &update.entry;
    let is_first = new.kind == Kind::Set && new.version == 0 && new.previous == ZERO;
    unless(!is_first, Refusal::NotFirst { version: new.version })?;
    match registrar {
        Registrar::Open => unless(update.registration != Signatures::default(), Refusal::Registration)?,
        Registrar::Policy(policy) => {
            update.registration.authorise(&update.registration_bytes(), &[(Role::Registrar, policy)])?;
        }
    }
    authorise(update, &[(Role::New, &new.policy)])
}

/// A withdrawal restores the entry in force, so that it cannot shorten a recovery's delay.
fn withdraw(old: &Entry, update: &Update, pending: Refusal) -> Result<(), Refusal> {
    let new = &update.entry;
    let closed = old.kind == Kind::Close;
    let kind = if closed { Kind::Close } else { Kind::Set };
    let recovery = old.recovery.as_ref().ok_or(pending)?;
    unless(new.kind != kind || new.policy != old.policy || new.recovery != old.recovery, pending)?;
    let mut signers = vec![(Role::Recovery, &recovery.policy)];
    if !closed {
        signers.push((Role::New, &new.policy));
    }
    authorise(update, &signers)
}

fn effective(entry: &Entry, time: u64) -> Option<u64> {
    let recovery = entry.recovery.as_ref().filter(|_| entry.kind == Kind::Recover)?;
    Some(time.saturating_add(u64::from(recovery.delay) * SECOND))
}

fn authorise(update: &Update, policies: &[(Role, &Policy)]) -> Result<(), Refusal> {
    Ok(update.signatures.authorise(&update.entry.signed_bytes(), policies)?)
}

fn unless(wrong: bool, refusal: Refusal) -> Result<(), Refusal> {
    if wrong { Err(refusal) } else { Ok(()) }
}
