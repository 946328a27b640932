//! Reading back with every method. Each must return every message exactly once, and each message must open to the exact
//! bytes of its file.

use std::collections::HashMap;

use client::request::{self, Request};
use message_canister::api::{
    CheckCursor, Cursor, Id, KeyCursor, KeyHead, Limits, Message, Order, Page, PageError, Start,
};
use sealing::Key;

use crate::error::{Error, ensure};
use crate::files::Source;
use crate::inbox::Inbox;
use crate::parcel::Parcel;
use crate::part;
use crate::progress::Progress;

/// The messages that were sent, and so must come back.
pub struct Sent<'a> {
    /// The files.
    pub files: &'a [Source],
    /// The keys.
    pub keys: &'a [Key],
    /// The messages, in the order in which they were added.
    pub parcels: &'a [Parcel],
    /// The canister's limits.
    pub limits: Limits,
}

impl Sent<'_> {
    /// The ids of a key's messages, ascending.
    fn ids_of(&self, key: usize) -> Vec<Id> {
        self.parcels.iter().filter(|parcel| parcel.key == key).map(|parcel| parcel.id).collect()
    }

    /// The bytes of a key's messages.
    fn bytes_of(&self, key: usize) -> u64 {
        self.parcels.iter().filter(|parcel| parcel.key == key).map(|parcel| parcel.ciphertext.len() as u64).sum()
    }
}

/// The messages that one way of reading has returned so far.
struct Checklist<'a> {
    sent: &'a Sent<'a>,
    places: HashMap<Id, usize>,
    /// The part of its file that each message holds.
    parts: Vec<usize>,
    /// Each message's neighbours in its key's list.
    links: Vec<(Id, Id)>,
    seen: Vec<bool>,
    progress: Progress,
}

impl<'a> Checklist<'a> {
    fn new(sent: &'a Sent<'a>, way: &str) -> Self {
        let places = sent.parcels.iter().enumerate().map(|(place, parcel)| (parcel.id, place)).collect();
        let mut parts = Vec::with_capacity(sent.parcels.len());
        let mut of_file = vec![0; sent.files.len()];
        let mut last_of_key: Vec<Option<usize>> = vec![None; sent.keys.len()];
        let mut links = vec![(0, 0); sent.parcels.len()];
        for (place, parcel) in sent.parcels.iter().enumerate() {
            parts.push(of_file[parcel.file]);
            of_file[parcel.file] += 1;
            if let Some(before) = last_of_key[parcel.key].replace(place) {
                links[place].0 = sent.parcels[before].id;
                links[before].1 = parcel.id;
            }
        }
        let seen = vec![false; sent.parcels.len()];
        Checklist { sent, places, parts, links, seen, progress: Progress::new(way, sent.parcels.len()) }
    }

    /// Compares a message with what was sent, and ticks it off.
    fn tick(&mut self, message: &Message) -> Result<(), Error> {
        let id = message.id;
        let place = *self.places.get(&id).ok_or_else(|| Error::Wrong(format!("message {id} was never sent")))?;
        let parcel = &self.sent.parcels[place];
        let key = &self.sent.keys[parcel.key];
        ensure(!self.seen[place], || format!("message {id} came twice"))?;
        ensure(message.key_id == key.id(), || format!("message {id} is under another key"))?;
        ensure(message.hash == parcel.hash, || format!("message {id} has another hash"))?;
        ensure((message.prev_id, message.next_id) == self.links[place], || {
            format!("message {id} links to {} and {}, not {:?}", message.prev_id, message.next_id, self.links[place])
        })?;
        ensure(message.ciphertext == parcel.ciphertext, || format!("message {id} has other bytes"))?;

        let opened = sealing::open(&message.ciphertext, &message.key_id, key);
        let opened = opened.map_err(|error| Error::Wrong(format!("message {id}: {error}")))?;
        let file = &self.sent.files[parcel.file];
        let part = part::nth(file, self.parts[place], self.sent.limits.ciphertext_bytes as usize);
        ensure(opened == part, || format!("message {id} opens to {opened:?}, not {part:?}"))?;
        self.seen[place] = true;
        self.progress.advance(1);
        Ok(())
    }

    /// Every message has come, and with it every byte of every file.
    fn finish(self) -> Result<(), Error> {
        match self.seen.iter().position(|seen| !seen) {
            None => Ok(()),
            Some(place) => Err(Error::Wrong(format!("message {} did not come", self.sent.parcels[place].id))),
        }
    }
}

/// Each message by its id.
pub fn by_id(inbox: &mut Inbox, sent: &Sent) -> Result<(), Error> {
    let mut list = Checklist::new(sent, "reading by id");
    for parcel in sent.parcels {
        list.tick(&inbox.query(request::get_message_by_id(parcel.id, false), |_| 1)?.message)?;
    }
    list.finish()
}

/// Each message by its hash.
pub fn by_hash(inbox: &mut Inbox, sent: &Sent) -> Result<(), Error> {
    let mut list = Checklist::new(sent, "reading by hash");
    for parcel in sent.parcels {
        list.tick(&inbox.query(request::get_message_by_hash(&parcel.hash), |_| 1)?.message)?;
    }
    list.finish()
}

/// Each key's messages, page by page.
pub fn by_key(inbox: &mut Inbox, sent: &Sent, order: Order) -> Result<(), Error> {
    let mut list = Checklist::new(sent, "reading by key");
    for (place, key) in sent.keys.iter().enumerate() {
        let mut ids = sent.ids_of(place);
        if order == Order::descending {
            ids.reverse();
        }
        let request = |cursor| request::get_messages_by_key(key.id(), of_key(cursor));
        let came = pages(inbox, sent, order, request, &mut list)?;
        ensure(came == ids, || format!("a key's messages came as {came:?}, not {ids:?}"))?;
    }
    list.finish()
}

/// All messages by their ids, page by page: the first half upwards, the second downwards.
pub fn by_range(inbox: &mut Inbox, sent: &Sent) -> Result<(), Error> {
    let mut list = Checklist::new(sent, "reading by range");
    let ids: Vec<_> = sent.parcels.iter().map(|parcel| parcel.id).collect();
    let (lower, upper) = ids.split_at(ids.len() / 2);
    for (ids, order) in [(lower, Order::ascending), (upper, Order::descending)] {
        let (Some(&min), Some(&max)) = (ids.first(), ids.last()) else { continue };
        let mut expected = ids.to_vec();
        if order == Order::descending {
            expected.reverse();
        }
        let came = pages(inbox, sent, order, |cursor| request::get_messages_by_range(min, max, cursor), &mut list)?;
        ensure(came == expected, || format!("the range {min} to {max} came as {came:?}"))?;
    }
    list.finish()
}

/// All messages by their time: those before `split` (unix seconds), then the others.
pub fn by_time(inbox: &mut Inbox, sent: &Sent, split: u32) -> Result<(), Error> {
    let mut list = Checklist::new(sent, "reading by time");
    let mut ids = Vec::new();
    for (from, until) in [(0, split - 1), (split, u32::MAX)] {
        ids.extend(pages(
            inbox,
            sent,
            Order::ascending,
            |cursor| request::get_messages_by_time(from, until, cursor),
            &mut list,
        )?);
    }
    ensure(ids.is_sorted(), || "later messages have smaller ids".into())?;
    list.finish()
}

fn of_key(cursor: Cursor) -> KeyCursor {
    let Cursor { after, order, limit } = cursor;
    let start = if after == 0 { Start::beginning } else { Start::after(after) };
    KeyCursor { start, order, limit, prove: false }
}

/// Reads pages from the start to the end, ticks their messages off and returns the ids as they came.
fn pages(
    inbox: &mut Inbox,
    sent: &Sent,
    order: Order,
    request: impl Fn(Cursor) -> Request<Page, PageError>,
    list: &mut Checklist,
) -> Result<Vec<Id>, Error> {
    let mut ids = Vec::new();
    let mut cursor = Cursor { after: 0, order, limit: sent.limits.page_messages };
    loop {
        let request = request(cursor);
        let method = request.method;
        let page = inbox.query(request, |page| page.messages.len())?;
        ensure(!page.gap && page.first_id == 1, || format!("{method} says that messages were dropped"))?;
        ensure(page.next == 0 || !page.messages.is_empty(), || format!("{method} gave an empty page that goes on"))?;
        for message in &page.messages {
            list.tick(message)?;
            ids.push(message.id);
        }
        match page.next {
            0 => return Ok(ids),
            next => cursor.after = next,
        }
    }
}

/// Asks whether each message is stored, and for each key's ends and size.
pub fn by_question(inbox: &mut Inbox, sent: &Sent) -> Result<(), Error> {
    let most = sent.limits.lookup_items as usize;
    for parcels in sent.parcels.chunks(most) {
        let pairs: Vec<_> = parcels.iter().map(|parcel| parcel.pair(sent.keys)).collect();
        let found = inbox.query(request::has_messages(&pairs), Vec::len)?;
        let ids: Vec<_> = parcels.iter().map(|parcel| Some(parcel.id)).collect();
        ensure(found == ids, || format!("has_messages gave {found:?}, not {ids:?}"))?;
    }
    let key_ids: Vec<_> = sent.keys.iter().map(Key::id).collect();
    let heads = inbox.query(request::get_key_heads(&key_ids, false), |_| 0)?.heads;
    for (key, head) in heads.iter().enumerate() {
        let ids = sent.ids_of(key);
        let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let expected = ids.first().zip(ids.last()).map(|(&min_id, &max_id)| KeyHead {
            min_id,
            max_id,
            count,
            bytes: sent.bytes_of(key),
            rank: count,
            acknowledged_id: 0,
            full_since: 0,
        });
        ensure(*head == expected, || format!("a key's head is {head:?}, not {expected:?}"))?;
    }
    ensure(heads.len() == sent.keys.len(), || {
        format!("{} keys were answered with {} heads", sent.keys.len(), heads.len())
    })
}

/// Lets the canister check its own invariants, slice by slice.
pub fn invariants(inbox: &mut Inbox, sent: &Sent) -> Result<(), Error> {
    let mut progress = Progress::new("checking the invariants", sent.parcels.len());
    let (mut from, mut checked) = (CheckCursor::default(), 0);
    loop {
        let report = inbox.query(request::check(from), |report| report.checked as usize)?;
        ensure(report.violations.is_empty(), || format!("the canister's own check found {:?}", report.violations))?;
        checked += report.checked as usize;
        progress.advance(report.checked as usize);
        match report.next {
            None => break,
            Some(next) => from = next,
        }
    }
    ensure(checked >= sent.parcels.len(), || format!("the check looked at {checked} messages only"))
}
