//! A naive store that proves its answers. It uses lists, and a trie by recursion over sorted labels. It shares only the
//! hashes with the crate.

use proofs::chain::{Fields, Links};
use proofs::hash::{EMPTY, Hash, entry, label, node};
use proofs::head::{Head, State};
use proofs::page::{Below, Jump, PageProof, Step, Taken};
use proofs::trie::{End, Turn, Witness, bit};
use proofs::verify::{Entry, Key, Order, Question, Shown};
use std::collections::BTreeMap;

/// A label and its head.
type Leaf = (Hash, Head);

/// A stored message.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    pub fields: Fields,
    pub links: Links,
    pub chain: Hash,
    /// Where its jump link leads: a place in the list, or its own place for the label.
    pub jump: usize,
}

#[derive(Clone, Debug, Default)]
pub struct List {
    pub messages: Vec<Stored>,
    /// Number of acknowledged messages.
    pub acknowledged: usize,
}

#[derive(Clone, Debug)]
pub struct Store {
    pub state: State,
    pub next_id: u32,
    pub now: u32,
    pub lists: BTreeMap<Vec<u8>, List>,
}

/// An answer with its proof.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The oldest first.
    pub shown: Vec<Shown>,
    pub proof: PageProof,
}

impl Store {
    pub fn new(salt: u8) -> Self {
        let state = State { epoch: 1, first_id: 1, max_age: 0, layout: 2, salt: [salt; 32] };
        Self { state, next_id: 1, now: 1_800_000_000, lists: BTreeMap::new() }
    }

    pub fn add(&mut self, key_id: &[u8], content: u64) {
        let own = label(&self.state.salt, key_id);
        let list = self.lists.entry(key_id.to_vec()).or_default();
        let messages = &list.messages;
        let at = messages.len();
        let (links, jump) = match messages.last() {
            None => (Links { prev: own, jump: own }, 0),
            Some(previous) => {
                // Myers' rule: over the two previous jumps if they are of equal length.
                let (one, two) = (previous.jump, messages[previous.jump].jump);
                let jump = if at - 1 - one == one - two && at > 1 { two } else { at - 1 };
                (Links { prev: previous.chain, jump: messages[jump].chain }, jump)
            }
        };
        let mut hash = [7; 32];
        hash[..8].copy_from_slice(&content.to_le_bytes());
        let fields = Fields {
            hash,
            id: self.next_id,
            prev_id: messages.last().map_or(0, |previous| previous.fields.id),
            timestamp: self.now,
            len: 1 + content as u32 % 1_000,
            rank: at as u32 + 1,
        };
        list.messages.push(Stored { fields, links, chain: fields.chain(&links), jump });
        self.next_id += 1;
    }

    /// Adds a message with this id, which is above those before, and with the content `id`.
    pub fn add_as(&mut self, key_id: &[u8], id: u32) {
        self.next_id = id;
        self.add(key_id, id.into());
    }

    /// The root that a certificate would prove.
    pub fn root(&self) -> Hash {
        self.state.root(&subtree(&self.leaves()))
    }

    pub fn now(&self) -> u64 {
        self.now.into()
    }

    /// The live messages of a key that belong behind an entry, the oldest first.
    pub fn expected(&self, key_id: &[u8], order: Order, entry: Entry) -> Vec<Shown> {
        let live = self.live(key_id).into_iter().filter(|message| {
            let Fields { id, timestamp, rank, .. } = message.fields;
            match (order, entry) {
                (_, Entry::Start) => true,
                (Order::Ascending, Entry::After(after)) => id > after,
                (Order::Ascending, Entry::Time(second)) => timestamp >= second,
                (Order::Ascending, Entry::Rank(first)) => rank >= first,
                (Order::Descending, Entry::After(after)) => id < after,
                (Order::Descending, Entry::Time(second)) => timestamp <= second,
                (Order::Descending, Entry::Rank(last)) => rank <= last,
            }
        });
        live.map(|message| shown(&message)).collect()
    }

    fn live(&self, key_id: &[u8]) -> Vec<Stored> {
        let Some(list) = self.lists.get(key_id) else { return Vec::new() };
        let old =
            |message: &Stored| self.state.max_age != 0 && message.fields.timestamp + self.state.max_age <= self.now;
        let live = list.messages.iter().skip(list.acknowledged);
        live.filter(|message| message.fields.id >= self.state.first_id && !old(message)).copied().collect()
    }

    /// Answers a question truly, with at most `limit` messages.
    pub fn page(&self, key_id: &[u8], order: Order, entry: Entry, limit: usize) -> Answer {
        let expected = self.expected(key_id, order, entry);
        let limit = limit.min(expected.len());
        let shown = match order {
            Order::Ascending => expected[..limit].to_vec(),
            Order::Descending => expected[expected.len() - limit..].to_vec(),
        };
        let proof = self.prove(key_id, order, entry, &shown);
        Answer { shown, proof }
    }

    /// A proof of these messages of a key, whether or not they answer the question.
    pub fn prove(&self, key_id: &[u8], order: Order, entry: Entry, shown: &[Shown]) -> PageProof {
        let mut proof = PageProof {
            state: self.state,
            witness: self.witness(&label(&self.state.salt, key_id)),
            steps: Vec::new(),
            first_rank: 0,
            jumps: Vec::new(),
            below: Below::Nothing,
        };
        let Some(list) = self.lists.get(key_id) else { return proof };
        let messages = &list.messages;
        let place = |id: u32| messages.iter().position(|message| message.fields.id == id).expect("it is stored");
        // Places from `first` to `end` are the page; an empty page lies below the first message that does not belong to it.
        let (first, end) = match (shown.first(), shown.last()) {
            (Some(oldest), Some(newest)) => (place(oldest.id), place(newest.id) + 1),
            _ => {
                let beyond = |message: &Stored| {
                    let Fields { id, timestamp, rank, .. } = message.fields;
                    order == Order::Descending
                        && match entry {
                            Entry::Start => false,
                            Entry::After(after) => id >= after,
                            Entry::Time(second) => timestamp > second,
                            Entry::Rank(last) => rank > last,
                        }
                };
                let end = messages.iter().position(beyond).unwrap_or(messages.len());
                (end, end)
            }
        };
        if first == messages.len() {
            return proof;
        }
        proof.first_rank = if first == end { 0 } else { first as u32 + 1 };
        // Descending, the last step must be the message right above the page.
        let target = if order == Order::Descending { end } else { end.saturating_sub(1).max(first) };
        proof.steps = walk(messages, target, end);
        proof.jumps = (first..end).map(|at| jump_of(messages, first, at)).collect();
        proof.below = match first.checked_sub(1) {
            None => Below::Chain(messages[first].links.prev),
            Some(before) => {
                let Stored { fields, links, .. } = messages[before];
                Below::Message { links, fields }
            }
        };
        proof
    }

    pub fn witness(&self, own: &Hash) -> Witness {
        let mut leaves = self.leaves();
        let mut turns = Vec::new();
        while leaves.len() > 1 {
            let (position, left, right) = split(&leaves);
            let (taken, sibling) = if bit(own, position) { (right, left) } else { (left, right) };
            turns.push(Turn { position, sibling: subtree(&sibling) });
            leaves = taken;
        }
        let end = match leaves.first() {
            None => End::Nothing,
            Some((found, head)) if found == own => End::Own(*head),
            Some((found, head)) => End::Other { label: *found, value: head.value() },
        };
        Witness { turns, end }
    }

    fn leaves(&self) -> Vec<Leaf> {
        let mut leaves: Vec<_> =
            self.lists.iter().map(|(key_id, list)| (label(&self.state.salt, key_id), head(list))).collect();
        leaves.sort_by_key(|(label, _)| *label);
        leaves
    }
}

pub fn head(list: &List) -> Head {
    let last = list.messages.last().expect("a list has messages");
    let acknowledged = list.acknowledged.checked_sub(1).map(|at| list.messages[at].fields);
    Head {
        last_id: last.fields.id,
        last_time: last.fields.timestamp,
        rank: last.fields.rank,
        chain: last.chain,
        acknowledged_id: acknowledged.map_or(0, |fields| fields.id),
        acknowledged_rank: acknowledged.map_or(0, |fields| fields.rank),
    }
}

pub fn question<'a>(key_id: &'a [u8], order: Order, entry: Entry) -> Question<'a> {
    Question { key: Key::Id(key_id), order, entry }
}

/// Steps from the newest message down to the place `target`, which is itself a step if it is not in the page.
fn walk(messages: &[Stored], target: usize, end: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = messages.len() - 1;
    while at >= end {
        let Stored { fields, links, jump, .. } = messages[at];
        // As far as possible, but not beyond the target; from the target itself one step down.
        if at > target && jump >= target && jump < at - 1 {
            steps.push(Step { taken: Taken::Jump, other: links.prev, fields });
            at = jump;
        } else {
            steps.push(Step { taken: Taken::Previous, other: links.jump, fields });
            match at.checked_sub(1) {
                Some(before) => at = before,
                None => break,
            }
        }
    }
    steps
}

fn jump_of(messages: &[Stored], first: usize, at: usize) -> Jump {
    let jump = messages[at].jump;
    if at == 0 || jump == at - 1 {
        Jump::Previous
    } else if jump >= first {
        Jump::Back((at - jump + 1).ilog2() as u8)
    } else {
        Jump::To(messages[at].links.jump)
    }
}

fn shown(message: &Stored) -> Shown {
    let Fields { hash, id, prev_id, timestamp, len, .. } = message.fields;
    Shown { id, prev_id, timestamp, len, hash }
}

fn subtree(leaves: &[Leaf]) -> Hash {
    match leaves {
        [] => EMPTY,
        [(label, head)] => entry(label, &head.value()),
        _ => {
            let (position, left, right) = split(leaves);
            node(position, &subtree(&left), &subtree(&right))
        }
    }
}

/// The first bit in which sorted labels differ, and the leaves on its two sides.
fn split(leaves: &[Leaf]) -> (u8, Vec<Leaf>, Vec<Leaf>) {
    let (first, last) = (leaves[0].0, leaves[leaves.len() - 1].0);
    let position = (0..=255).find(|&position| bit(&first, position) != bit(&last, position)).expect("labels differ");
    let (right, left) = leaves.iter().partition(|(label, _)| bit(label, position));
    (position, left, right)
}
