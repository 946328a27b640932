//! Checks the memories slice by slice: heads and their log, updates and profiles, labels, leaves, nodes, bundles. The
//! signatures of updates are left to the verifiers.

use super::Store;
use super::records::{
    MAX_PROFILE, MAX_REGISTRATION, Registration, decode_opened, decode_registration, encode_opened, lengthen,
};
use super::slots::decode as decode_slot;
use crate::entry::{ANY_PREVIOUS, Entry, Kind};
use crate::hash::{Hash, ZERO};
use crate::head::Head;
use crate::log::leaf_hash;
use crate::map::{Leaf, Nodes, View, leaf_value};
use crate::profile::MAX_DEVICES;
use crate::update::LoggedUpdate;
use crate::vrf::PublicKey;
use ic_stable_structures::Memory;

/// Maximum cost of one slice. A record costs 1, a check of a signature or a VRF proof [`PROOF`].
const SLICE: u64 = 5_000;
const PROOF: u64 = 50;
/// No epoch has more updates.
const EPOCH_UPDATES: u64 = 100_000;
const PARTS: u32 = 6;

/// Where a slice starts. The default is the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The part: heads, updates, labels, leaves, nodes or slots.
    pub part: u32,
    /// The record of that part.
    pub number: u64,
}

/// The result of one slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Records checked.
    pub checked: u32,
    /// The start of the next slice; `None`: everything has been checked.
    pub next: Option<Cursor>,
    /// The faults, each with its memory and record.
    pub violations: Vec<String>,
}

type Checked = Result<(), String>;

impl<M: Memory> Store<M> {
    /// Checks the next slice. Returns `None` if there is no such part. The directory is sound if no slice has found a fault and
    /// nothing was changed between the slices.
    pub fn check(&self, from: Cursor, vrf: &PublicKey, configuration: &Hash) -> Option<Report> {
        if from.part >= PARTS {
            return None;
        }
        let report = Report { checked: 0, next: None, violations: Vec::new() };
        let mut slice = Slice { store: self, vrf, configuration, cost: 0, report };
        slice.report.next = slice.run(from);
        if slice.report.next.is_none() {
            slice.check_headers();
        }
        Some(slice.report)
    }
}

struct Slice<'a, M: Memory> {
    store: &'a Store<M>,
    vrf: &'a PublicKey,
    configuration: &'a Hash,
    cost: u64,
    report: Report,
}

impl<M: Memory> Slice<'_, M> {
    fn run(&mut self, mut at: Cursor) -> Option<Cursor> {
        let store = self.store;
        let counts = store.tree.nodes().counts();
        while at.part < PARTS {
            let (memory, records) = match at.part {
                0 => ("DCHD", store.heads.len()),
                1 => ("DCUP", store.updates.len()),
                2 => ("DCLB", store.labels.len()),
                3 => ("DCLF", counts.leaves),
                4 => ("DCND", counts.nodes),
                _ => ("DCSL", store.slots.len()),
            };
            if at.number >= records {
                at = Cursor { part: at.part + 1, number: 0 };
                continue;
            }
            if self.cost >= SLICE {
                return Some(at);
            }
            let checked = match at.part {
                0 => self.check_head(at.number),
                1 => self.check_update(at.number),
                2 => self.check_label(at.number as u32),
                3 => self.check_leaf(at.number as u32),
                4 => store.tree.check_node(at.number as u32, counts).map_err(String::from),
                _ => self.check_slot(at.number as u32),
            };
            if let Err(what) = checked {
                self.report.violations.push(format!("{memory} {}: {what}", at.number));
            }
            self.report.checked += 1;
            self.cost += 1;
            at.number += 1;
        }
        None
    }

    fn head_at(&self, epoch: u64) -> Option<Head> {
        let store = self.store;
        (epoch < store.heads.len()).then(|| Head::decode(&store.heads.get(epoch)).ok())?
    }

    /// Number of updates in epochs that have closed before the log has `size` heads.
    fn closed(&self, size: u64) -> u64 {
        let newest = size.checked_sub(1).and_then(|epoch| self.head_at(epoch));
        newest.map_or(0, |head| head.first_update.saturating_add(head.updates.into()))
    }

    fn check_head(&mut self, epoch: u64) -> Checked {
        let store = self.store;
        let bytes = store.heads.get(epoch);
        let head = Head::decode(&bytes).map_err(|_| "it cannot be read")?;
        ensure(head.epoch == epoch, "it is of another epoch")?;
        ensure(store.log.holds(epoch, leaf_hash(&bytes)), "the log stores other hashes for this head")?;
        let before = match epoch.checked_sub(1) {
            Some(before) => self.head_at(before).ok_or("the head before cannot be read")?,
            None => Head { first_update: 0, updates: 0, labels: 0, time: 0, ..head },
        };
        ensure(before.time <= head.time, "it is older than the head before")?;
        ensure(head.configuration == *self.configuration, "it names another configuration")?;
        let from = before.first_update.saturating_add(before.updates.into());
        let to = from.saturating_add(head.updates.into());
        ensure(head.first_update == from, "updates lie between it and the head before")?;
        ensure(to <= store.updates.len() && to - from <= EPOCH_UPDATES, "it has more updates than there are")?;
        self.cost += to - from;
        let updates = store.epoch_log(from, to);
        ensure(updates.root(updates.size()) == head.updates_root, "its updates have another root than it says")?;
        let new = (from..to).filter(|position| store.update(*position).previous.is_none()).count();
        let labels = before.labels.saturating_add(new as u64);
        if head.labels != labels {
            return Err(format!("it says {} labels, there are {labels}", head.labels));
        }
        for (view, size) in [(View::Newest, store.tree.sizes().sealed), (View::Ratified, store.ratified())] {
            ensure(
                size != epoch + 1 || store.tree.root(view) == head.map_root,
                "the tree has another root than it says",
            )?;
        }
        Ok(())
    }

    fn check_update(&mut self, position: u64) -> Checked {
        let store = self.store;
        let record = store.update(position);
        ensure(u64::from(record.label) < store.labels.len(), "its label does not exist")?;
        let index = store.index(record.label);
        let next = (position + 1 < store.updates.len()).then(|| store.update(position + 1));
        let end = next.map_or(store.public.end(), |next| next.public);
        let stored = store.public.get(record.public, end).ok_or("it lies outside of the public stream")?;
        let update = lengthen(&stored, &store.realm, &index).map_err(|_| "it cannot be read")?;
        ensure(update.entry.hash() == record.entry, "its entry has another hash")?;
        let logged = LoggedUpdate { position, time: record.time, update };
        ensure(leaf_hash(&logged.encode()) == record.leaf, "its leaf has another hash")?;
        let entry = &logged.update.entry;
        let earlier = position.checked_sub(1).map_or(0, |before| store.update(before).time);
        ensure(earlier <= record.time, "it is older than the update before")?;
        let label = store.label(record.label);
        ensure(position <= label.newest, "its label names an older update as the newest")?;
        match record.previous {
            None => {
                ensure((entry.version, entry.previous) == (0, ZERO), "it has no predecessor, but it is not version 0")?
            }
            Some(previous) => {
                let before = (previous < position).then(|| store.update(previous));
                let follows = before.is_some_and(|before| {
                    before.label == record.label && [before.entry, ANY_PREVIOUS].contains(&entry.previous)
                });
                ensure(follows, "it follows no update of its label")?;
            }
        }
        let end = next.map_or(store.private.end(), |next| next.private);
        let bytes =
            store.private.get(record.private, end).filter(|bytes| bytes.len() as u64 <= MAX_PROFILE + MAX_REGISTRATION);
        let private = bytes.ok_or("its profile lies outside of the private stream")?;
        let profile = match record.previous {
            Some(_) => &private[..],
            None => {
                let at = label.registration.checked_sub(record.private).map(|at| at as usize);
                let (profile, registration) =
                    at.and_then(|at| private.split_at_checked(at)).ok_or("its registration lies elsewhere")?;
                self.check_registration(registration, entry, &index)?;
                profile
            }
        };
        self.check_profile(profile, entry, record.label)
    }

    fn check_profile(&self, bytes: &[u8], entry: &Entry, label: u32) -> Checked {
        let opened = decode_opened(bytes).map_err(|_| "its profile cannot be read")?;
        let Some(opened) = opened else {
            return ensure(!bytes.is_empty() && bytes.iter().all(|byte| *byte == 0), "its profile is erased in part");
        };
        ensure(entry.kind != Kind::Close, "it closes its label, and has a profile")?;
        ensure(encode_opened(Some(&opened)).len() == bytes.len(), "its profile has another length")?;
        match self.registration(label) {
            // Without the label the commitment cannot be checked.
            None => Ok(()),
            Some(registration) => ensure(opened.fits(&registration.label, entry), "it does not commit to its profile"),
        }
    }

    fn check_registration(&mut self, bytes: &[u8], entry: &Entry, index: &Hash) -> Checked {
        let found = decode_registration(bytes).map_err(|_| "its registration cannot be read")?;
        let Some((Registration { label, vrf, address }, size)) = found else {
            return ensure(
                !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0),
                "its registration is erased in part",
            );
        };
        self.cost += PROOF;
        ensure(size == bytes.len() as u64, "its registration has another length")?;
        ensure(self.vrf.verify(&label.encode(), &vrf) == Ok(*index), "its VRF proof is of another index")?;
        match address {
            None => Ok(()),
            Some(address) => {
                self.cost += PROOF;
                ensure(address.verify(&label, entry).is_ok(), "its address did not register itself")
            }
        }
    }

    /// The registration of an existing label, unless it was erased or cannot be read.
    fn registration(&self, label: u32) -> Option<Registration> {
        let (from, store) = (self.store.label(label).registration, self.store);
        let bytes = store.private.get(from, store.private.end().min(from.saturating_add(MAX_REGISTRATION)))?;
        Some(decode_registration(&bytes).ok()??.0)
    }

    fn check_label(&self, number: u32) -> Checked {
        let store = self.store;
        let newest = store.label(number).newest;
        let is_its = newest < store.updates.len() && store.update(newest).label == number;
        ensure(is_its, "its newest update is another label's")?;
        let mut slots = self.slots(number);
        ensure(slots.by_ref().take(MAX_DEVICES).all(|slot| slot.is_some()), "it has a slot that does not exist")?;
        ensure(slots.next().is_none(), "it has more slots than devices")
    }

    /// The slots of a label. If one does not exist, `None` is the last item.
    fn slots(&self, label: u32) -> impl Iterator<Item = Option<u32>> {
        let exists = |slot: u32| Some(slot).filter(|slot| u64::from(*slot) < self.store.slots.len());
        let first = self.store.label(label).slot.map(exists);
        std::iter::successors(first, move |slot| self.store.next((*slot)?).map(exists))
    }

    fn check_leaf(&self, number: u32) -> Checked {
        let store = self.store;
        let Leaf { index, value, changed, ratified } = store.tree.nodes().leaf(number);
        let sizes = store.tree.sizes();
        let value_of = |position: u64| {
            let record = store.update(position);
            leaf_value(position, record.time, &record.entry)
        };
        let newest = self.newest_before(number, self.closed(sizes.sealed));
        let counts = store.tree.nodes().counts();
        let is_found = store.tree.find_checked(&index, counts) == Some(number);
        let Some(newest) = newest else {
            ensure(
                !is_found && changed == 0 && value == ZERO,
                "it is in the tree, but no closed epoch has an update of it",
            )?;
            return ensure(store.new.get(&index) == Some(&number), "the open epoch has no update of it");
        };
        ensure(is_found, "its index does not lead to it")?;
        ensure(value == value_of(newest), "its value is not its newest update's")?;
        ensure((1..=sizes.sealed).contains(&changed), "it changed after the newest head")?;
        let epoch = self.closed(changed - 1)..self.closed(changed);
        ensure(epoch.contains(&newest), "it names another epoch than that of its newest update")?;
        let before = self.newest_before(number, self.closed(sizes.ratified)).map(value_of);
        ensure(
            changed <= sizes.ratified || ratified == before,
            "its ratified value is not that of its newest ratified update",
        )
    }

    /// Position of a label's newest update before `until`.
    fn newest_before(&self, label: u32, until: u64) -> Option<u64> {
        let store = self.store;
        let first = Some(store.label(label).newest).filter(|newest| *newest < store.updates.len());
        let before = |position: &u64| store.update(*position).previous.filter(|previous| previous < position);
        std::iter::successors(first, before).find(|position| *position < until)
    }

    fn check_slot(&mut self, slot: u32) -> Checked {
        let store = self.store;
        let bundle = decode_slot(&store.slots.get(slot.into())).map_err(|_| "its bundle cannot be read")?;
        let content = &bundle.content;
        ensure(content.realm == store.realm, "its bundle is another directory's")?;
        let new = store.new.get(&content.index).copied();
        let label = new.or_else(|| store.tree.find_checked(&content.index, store.tree.nodes().counts()));
        let label = label.ok_or("its bundle's label does not exist")?;
        ensure(self.slots(label).take(MAX_DEVICES).any(|of| of == Some(slot)), "its bundle's label does not have it")?;
        self.cost += PROOF;
        let is_signed = content.device.verifies(&content.signed_bytes(), &bundle.signature);
        ensure(is_signed, "its bundle is not signed by its device")
    }

    /// Checks that the headers have not changed since the memories were opened, and that the tree's sizes match the log.
    fn check_headers(&mut self) {
        let store = self.store;
        let [nodes, leaves] = store.tree.nodes().is_kept();
        let kept = [
            (nodes && store.tree.nodes().sizes() == store.tree.sizes(), "DCND"),
            (leaves, "DCLF"),
            (store.labels.is_kept(*b"DCLB"), "DCLB"),
            (store.updates.is_kept(*b"DCUP"), "DCUP"),
            (store.public.is_kept(*b"DCPU"), "DCPU"),
            (store.private.is_kept(*b"DCPR"), "DCPR"),
            (store.heads.is_kept(*b"DCHD"), "DCHD"),
            (store.log.hashes().is_kept(*b"DCHS"), "DCHS"),
            (store.slots.is_kept(*b"DCSL"), "DCSL"),
        ];
        for (_, memory) in kept.iter().filter(|(kept, _)| !kept) {
            self.report.violations.push(format!("{memory}: its header has changed"));
        }
    }
}

fn ensure(holds: bool, what: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(what.to_string()) }
}
