//! The known state of the store: every message that was sent, the id at which it was confirmed or seen, and the calls without
//! an outcome.
//!
//! A query shows only what is on disk, so an id that a query showed is as certain as a confirmed one.

mod acknowledged;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use message_canister::api::{Added, Id, Message};

use crate::draft::{Draft, Hash, key_of, owner_of};
use crate::soak::messages::installs::Installs;
use crate::violation::{Verdict, Violation, ensure};
use acknowledged::Acknowledgements;

/// A message's index in the model.
pub type Place = usize;

/// A message that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// The message.
    pub draft: Draft,
    /// Its hash.
    pub hash: Hash,
    /// Its id, once known.
    pub id: Option<Id>,
    /// When it was stored, once the store has shown this.
    pub timestamp: Option<u32>,
    /// Number of times that it was sent: once for each envelope that contains it, twice if the envelope contains it twice.
    /// Sending an envelope again does not count.
    sendings: u32,
    /// Whether a call was answered that it stored this message.
    stored_by_call: bool,
    /// Whether a call that may have stored it was given up without an outcome.
    given_up: bool,
    /// Whether a call was answered that the key's quota is full.
    refused: bool,
}

/// A call that adds messages.
#[derive(Clone, Debug)]
pub struct Request {
    number: u64,
    /// Its messages, and whether each was known to be stored when the call was made.
    items: Vec<(Place, bool)>,
    /// Whether it was found to be executed before it had an outcome.
    landed: bool,
}

/// The model.
#[derive(Default)]
pub struct Model {
    sent: Vec<Sent>,
    places: HashMap<(u16, Hash), Place>,
    /// The messages by their known ids.
    ids: BTreeMap<Id, Place>,
    /// The known ids of each key.
    keys: BTreeMap<u16, BTreeSet<Id>>,
    /// The least and the greatest id shown with each timestamp.
    times: BTreeMap<u32, (Id, Id)>,
    open: BTreeMap<u64, Request>,
    requests: u64,
    acknowledgements: BTreeMap<u16, Acknowledgements>,
    /// The modules that were installed.
    pub installs: Installs,
}

impl Model {
    /// Notes a message before it is sent.
    pub fn draft(&mut self, draft: Draft, hash: Hash) -> Place {
        let next = self.sent.len();
        let place = *self.places.entry((draft.key, hash)).or_insert(next);
        if place == next {
            self.sent.push(Sent {
                draft,
                hash,
                id: None,
                timestamp: None,
                sendings: 0,
                stored_by_call: false,
                given_up: false,
                refused: false,
            });
        }
        place
    }

    /// The message at this place.
    pub fn sent(&self, place: Place) -> Sent {
        self.sent[place]
    }

    /// Notes a call with these messages before it is made.
    pub fn begin(&mut self, places: &[Place]) -> Request {
        self.requests += 1;
        for &place in places {
            self.sent[place].sendings += 1;
        }
        let items = places.iter().map(|&place| (place, self.sent[place].id.is_some())).collect();
        let request = Request { number: self.requests, items, landed: false };
        self.open.insert(request.number, request.clone());
        request
    }

    /// Notes that a call was refused during a rebuild. It changed nothing.
    pub fn withdraw(&mut self, request: &Request) {
        self.open.remove(&request.number);
        for &(place, _) in &request.items {
            self.sent[place].sendings -= 1;
        }
    }

    /// Notes that a call without an outcome will not be made again. Its messages may be stored or not.
    pub fn give_up(&mut self, request: &Request) {
        self.open.remove(&request.number);
        for &(place, _) in &request.items {
            self.sent[place].given_up = true;
        }
    }

    /// Notes the answer to a call: for each message its id, and whether it was stored before; `None`: its key's quota is full.
    ///
    /// # Errors
    ///
    /// If this answer is impossible.
    pub fn confirm(&mut self, request: &Request, added: &[Option<Added>]) -> Verdict<()> {
        self.open.remove(&request.number);
        ensure(added.len() == request.items.len(), || {
            format!("{} messages were answered by {} results", request.items.len(), added.len())
        })?;
        let mut stored = Vec::new();
        for (&(place, known), added) in request.items.iter().zip(added) {
            let named = self.sent[place];
            let &Some(Added { id, duplicate }) = added else {
                let has_quota = owner_of(named.draft.key).is_some();
                ensure(has_quota && !known, || format!("{named:?} was refused, though no quota can refuse it"))?;
                self.sent[place].sendings -= 1;
                self.sent[place].refused = true;
                continue;
            };
            self.found(place, id)?;
            if duplicate {
                ensure(named.sendings > 1, || {
                    format!("{named:?} was sent by one call, which was told that it was there: it was executed twice")
                })?;
            } else {
                ensure(!known, || format!("{named:?} was there, and a call was told that it stored it as {id}"))?;
                ensure(!named.stored_by_call, || format!("{named:?} was stored twice, the second time as {id}"))?;
                self.sent[place].stored_by_call = true;
                stored.push(id);
            }
        }
        let together = stored.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        ensure(together, || format!("a batch is one message, but was stored as {stored:?}"))
    }

    /// Notes that a message has this id.
    ///
    /// # Errors
    ///
    /// If the message is known to have another id, or the id another message.
    pub fn found(&mut self, place: Place, id: Id) -> Verdict<()> {
        let sent = self.sent[place];
        ensure(id != 0 && sent.id.is_none_or(|known| known == id), || format!("{sent:?} has the id {id} too"))?;
        if sent.id.is_none() {
            if let Some(other) = self.ids.insert(id, place) {
                let other = self.sent[other];
                return Err(Violation(format!("the id {id} is that of {other:?} and of {sent:?}")));
            }
            self.sent[place].id = Some(id);
            self.keys.entry(sent.draft.key).or_default().insert(id);
        }
        Ok(())
    }

    /// Notes that the store showed a message with this id and time.
    ///
    /// # Errors
    ///
    /// As [`Self::found`]; or if it was shown with another time, or times do not ascend with ids.
    pub fn shown(&mut self, place: Place, id: Id, timestamp: u32) -> Verdict<()> {
        self.found(place, id)?;
        let sent = self.sent[place];
        if let Some(known) = sent.timestamp {
            return ensure(known == timestamp, || format!("{sent:?} was stored at {timestamp} too"));
        }
        self.sent[place].timestamp = Some(timestamp);
        let (first, last) = self.times.entry(timestamp).or_insert((id, id));
        (*first, *last) = ((*first).min(id), (*last).max(id));
        let before = self.times.range(..timestamp).next_back();
        let after = self.times.range(timestamp + 1..).next();
        let ascends = before.is_none_or(|(_, &(_, last))| last < id) && after.is_none_or(|(_, &(first, _))| id < first);
        ensure(ascends, || format!("{id} was stored at {timestamp}, others at {before:?} and {after:?}"))
    }

    /// The known ids of messages whose times are known and lie from `from` to `until`.
    pub fn ids_by_time(&self, from: u32, until: u32) -> BTreeSet<Id> {
        let mut spans = self.times.range(from..=until).map(|(_, &span)| span);
        let Some((first, last)) = spans.next() else { return BTreeSet::new() };
        let last = spans.next_back().map_or(last, |(_, last)| last);
        self.ids.range(first..=last).map(|(&id, _)| id).collect()
    }

    /// The place of a message that the store showed.
    ///
    /// # Errors
    ///
    /// If nobody sent it.
    pub fn place(&self, message: &Message) -> Verdict<Place> {
        let place = key_of(&message.key_id).zip(Hash::try_from(&message.hash[..]).ok());
        place.and_then(|pair| self.places.get(&pair)).copied().ok_or_else(|| {
            let (id, length) = (message.id, message.ciphertext.len());
            Violation(format!(
                "the message {id} of {length} bytes, stored under {:?}, was sent by nobody",
                message.key_id
            ))
        })
    }

    /// A message whose id is known, if there is any.
    pub fn pick(&self, pick: u64) -> Option<(Id, Sent)> {
        let (first, last) = (*self.ids.first_key_value()?.0, *self.ids.last_key_value()?.0);
        let from = first + (pick % u64::from(last - first + 1)) as Id;
        self.ids.range(from..).next().map(|(&id, &place)| (id, self.sent[place]))
    }

    /// The known ids of a key.
    pub fn ids_of(&self, key: u16) -> BTreeSet<Id> {
        self.keys.get(&key).cloned().unwrap_or_default()
    }

    /// The greatest known id, or 0.
    pub fn last_id(&self) -> Id {
        self.ids.last_key_value().map_or(0, |(&id, _)| id)
    }

    /// Number of known ids.
    pub fn known(&self) -> usize {
        self.ids.len()
    }

    /// Number of calls without an outcome.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Checks that each call without an outcome has stored all of its messages or none. Nothing may be executing, and the ids
    /// of all stored messages must be known. Only messages count that no other call has sent and that no quota can refuse.
    /// Returns how many of these calls were newly found to be executed.
    ///
    /// # Errors
    ///
    /// If a call has stored only some of its messages.
    pub fn check_open(&mut self) -> Verdict<usize> {
        let mut landed = 0;
        let counts = |sent: &Sent| sent.sendings == 1 && owner_of(sent.draft.key).is_none();
        for request in self.open.values_mut() {
            let own: BTreeSet<Place> = request.items.iter().map(|&(place, _)| place).collect();
            let own: Vec<Sent> = own.into_iter().map(|place| self.sent[place]).filter(counts).collect();
            let stored = own.iter().filter(|sent| sent.id.is_some()).count();
            ensure(stored == 0 || stored == own.len(), || {
                format!("of the {} messages of one call, {stored} are stored: {own:?}", own.len())
            })?;
            landed += usize::from(stored > 0 && !request.landed);
            request.landed |= stored > 0;
        }
        Ok(landed)
    }

    /// Checks every message after the last call has its outcome. Its id must be known, unless a quota refused it. A call must
    /// have been answered that it stored the message, unless a call that may have stored it was given up.
    ///
    /// # Errors
    ///
    /// If one of these does not hold.
    pub fn check_settled(&self) -> Verdict<()> {
        for sent in self.sent.iter().filter(|sent| sent.sendings > 0) {
            if sent.id.is_none() && sent.refused {
                continue;
            }
            ensure(sent.id.is_some(), || format!("{sent:?} was sent, and nobody knows where it is"))?;
            ensure(sent.stored_by_call || sent.given_up, || format!("{sent:?} is there, and no call stored it"))?;
        }
        Ok(())
    }
}
