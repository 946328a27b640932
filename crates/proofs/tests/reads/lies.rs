//! A liar shows any messages with any parts of true proofs. Only true statements are verified.

use crate::honest::{asked, events, key, store};
use crate::store::{Store, question};
use proofs::hash::label;
use proofs::heads::{HeadsProof, HeadsRefused};
use proofs::page::{Below, PageProof};
use proofs::verify::{Entry, Order, Refused, Shown};
use proptest::prelude::*;

/// Panics if messages are verified that are not the answer, or if the end of the list is claimed where it is not.
fn only_the_truth(store: &Store, key: &[u8], order: Order, entry: Entry, shown: &[Shown], proof: &PageProof) {
    let Ok(verified) = proof.verify(&question(key, order, entry), shown, &store.root(), store.now()) else { return };
    let expected = store.expected(key, order, entry);
    let truth = match order {
        Order::Ascending => expected.get(..shown.len()),
        Order::Descending => expected.len().checked_sub(shown.len()).map(|from| &expected[from..]),
    };
    // Messages that are no longer live are still genuine. Only live messages must not be left out.
    let live = |message: &&Shown| expected.contains(message);
    let shown_live: Vec<_> = shown.iter().filter(live).copied().collect();
    let none_left_out = match order {
        Order::Ascending => expected.starts_with(&shown_live),
        Order::Descending => expected.ends_with(&shown_live),
    };
    assert!(truth == Some(shown) || none_left_out, "{shown:?} for {expected:?}");
    assert!(verified.more || shown_live.len() == expected.len(), "the end was claimed: {shown:?} of {expected:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn messages_left_out_are_noticed((store, key, order, entry, _) in asked(), cut in any::<(u8, u8)>(), honest in any::<bool>()) {
        let all = store.expected(&key, order, entry);
        let from = usize::from(cut.0) % (all.len() + 1);
        let to = from + usize::from(cut.1) % (all.len() - from + 1);
        let part = &all[from..to];
        let mut proof = store.prove(&key, order, entry, part);
        only_the_truth(&store, &key, order, entry, part, &proof);
        // Without the message before, or as the answer to another question.
        if honest && let Some(chain) = below(&proof) {
            proof.below = Below::Chain(chain);
            only_the_truth(&store, &key, order, entry, part, &proof);
        }
        for order in [Order::Ascending, Order::Descending] {
            only_the_truth(&store, &key, order, entry, part, &proof);
            only_the_truth(&store, &key, order, Entry::Start, part, &proof);
        }
    }

    #[test]
    fn forged_messages_are_noticed((store, key, order, entry, limit) in asked(), at in any::<prop::sample::Index>(), how in 0..8u8) {
        let answer = store.page(&key, order, entry, limit);
        prop_assume!(!answer.shown.is_empty());
        let mut shown = answer.shown.clone();
        let at = at.index(shown.len());
        match how {
            0 => shown[at].hash[0] ^= 1,
            1 => shown[at].id ^= 1,
            2 => shown[at].timestamp += 1,
            3 => shown[at].len += 1,
            4 => shown[at].prev_id ^= 1,
            5 => drop(shown.remove(at)),
            6 => shown.insert(at, shown[at]),
            _ => shown.rotate_left(at.max(1) % answer.shown.len()),
        }
        prop_assume!(shown != answer.shown);
        let refused = answer.proof.verify(&question(&key, order, entry), &shown, &store.root(), store.now());
        prop_assert!(refused.is_err());
    }

    #[test]
    fn another_keys_messages_are_refused((store, one, order, entry, limit) in asked(), other in 0..5u8) {
        let other = key(other);
        prop_assume!(one != other && store.lists.contains_key(&other));
        let answer = store.page(&other, order, entry, limit);
        let refused = answer.proof.verify(&question(&one, order, entry), &answer.shown, &store.root(), store.now());
        prop_assert!(refused.is_err());
        // With the witness of the key that was asked for.
        let mut proof = answer.proof;
        proof.witness = store.witness(&label(&store.state.salt, &one));
        only_the_truth(&store, &one, order, entry, &answer.shown, &proof);
    }

    #[test]
    fn an_older_state_is_refused((store, key, order, entry, limit) in asked(), later in events()) {
        let answer = store.page(&key, order, entry, limit);
        let mut now = store.clone();
        for (number, _) in later.iter().enumerate() {
            now.add(b"later", number as u64);
        }
        prop_assume!(now.root() != store.root());
        let refused = answer.proof.verify(&question(&key, order, entry), &answer.shown, &now.root(), now.now());
        prop_assert_eq!(refused, Err(Refused::Root));
    }

    #[test]
    fn a_key_that_is_there_cannot_be_denied(events in events(), one in 0..5u8, other in 0..9u8) {
        let store = store(&events);
        let (one, other) = (key(one), key(other));
        prop_assume!(store.lists.contains_key(&one));
        let mut proof = store.prove(&one, Order::Ascending, Entry::Start, &[]);
        for witness in [&one, &other].map(|key| store.witness(&label(&store.state.salt, key))) {
            proof.witness = witness;
            only_the_truth(&store, &one, Order::Ascending, Entry::Start, &[], &proof);
        }
        // Any node as another position, any leaf as the end.
        let witness = store.witness(&label(&store.state.salt, &other));
        for at in 0..witness.turns.len() {
            for position in 0..=255 {
                proof.witness = witness.clone();
                proof.witness.turns[at].position = position;
                only_the_truth(&store, &one, Order::Ascending, Entry::Start, &[], &proof);
            }
        }
    }
}

fn below(proof: &PageProof) -> Option<[u8; 32]> {
    match &proof.below {
        Below::Nothing => None,
        Below::Chain(chain) => Some(*chain),
        Below::Message { links, fields } => Some(fields.chain(links)),
    }
}

#[test]
fn a_store_with_closed_reads_has_no_labels_to_compute() {
    let mut store = Store::new(1);
    store.add(b"key", 1);
    let mut answer = store.page(b"key", Order::Ascending, Entry::Start, 1);
    answer.proof.state.salt = [0; 32];
    let asked = question(b"key", Order::Ascending, Entry::Start);
    let refused = answer.proof.verify(&asked, &answer.shown, &store.root(), store.now());
    assert_eq!(refused, Err(Refused::LabelUnknown));
    let proof = HeadsProof { state: answer.proof.state, witnesses: vec![answer.proof.witness] };
    assert_eq!(proof.verify(&[asked.key], &store.root()), Err(HeadsRefused::LabelUnknown { at: 0 }));
}
