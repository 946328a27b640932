//! The known state of the directory: the versions of each label that were sent, their outcomes, and the heads at which they
//! were shown.
//!
//! An epoch takes updates until its head closes it, and a look-up is answered at a head. So the epoch of an update decides what
//! look-ups must show: the version is there at every head from that epoch on, and at no earlier one. The model learns the epoch
//! from three sources. The confirmation names it. Each head that showed the version is an upper bound, and each head that did
//! not is a lower bound. In the end the log names it. They must agree.

mod bundles;
mod log;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use ::directory::limits::DAILY_UPDATES;
use client::directory::api::{Accepted, UpdateError};
use client::directory::directory_core::hash::Hash;
use client::directory::directory_core::head::Head;

use super::draft::{Number, Version};
use crate::violation::{Verdict, Violation, ensure};
use bundles::Bundles;
use log::Log;

/// A version's index among the sent versions of its label.
pub type Place = usize;

/// The outcome of a version that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Unknown: it may be there, or may still come.
    Open,
    /// It is there: this was confirmed or seen.
    Accepted,
    /// All its calls were refused.
    Refused,
}

/// A version that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The version.
    pub version: Version,
    /// Its hash.
    pub hash: Hash,
    /// The outcome.
    pub fate: Fate,
    /// Whether a kill cut off a call that sent it.
    cut: bool,
    /// The position of its update, once known.
    position: Option<u64>,
    /// When the directory accepted it, once known.
    time: Option<u64>,
    /// The epoch of its update, once known.
    epoch: Option<u64>,
    /// The first head that showed it.
    shown: Option<u64>,
    /// The last head that did not show it.
    hidden: Option<u64>,
}

/// The known state of a label.
#[derive(Debug, Default)]
struct Known {
    sent: Vec<Sent>,
    /// The places of the accepted versions, by version number.
    accepted: Vec<Place>,
    bundles: Bundles,
}

/// The outcome of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It was confirmed.
    Confirmed,
    /// It had been executed before, from another envelope.
    Repeated,
    /// The label has an update in the open epoch.
    Pending,
    /// Another owner has registered the label.
    Lost,
    /// The label has used up its updates of the day.
    Quota,
}

/// The least that the answer to a call that begins now must show.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// Least number of heads.
    pub size: u64,
    /// Least number of heads through the newest ratified one.
    pub ratified: u64,
}

/// The model.
#[derive(Debug, Default)]
pub struct Model {
    labels: BTreeMap<Number, Known>,
    /// The labels' numbers by index.
    indexes: HashMap<Hash, Number>,
    log: Log,
    /// The greatest version of the canister that the network has shown.
    pub version: u64,
}

impl Model {
    /// Notes a version before it is sent.
    pub fn begin(&mut self, number: Number, version: Version) -> Place {
        self.indexes.insert(version.entry.index, number);
        let sent = &mut self.labels.entry(number).or_default().sent;
        let hash = version.entry.hash();
        let (position, time, epoch, shown, hidden) = (None, None, None, None, None);
        sent.push(Sent { version, hash, fate: Fate::Open, cut: false, position, time, epoch, shown, hidden });
        sent.len() - 1
    }

    /// The least that a call that begins now must show.
    pub fn before(&self) -> Before {
        Before { size: self.log.size(), ratified: self.log.ratified() }
    }

    /// The newest accepted version of a label.
    pub fn newest(&self, number: Number) -> Option<&Sent> {
        let known = self.labels.get(&number)?;
        known.accepted.last().map(|&place| &known.sent[place])
    }

    /// The place of this owner's next version, if one was sent and has no outcome. It must be sent again before another version
    /// is made.
    pub fn open(&self, number: Number, owner: u8) -> Option<Place> {
        let known = self.labels.get(&number)?;
        let is_open = |Sent { fate, version, .. }: &Sent| {
            let is_next = version.entry.version as usize >= known.accepted.len();
            *fate == Fate::Open && version.owner == owner && is_next
        };
        known.sent.iter().position(is_open)
    }

    /// The version at this place.
    pub fn sent(&self, number: Number, place: Place) -> &Sent {
        &self.labels[&number].sent[place]
    }

    /// The labels that this owner has registered.
    pub fn owned_by(&self, owner: u8) -> Vec<Number> {
        let is_owned = |known: &Known| known.accepted.first().is_some_and(|&at| known.sent[at].version.owner == owner);
        self.labels.iter().filter(|(_, known)| is_owned(known)).map(|(&number, _)| number).collect()
    }

    /// The labels that were sent.
    pub fn numbers(&self) -> Vec<Number> {
        self.labels.keys().copied().collect()
    }

    /// Number of accepted versions of a label.
    pub fn versions(&self, number: Number) -> usize {
        self.labels.get(&number).map_or(0, |known| known.accepted.len())
    }

    /// The known numbers of labels, updates and epochs.
    pub fn size(&self) -> (u64, u64, u64) {
        let labels = self.labels.values().filter(|known| !known.accepted.is_empty()).count();
        (labels as u64, self.log.updates(), self.log.size())
    }

    /// Notes the answer to an update. `before` is the knowledge from before the call. `was_cut`: an earlier call with the same
    /// update was cut off.
    ///
    /// # Errors
    ///
    /// If this answer is impossible.
    pub fn answered(
        &mut self,
        (number, place): (Number, Place),
        before: Before,
        was_cut: bool,
        answer: Result<Accepted, UpdateError>,
    ) -> Verdict<Came> {
        let sent = self.at(number, place);
        sent.cut |= was_cut;
        let (cut, hash) = (sent.cut, sent.hash);
        let came = match answer {
            Ok(accepted) => return self.confirmed(number, place, before, accepted),
            Err(UpdateError::Conflict { hash: newest, .. }) => {
                self.accepted_by_hash(number, &newest)?;
                if newest == hash[..] {
                    ensure(cut, || format!("{number}: an update that was sent once is said to be there already"))?;
                    return Ok(Came::Repeated);
                }
                Came::Lost
            }
            Err(UpdateError::Pending { .. }) => {
                let known = &self.labels[&number];
                let may_wait = |sent: &Sent| {
                    let epoch = sent.epoch.or(sent.shown);
                    sent.fate != Fate::Refused && epoch.is_none_or(|epoch| epoch >= before.size)
                };
                let mut others = known.sent.iter().enumerate().filter(|(at, _)| *at != place || cut);
                ensure(others.any(|(_, sent)| may_wait(sent)), || {
                    format!("{number}: an update is refused as pending, but epoch {} is open", before.size)
                })?;
                Came::Pending
            }
            Err(UpdateError::DailyUpdates { .. }) => {
                let known = &self.labels[&number];
                let most = known.sent.iter().filter(|sent| sent.fate != Fate::Refused).count();
                ensure(most > DAILY_UPDATES, || format!("{number}: the quota is used up by {most} updates at most"))?;
                Came::Quota
            }
            Err(error) => return Err(Violation(format!("{number}: an update was refused: {error:?}"))),
        };
        let sent = self.at(number, place);
        // If a call was cut off, the update may be there, or may still come.
        if !sent.cut && sent.fate == Fate::Open {
            sent.fate = Fate::Refused;
        }
        Ok(came)
    }

    fn confirmed(&mut self, number: Number, place: Place, before: Before, accepted: Accepted) -> Verdict<Came> {
        let Accepted { position, epoch, closed } = accepted;
        ensure(epoch >= before.size, || {
            format!("{number}: an update was confirmed for epoch {epoch}, but {} epochs had closed", before.size)
        })?;
        self.accepted(number, place)?;
        self.log.note_position(position, (number, place))?;
        let sent = self.at(number, place);
        let known = sent.position.replace(position);
        ensure(known.is_none_or(|known| known == position), || {
            format!("{number}: an update was stored at {known:?}, and is confirmed at {position}")
        })?;
        sent.note_epoch(number, epoch)?;
        self.log.note_size(epoch + u64::from(closed));
        Ok(Came::Confirmed)
    }

    /// Notes that a version is there.
    fn accepted(&mut self, number: Number, place: Place) -> Verdict<()> {
        let known = self.known(number);
        let sent = &mut known.sent[place];
        ensure(sent.fate != Fate::Refused, || format!("{number}: an update was refused, and is there: {sent:?}"))?;
        let version = sent.version.entry.version as usize;
        match known.accepted.get(version) {
            Some(&other) => ensure(other == place, || format!("{number} has two versions {version}")),
            None => {
                ensure(version == known.accepted.len(), || {
                    format!("{number} has version {version}, but no version {}", known.accepted.len())
                })?;
                sent.fate = Fate::Accepted;
                known.accepted.push(place);
                Ok(())
            }
        }
    }

    /// Notes that the version with this hash is there. Returns its place.
    fn accepted_by_hash(&mut self, number: Number, hash: &[u8]) -> Verdict<Place> {
        let known = self.known(number);
        let place = known.sent.iter().position(|sent| sent.hash == *hash);
        let place = place.ok_or_else(|| Violation(format!("{number} has the entry {hash:?}, which nobody sent")))?;
        self.accepted(number, place)?;
        Ok(place)
    }

    /// A version was shown in a history, accepted at this time.
    ///
    /// # Errors
    ///
    /// If nobody sent it, another one is there, or it was accepted at another time.
    pub fn seen(&mut self, number: Number, hash: &Hash, time: u64) -> Verdict<()> {
        let place = self.accepted_by_hash(number, hash)?;
        self.at(number, place).note_time(number, time)
    }

    /// Notes the proved answer to a look-up at a head: the newest entry and its time, or absence.
    ///
    /// # Errors
    ///
    /// If the head contradicts another one, or does not show the version that it must show.
    pub fn looked_up(&mut self, number: Number, head: &Head, newest: Option<(&Hash, u64)>) -> Verdict<()> {
        self.log.note_head(head)?;
        let versions = match newest {
            Some((hash, time)) => {
                let place = self.accepted_by_hash(number, hash)?;
                let sent = self.at(number, place);
                sent.note_time(number, time)?;
                sent.version.entry.version as usize + 1
            }
            None => 0,
        };
        let Some(known) = self.labels.get_mut(&number) else { return Ok(()) };
        for (place, sent) in known.sent.iter_mut().enumerate() {
            let is_shown = known.accepted[..versions].contains(&place);
            sent.note_head(number, head.epoch, is_shown)?;
        }
        Ok(())
    }

    /// The profile of the version with this hash.
    pub fn profile(&self, number: Number, hash: &Hash) -> Option<&[u8]> {
        let sent = self.labels.get(&number)?.sent.iter().find(|sent| sent.hash == *hash)?;
        Some(&sent.version.profile)
    }

    fn known(&mut self, number: Number) -> &mut Known {
        self.labels.entry(number).or_default()
    }

    fn at(&mut self, number: Number, place: Place) -> &mut Sent {
        &mut self.known(number).sent[place]
    }
}

impl Sent {
    fn note_time(&mut self, number: Number, time: u64) -> Verdict<()> {
        let known = *self.time.get_or_insert(time);
        ensure(known == time, || format!("{number}: an update was accepted at {known}, and at {time} too"))
    }

    fn note_epoch(&mut self, number: Number, epoch: u64) -> Verdict<()> {
        let known = *self.epoch.get_or_insert(epoch);
        ensure(known == epoch, || format!("{number}: an update is in epoch {known}, and in {epoch} too"))?;
        self.check(number)
    }

    /// Notes whether a head shows the version.
    fn note_head(&mut self, number: Number, epoch: u64, is_shown: bool) -> Verdict<()> {
        if is_shown {
            self.shown = Some(self.shown.map_or(epoch, |shown| shown.min(epoch)));
        } else {
            self.hidden = self.hidden.max(Some(epoch));
        }
        self.check(number)
    }

    /// Checks that the epoch of each update is that of the first head that shows it.
    fn check(&self, number: Number) -> Verdict<()> {
        let (first, last) = (self.epoch.or(self.shown), self.epoch.or(self.hidden.map(|hidden| hidden + 1)));
        let agrees = self.shown.is_none_or(|shown| last.is_none_or(|last| last <= shown))
            && self.hidden.is_none_or(|hidden| first.is_none_or(|first| hidden < first));
        ensure(agrees, || {
            let Self { version, epoch, shown, hidden, .. } = self;
            let version = version.entry.version;
            format!(
                "label {number}, version {version}: its update is in epoch {epoch:?}, heads show it from {shown:?} on, and \
                 {hidden:?} does not"
            )
        })
    }
}
