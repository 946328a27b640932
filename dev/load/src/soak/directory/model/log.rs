//! The known log: the position of each update, the heads, and the least number of heads.

use std::collections::BTreeMap;

use client::directory::directory_core::head::Head;
use client::directory::directory_core::update::LoggedUpdate;

use super::{Fate, Model, Place};
use crate::soak::directory::draft::Number;
use crate::violation::{Verdict, Violation, ensure};

/// The log.
#[derive(Debug, Default)]
pub struct Log {
    /// The known updates, by position.
    positions: BTreeMap<u64, (Number, Place)>,
    /// Number of updates that were read, from the first one on.
    read: u64,
    /// The known heads, by epoch.
    heads: BTreeMap<u64, Head>,
    /// Number of heads that were read, from the first one on.
    read_heads: u64,
    /// Least number of heads.
    size: u64,
    /// Least number of heads through the newest ratified one.
    ratified: u64,
}

impl Log {
    /// Least number of heads.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Least number of heads through the newest ratified one.
    pub fn ratified(&self) -> u64 {
        self.ratified
    }

    /// Number of updates that were read.
    pub fn updates(&self) -> u64 {
        self.read
    }

    /// Notes that there are at least this many heads.
    pub fn note_size(&mut self, size: u64) {
        self.size = self.size.max(size);
    }

    /// Notes the position of an update.
    pub fn note_position(&mut self, position: u64, update: (Number, Place)) -> Verdict<()> {
        let known = *self.positions.entry(position).or_insert(update);
        ensure(known == update, || format!("the update {position} is {known:?} and {update:?}"))
    }

    /// Notes a head that was shown.
    pub fn note_head(&mut self, head: &Head) -> Verdict<()> {
        let epoch = head.epoch;
        if let Some(known) = self.heads.get(&epoch) {
            return ensure(known == head, || format!("the log is forked: {known:?}, {head:?}"));
        }
        let before = self.heads.range(..epoch).next_back().map(|(_, before)| before);
        let after = self.heads.range(epoch..).next().map(|(_, after)| after);
        for (one, other) in [(before, Some(head)), (Some(head), after)] {
            let (Some(one), Some(other)) = (one, other) else { continue };
            ensure(follows(one, other), || format!("these heads are of no log: {one:?}, {other:?}"))?;
        }
        self.heads.insert(epoch, *head);
        self.note_size(epoch + 1);
        Ok(())
    }

    fn read_head(&mut self, head: &Head) -> Verdict<()> {
        let next = self.read_heads;
        ensure(head.epoch == next, || format!("in place of the head {next} is {head:?}"))?;
        let first = next.checked_sub(1).map_or(0, |before| closed(&self.heads[&before]));
        ensure(head.first_update == first, || format!("the updates of {head:?} should begin with {first}"))?;
        self.note_head(head)?;
        self.read_heads += 1;
        Ok(())
    }
}

/// Number of updates through a head.
fn closed(head: &Head) -> u64 {
    head.first_update + u64::from(head.updates)
}

fn follows(one: &Head, other: &Head) -> bool {
    let gap = other.epoch > one.epoch + 1;
    let joins = closed(one) == other.first_update || (gap && closed(one) < other.first_update);
    joins && one.time <= other.time && one.labels <= other.labels && one.configuration == other.configuration
}

impl Model {
    /// Number of heads that were read.
    pub fn read_heads(&self) -> u64 {
        self.log.read_heads
    }

    /// Number of updates that were read.
    pub fn read_updates(&self) -> u64 {
        self.log.read
    }

    /// Notes that there are at least this many heads.
    pub fn note_size(&mut self, size: u64) {
        self.log.note_size(size);
    }

    /// Notes the size through a ratified head that was shown, or through one whose ratifying cosignature was confirmed.
    pub fn note_ratified(&mut self, size: u64) {
        self.log.ratified = self.log.ratified.max(size);
    }

    /// Notes the next updates of the log. Returns how many of them had no outcome.
    ///
    /// # Errors
    ///
    /// If nobody sent an update, it is not at its confirmed position, or it comes twice.
    pub fn note_updates(&mut self, updates: &[LoggedUpdate]) -> Verdict<u64> {
        let mut landed = 0;
        for LoggedUpdate { position, time, update } in updates {
            let next = self.log.read;
            ensure(*position == next, || format!("in place of the update {next} is {position}"))?;
            let number = self.indexes.get(&update.entry.index).copied();
            let number = number.ok_or_else(|| Violation(format!("the update {position} is of a label of nobody")))?;
            let hash = update.entry.hash();
            let is_open = |sent: &super::Sent| sent.hash == hash && sent.fate == Fate::Open;
            landed += u64::from(self.known(number).sent.iter().any(is_open));
            let place = self.accepted_by_hash(number, &hash)?;
            self.log.note_position(*position, (number, place))?;
            let sent = self.at(number, place);
            let known = sent.position.replace(*position);
            ensure(known.is_none_or(|known| known == *position), || {
                format!("{number}: an update is at {known:?} of the log, and at {position} too")
            })?;
            sent.note_time(number, *time)?;
            self.log.read += 1;
        }
        Ok(landed)
    }

    /// Notes the next heads of the log. Their updates were read before.
    ///
    /// # Errors
    ///
    /// If a head does not continue the log, or an update is in another epoch than the one that was confirmed or seen.
    pub fn note_heads(&mut self, heads: &[Head]) -> Verdict<()> {
        for head in heads {
            self.log.read_head(head)?;
            for position in head.first_update..closed(head) {
                let update = self.log.positions.get(&position).copied();
                let (number, place) =
                    update.ok_or_else(|| Violation(format!("the update {position} of {head:?} is missing")))?;
                self.at(number, place).note_epoch(number, head.epoch)?;
            }
        }
        Ok(())
    }

    /// Checks that the log that was read has all that was confirmed or seen before.
    ///
    /// # Errors
    ///
    /// If a head or an update is lost.
    pub fn check_log(&self) -> Verdict<()> {
        let Log { read, read_heads, size, .. } = self.log;
        ensure(read_heads >= size, || format!("{size} heads were seen, but the log has {read_heads}"))?;
        for (number, known) in &self.labels {
            for &place in &known.accepted {
                let sent = &known.sent[place];
                let is_there = sent.position.is_some_and(|position| position < read);
                ensure(is_there, || format!("label {number}: an update is lost, the log has {read}: {sent:?}"))?;
            }
        }
        Ok(())
    }

    /// A label's newest version at the newest head. The whole log must have been read.
    pub fn newest_closed(&self, number: Number) -> Option<&super::Sent> {
        let known = &self.labels[&number];
        let newest = self.log.read_heads;
        known
            .accepted
            .iter()
            .map(|&place| &known.sent[place])
            .rfind(|sent| sent.epoch.is_some_and(|epoch| epoch < newest))
    }
}
