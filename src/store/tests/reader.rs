//! A reader of a key: it asks for a page with its proof and verifies it, as a client does.

use super::*;
use ::proofs::hash::Hash;
use ::proofs::page::PageProof;
use ::proofs::verify::{self, Entry, Key, Question, Refused, Shown, Verified};

/// A page and its proof, as a replica sends them.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Oldest first.
    pub shown: Vec<Shown>,
    /// Where the next page starts; 0: there is none.
    pub next: Id,
    pub proof: PageProof,
}

/// A page of at most so many messages.
pub fn cursor(order: Order, start: Start, limit: u32) -> KeyCursor {
    KeyCursor { start, order, limit, prove: true }
}

/// The verifier's question.
pub fn question<'a>(key_id: &'a [u8], cursor: &KeyCursor) -> Question<'a> {
    let order = match cursor.order {
        Order::ascending => verify::Order::Ascending,
        Order::descending => verify::Order::Descending,
    };
    let entry = match cursor.start {
        Start::beginning | Start::after(0) => Entry::Start,
        Start::after(id) => Entry::After(id),
        Start::time(second) => Entry::Time(second),
        Start::rank(rank) => Entry::Rank(rank),
    };
    Question { key: Key::Id(key_id), order, entry }
}

/// The store's true answer.
pub fn answer(store: &Store, key_id: &[u8], cursor: KeyCursor, now: u32) -> Answer {
    let view = at(store, now);
    let page = view.get_messages_by_key(key_id, cursor).unwrap();
    let mut shown: Vec<_> = page.messages.iter().map(shown).collect();
    if cursor.order == Order::descending {
        shown.reverse();
    }
    let records = view.records_by_key(key_id, cursor).unwrap();
    let bytes = view.prove_page(key_id, &cursor, &records).expect("everybody sees the key");
    Answer { shown, next: page.next, proof: PageProof::from_bytes(&bytes).unwrap() }
}

/// The reader's verdict on an answer, against the certified root.
pub fn verdict(answer: &Answer, key_id: &[u8], cursor: KeyCursor, root: &Hash, now: u32) -> Result<Verified, Refused> {
    answer.proof.verify(&question(key_id, &cursor), &answer.shown, root, now.into())
}

/// The store's answer, which the reader must believe.
pub fn verified(store: &Store, key_id: &[u8], cursor: KeyCursor, now: u32) -> (Answer, Verified) {
    let answer = answer(store, key_id, cursor, now);
    let verdict = verdict(&answer, key_id, cursor, &store.root(), now);
    let verified = verdict.unwrap_or_else(|error| panic!("{cursor:?} at {now}: {error}; {answer:?}"));
    assert_eq!(verified.more, answer.next != 0, "{cursor:?} at {now}");
    (answer, verified)
}

/// The fields of a message that the verifier needs.
pub fn shown(message: &Message) -> Shown {
    Shown {
        id: message.id,
        prev_id: message.prev_id,
        timestamp: message.timestamp,
        len: message.ciphertext.len() as u32,
        hash: Sha256::digest(&message.ciphertext).into(),
    }
}
