//! The known log: which update is at which position, the heads, and how many of them there are at least.

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
    /// Updates that were read, from the first one on.
    read: u64,
    /// The known heads, by epoch.
    heads: BTreeMap<u64, Head>,
    /// Heads that were read, from the first one on.
    read_heads: u64,
    /// Heads that there are, at least.
    size: u64,
    /// Heads through the newest ratified one, at least.
    ratified: u64,
}

impl Log {
    /// Heads that there are, at least.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Heads through the newest ratified one, at least.
    pub fn ratified(&self) -> u64 {
        self.ratified
    }

    /// Updates that were read.
    pub fn updates(&self) -> u64 {
        self.read
    }

    /// There are so many heads.
    pub fn note_size(&mut self, size: u64) {
        self.size = self.size.max(size);
    }

    /// An update is at this position.
    pub fn note_position(&mut self, position: u64, update: (Number, Place)) -> Verdict<()> {
        let known = *self.positions.entry(position).or_insert(update);
        ensure(known == update, || format!("the update {position} is {known:?} and {update:?}"))
    }

    /// A head was shown.
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

/// Updates through a head.
fn closed(head: &Head) -> u64 {
    head.first_update + u64::from(head.updates)
}

fn follows(one: &Head, other: &Head) -> bool {
    let gap = other.epoch > one.epoch + 1;
    let joins = closed(one) == other.first_update || (gap && closed(one) < other.first_update);
    joins && one.time <= other.time && one.labels <= other.labels && one.configuration == other.configuration
}

impl Model {
    /// How many heads were read.
    pub fn read_heads(&self) -> u64 {
        self.log.read_heads
    }

    /// How many updates were read.
    pub fn read_updates(&self) -> u64 {
        self.log.read
    }

    /// There are so many heads.
    pub fn note_size(&mut self, size: u64) {
        self.log.note_size(size);
    }

    /// A ratified head was shown, or a verifier's cosignature that ratified it was confirmed.
    pub fn note_ratified(&mut self, size: u64) {
        self.log.ratified = self.log.ratified.max(size);
    }

    /// The next updates of the log. Returns how many of them had no outcome.
    ///
    /// # Errors
    ///
    /// If one was sent by nobody, is not where it was confirmed, or comes twice.
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

    /// The next heads of the log, whose updates were read.
    ///
    /// # Errors
    ///
    /// If one does not continue the log, or takes up an update in another epoch than was confirmed or seen.
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
    /// If something is lost.
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

    /// The hash of a label's newest entry at the newest head. The whole log was read.
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
