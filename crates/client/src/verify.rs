//! Checks replies against their proofs, and proofs against certificates.
//!
//! ```text
//! certificate ──▶ certified data ──▶ root ──▶ proof ──▶ messages, heads ──▶ the reply's other fields
//! (transport)     (proofs::certified)         (proofs::verify)              (here)
//! ```
//!
//! The fields outside of the proof are checked as far as possible. A page's `first_id` is bounded by the certified one.
//! `next` and `next_id` follow from the chain where it shows them. `gap` follows at the beginning, and in ascending order
//! behind an id. The minimum, bytes, `quota` and `full_since` of a head have no proof.

use std::time::{SystemTime, UNIX_EPOCH};

use proofs::certified::certified_data;
use proofs::hash::Hash;
use proofs::head::{Head, State};
use proofs::heads::{HeadsProof, HeadsRefused};
use proofs::page::PageProof;
use proofs::verify::{self, Entry, Key, Question, Shown, Verified};
use sha2::{Digest, Sha256};

use crate::api::{Found, Heads, Id, KeyHead, Message, Order, Page, Proof, Start};
use crate::read::Lie;
use crate::transport::{Certificates, Certified};

/// A question for a page of a key.
pub(crate) struct Asked<'a> {
    pub key_id: &'a [u8],
    /// The key's label, if the reader knows it.
    pub label: Option<Hash>,
    pub order: Order,
    pub start: Start,
}

/// The key of a proof. The label of a store with open reads follows from the key id.
fn key(key_id: &[u8], label: Option<Hash>) -> Key<'_> {
    label.map_or(Key::Id(key_id), Key::Label)
}

/// Verifies a page and returns the certificate's time. Sets `next` to 0 if the proof shows that nothing follows.
pub(crate) fn page(
    certificates: &dyn Certificates,
    asked: &Asked<'_>,
    page: &mut Page,
) -> Result<(u64, Verified), Lie> {
    if let Some(stray) = page.messages.iter().find(|message| message.key_id != asked.key_id) {
        return Err(Lie::OtherKey { id: stray.id });
    }
    let mut messages: Vec<_> = page.messages.iter().collect();
    if asked.order == Order::descending {
        messages.reverse();
    }
    let proved = of_messages(certificates, asked, &messages, page.proof.as_ref())?;
    check_first_id(page.first_id, &proved.verified.state)?;
    let oldest = messages.first().copied();
    if oldest.is_some_and(|oldest| page.first_id > oldest.id) {
        return Err(Lie::Answer { field: "first_id" });
    }
    // The newest message before the page. An absent key may have had each message that was dropped.
    let head = proved.verified.head;
    let before = oldest.map(|oldest| oldest.prev_id).or(head.map(|head| head.last_id)).unwrap_or(page.first_id);
    let gap = match (entry(asked.start), asked.order) {
        (Entry::Start, _) => Some(false),
        (Entry::After(after), Order::ascending) => {
            Some(before > after && before > head.map_or(0, |head| head.acknowledged_id))
        }
        _ => None,
    };
    if gap.is_some_and(|gap| page.gap != gap) {
        return Err(Lie::Answer { field: "gap" });
    }
    if !proved.verified.more {
        page.next = 0;
    } else if page.next == 0 {
        return Err(Lie::Answer { field: "next" });
    }
    Ok((proved.as_of, proved.verified))
}

/// Verifies a message that was asked for by its id; returns the certificate's time.
pub(crate) fn message(certificates: &dyn Certificates, id: Id, label: Option<Hash>, found: &Found) -> Result<u64, Lie> {
    if found.message.id != id {
        return Err(Lie::OtherMessage { asked: id, found: found.message.id });
    }
    // No message has the id 0.
    let start = Start::after(id.saturating_sub(1));
    let asked = Asked { key_id: &found.message.key_id, label, order: Order::ascending, start };
    let proved = of_messages(certificates, &asked, &[&found.message], found.proof.as_ref())?;
    check_first_id(found.first_id, &proved.verified.state)?;
    Ok(proved.as_of)
}

/// Verifies the heads of keys; returns the certificate's time.
///
/// Precondition: there is a key.
pub(crate) fn heads(
    certificates: &dyn Certificates,
    keys: &[(&[u8], Option<Hash>)],
    heads: &Heads,
) -> Result<u64, Lie> {
    let answer = heads.proof.as_ref().ok_or(Lie::NoProof)?;
    let proof = HeadsProof::from_bytes(&answer.bytes).map_err(Lie::Malformed)?;
    let keys: Vec<_> = keys.iter().map(|(key_id, label)| key(key_id, *label)).collect();
    let count = HeadsRefused::Count { asked: keys.len(), proved: proof.witnesses.len() };
    let root = proof.root(&keys).map_err(Lie::Heads)?.ok_or(Lie::Heads(count))?;
    let certified = check(certificates, answer, &root)?;
    let proved = proof.verify(&keys, &root).map_err(Lie::Heads)?;
    check_first_id(heads.first_id, &proof.state)?;
    if heads.heads.len() != proved.len() {
        return Err(Lie::Answer { field: "heads" });
    }
    let now = now(&certified);
    for (at, (said, proved)) in heads.heads.iter().zip(&proved).enumerate() {
        let false_field = match (said, proved) {
            (None, None) => None,
            (Some(said), Some(proved)) => false_field(said, proved, &proof.state, now),
            _ => Some("opt"),
        };
        if let Some(field) = false_field {
            return Err(Lie::Head { at, field });
        }
    }
    Ok(certified.seconds())
}

/// The name of the first false field of a head.
fn false_field(said: &KeyHead, proved: &Head, state: &State, now: u64) -> Option<&'static str> {
    let gone = proved.last_id < state.first_id || proved.acknowledged_rank >= proved.rank;
    let max_id = match said.max_id {
        // The replica's clock may be behind ours: a message that is too old here may still be live there.
        0 => gone || state.too_old(proved.last_time, now),
        id => id == proved.last_id && !gone,
    };
    let live = proved.rank.saturating_sub(proved.acknowledged_rank);
    [
        ("rank", said.rank == proved.rank),
        ("acknowledged_id", said.acknowledged_id == proved.acknowledged_id),
        ("max_id", max_id),
        ("min_id", said.min_id <= said.max_id && (said.min_id == 0) == (said.max_id == 0)),
        ("count", said.count <= live && (said.count == 0) == (said.max_id == 0)),
    ]
    .into_iter()
    .find_map(|(field, is_true)| (!is_true).then_some(field))
}

/// Verified messages.
struct Proved {
    as_of: u64,
    verified: Verified,
}

/// Verifies messages, oldest first, and that they are all that was asked for.
fn of_messages(
    certificates: &dyn Certificates,
    asked: &Asked<'_>,
    messages: &[&Message],
    answer: Option<&Proof>,
) -> Result<Proved, Lie> {
    let answer = answer.ok_or(Lie::NoProof)?;
    let proof = PageProof::from_bytes(&answer.bytes).map_err(Lie::Malformed)?;
    let key = key(asked.key_id, asked.label);
    let root = proof.root(key).map_err(Lie::Page)?;
    let certified = check(certificates, answer, &root)?;
    let question = Question { key, order: order(asked.order), entry: entry(asked.start) };
    let shown = messages.iter().map(|message| shown(message)).collect::<Result<Vec<_>, _>>()?;
    let verified = proof.verify(&question, &shown, &root, now(&certified)).map_err(Lie::Page)?;
    check_next_ids(messages, &proof)?;
    Ok(Proved { as_of: certified.seconds(), verified })
}

/// Whether a certificate proves this root.
fn check(certificates: &dyn Certificates, answer: &Proof, root: &Hash) -> Result<Certified, Lie> {
    let certified = certificates.check(&answer.certificate).map_err(Lie::Certificate)?;
    if certified.data == certified_data(root) { Ok(certified) } else { Err(Lie::OtherState) }
}

/// The message as its proof must have it. We compute the hash.
fn shown(message: &Message) -> Result<Shown, Lie> {
    let hash: Hash = Sha256::digest(&message.ciphertext).into();
    let &Message { id, prev_id, timestamp, .. } = message;
    if message.hash != hash[..] {
        return Err(Lie::Message { id, field: "hash" });
    }
    let len = u32::try_from(message.ciphertext.len()).map_err(|_| Lie::Message { id, field: "ciphertext" })?;
    Ok(Shown { id, prev_id, timestamp, len, hash })
}

/// Checks that the `next_id` of each message is the id of the one above it, as far as the proof shows that one. It does
/// not if the proof jumps down to the page.
fn check_next_ids(messages: &[&Message], proof: &PageProof) -> Result<(), Lie> {
    let newest = messages.last().map_or(0, |message| message.id);
    let above = match proof.steps.last() {
        None => Some(0),
        Some(step) => (step.fields.prev_id == newest).then_some(step.fields.id),
    };
    let next = messages.iter().skip(1).map(|message| Some(message.id)).chain([above]);
    match messages.iter().zip(next).find(|(message, next)| next.is_some_and(|next| message.next_id != next)) {
        None => Ok(()),
        Some((message, _)) => Err(Lie::Message { id: message.id, field: "next_id" }),
    }
}

/// With an age limit, ids are dropped by the clock before the certified state says so. A store with closed reads says 0
/// to callers who do not read all of it.
fn check_first_id(said: Id, state: &State) -> Result<(), Lie> {
    let closed = state.salt == proofs::hash::EMPTY;
    let possible = match said {
        0 => closed,
        said if state.max_age == 0 => said == state.first_id,
        said => said >= state.first_id,
    };
    if possible { Ok(()) } else { Err(Lie::Answer { field: "first_id" }) }
}

/// The later of the certificate's time and our clock, in unix seconds.
fn now(certified: &Certified) -> u64 {
    clock().max(certified.seconds())
}

/// Our clock, in unix seconds.
pub(crate) fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn order(order: Order) -> verify::Order {
    match order {
        Order::ascending => verify::Order::Ascending,
        Order::descending => verify::Order::Descending,
    }
}

/// In descending order nothing lies below 0, so 0 means the start, as in ascending order.
fn entry(start: Start) -> Entry {
    match start {
        Start::beginning | Start::after(0) => Entry::Start,
        Start::after(id) => Entry::After(id),
        Start::time(second) => Entry::Time(second),
        Start::rank(rank) => Entry::Rank(rank),
    }
}
