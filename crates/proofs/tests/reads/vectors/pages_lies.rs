//! False pages, by subject: messages, ends, keys and states, parts of the proof.

use super::format::{PageVector, refused};
use super::told::{KEY, START, Told, acknowledged, aged, closed, dropped, three_keys};
use crate::store::Store;
use proofs::hash::label;
use proofs::head::Head;
use proofs::page::{Below, Jump, Taken};
use proofs::trie::{End, WitnessError};
use proofs::verify::Entry::{After, Rank, Start, Time};
use proofs::verify::Order::{Ascending, Descending};
use proofs::verify::Refused;

pub fn lies() -> Vec<PageVector> {
    [messages(), lower_ends(), upper_ends(), keys_and_states(), parts()].concat()
}

/// A true answer, changed by a liar.
fn lie(name: &str, told: &Told, error: Refused, change: impl FnOnce(&mut Told)) -> PageVector {
    let mut told = told.clone();
    change(&mut told);
    told.vector(name, refused(error))
}

/// Ranks 9 to 12, which have the ids 25, 28, 31 and 34.
fn page() -> Told {
    Told::truth(&three_keys(), Ascending, After(22), 4)
}

/// Says of the message before no more than its chain value.
fn hide_below(told: &mut Told) {
    if let Below::Message { links, fields } = told.proof.below {
        told.proof.below = Below::Chain(fields.chain(&links));
    }
}

fn messages() -> Vec<PageVector> {
    let page = page();
    vec![
        lie("a forged content", &page, Refused::Chain, |told| told.shown[1].hash[31] ^= 1),
        lie("a forged time", &page, Refused::Chain, |told| told.shown[1].timestamp += 1),
        lie("a forged length", &page, Refused::Chain, |told| told.shown[1].len += 1),
        lie("a forged id", &page, Refused::Order { id: 28 }, |told| told.shown[0].id += 1),
        lie("a forged previous id", &page, Refused::Order { id: 28 }, |told| told.shown[1].prev_id -= 1),
        lie("a forged previous id of the oldest", &page, Refused::Order { id: 25 }, |told| told.shown[0].prev_id -= 1),
        lie("a forged previous id of the oldest, and nothing below it", &page, Refused::Chain, |told| {
            told.shown[0].prev_id -= 1;
            hide_below(told);
        }),
        lie("a message left out of the middle", &page, Refused::Order { id: 31 }, |told| {
            told.shown.remove(1);
            told.proof.jumps.remove(1);
        }),
        lie("fewer messages than the proof has", &page, Refused::Count { shown: 3, proved: 4 }, |told| {
            told.shown.remove(1);
        }),
        lie("more messages than the proof has", &page, Refused::Count { shown: 5, proved: 4 }, |told| {
            told.shown.push(told.shown[3]);
        }),
        lie("a message repeated", &page, Refused::Order { id: 28 }, |told| {
            told.shown.insert(1, told.shown[1]);
            told.proof.jumps.insert(1, Jump::Previous);
        }),
        lie("two messages exchanged", &page, Refused::Order { id: 31 }, |told| told.shown.swap(1, 2)),
        lie("the newest first", &page, Refused::Order { id: 34 }, |told| told.shown.reverse()),
        lie("the newest cut off", &Told::truth(&three_keys(), Ascending, After(49), 9), Refused::Chain, |told| {
            told.shown.pop();
            told.proof.jumps.pop();
        }),
        lie("other ranks", &page, Refused::Order { id: 25 }, |told| told.proof.first_rank += 1),
        lie("other ranks, and nothing below", &page, Refused::Order { id: 58 }, |told| {
            told.proof.first_rank += 1;
            told.proof.steps.truncate(1);
            hide_below(told);
        }),
        lie("ranks beyond the last", &page, Refused::Order { id: 31 }, |told| {
            told.proof.first_rank = u32::MAX - 1;
            hide_below(told);
        }),
    ]
}

fn lower_ends() -> Vec<PageVector> {
    let (plain, dropped, acknowledged, aged) = (three_keys(), dropped(), acknowledged(), aged());
    let ranks = |store: &Store, entry, ranks| Told::ranks(store, Ascending, entry, ranks);
    let as_it_is = |_: &mut Told| ();
    // The store would answer so only a quarter of a minute later.
    let mut later = aged.clone();
    later.now += 15;
    let mut newest_only = plain.clone();
    newest_only.state.first_id = 58;
    let (early, truth) = (Told::truth(&later, Ascending, Start, 2), u64::from(aged.now));
    vec![
        lie("cut off at the start: rank 1", &ranks(&plain, Start, 2..=3), Refused::Start { rank: 2 }, as_it_is),
        lie("cut off at the start: dropped", &ranks(&dropped, Start, 5..=6), Refused::Start { rank: 5 }, as_it_is),
        lie(
            "cut off at the start: acknowledged",
            &ranks(&acknowledged, Start, 7..=8),
            Refused::Start { rank: 7 },
            as_it_is,
        ),
        lie("cut off at the start: too old", &ranks(&aged, Start, 9..=10), Refused::Start { rank: 9 }, as_it_is),
        lie("too old before its time", &early, Refused::Start { rank: 13 }, |told| {
            (told.time, told.clock) = (truth, truth - 7);
        }),
        lie("too old, without the message before", &ranks(&aged, Start, 8..=9), Refused::Start { rank: 8 }, hide_below),
        lie("cut off at the start: cursor", &ranks(&plain, After(22), 10..=11), Refused::Start { rank: 10 }, as_it_is),
        lie(
            "cut off at the start: time",
            &ranks(&plain, Time(START + 24), 10..=11),
            Refused::Start { rank: 10 },
            as_it_is,
        ),
        lie(
            "a time without the message before",
            &ranks(&plain, Time(START + 24), 9..=10),
            Refused::Start { rank: 9 },
            hide_below,
        ),
        lie("cut off at the start: rank", &ranks(&plain, Rank(9), 10..=11), Refused::Start { rank: 10 }, as_it_is),
        lie("the message before, made older", &ranks(&plain, Time(START + 24), 10..=11), Refused::Chain, |told| {
            if let Below::Message { fields, .. } = &mut told.proof.below {
                fields.timestamp -= 10;
            }
        }),
        lie(
            "a message before the cursor",
            &ranks(&plain, After(22), 8..=10),
            Refused::BeforeEntry { id: 22 },
            as_it_is,
        ),
        lie(
            "a message before the time",
            &ranks(&plain, Time(START + 24), 8..=10),
            Refused::BeforeEntry { id: 22 },
            as_it_is,
        ),
        lie("a message before the rank", &ranks(&plain, Rank(9), 8..=10), Refused::BeforeEntry { id: 22 }, as_it_is),
        lie("nothing, of a key with messages", &Told::nothing(&plain, Ascending, Start), Refused::Empty, as_it_is),
        lie(
            "nothing, where only the newest is left",
            &Told::nothing(&newest_only, Ascending, Start),
            Refused::Empty,
            as_it_is,
        ),
        lie("nothing behind an id", &Told::nothing(&plain, Ascending, After(57)), Refused::Empty, as_it_is),
        lie("nothing from a time on", &Told::nothing(&plain, Ascending, Time(START + 57)), Refused::Empty, as_it_is),
        lie("nothing from a rank on", &Told::nothing(&plain, Ascending, Rank(20)), Refused::Empty, as_it_is),
    ]
}

fn upper_ends() -> Vec<PageVector> {
    let plain = three_keys();
    let ranks = |entry, ranks| Told::ranks(&plain, Descending, entry, ranks);
    let as_it_is = |_: &mut Told| ();
    // The message that jumps to rank 11 does not belong to the page, but those between do.
    let mut over = Told::ranks(&plain, Ascending, Start, 10..=11);
    let above = over.proof.steps.last().expect("there is one").fields.rank;
    assert_eq!(above, 14);
    (over.order, over.entry) = (Descending, Rank(above - 1));
    vec![
        lie("the newest left out, descending", &ranks(Start, 17..=19), Refused::Start { rank: 17 }, as_it_is),
        lie("cut off before an id", &ranks(After(40), 10..=12), Refused::Start { rank: 10 }, as_it_is),
        lie("cut off before a time", &ranks(Time(START + 36), 10..=12), Refused::Start { rank: 10 }, as_it_is),
        lie("cut off before a rank", &ranks(Rank(13), 10..=12), Refused::Start { rank: 10 }, as_it_is),
        lie("a jump over what is left out", &over, Refused::Start { rank: 10 }, as_it_is),
        lie("a message not before the id", &ranks(After(40), 12..=14), Refused::BeforeEntry { id: 40 }, as_it_is),
        lie(
            "a message not before the time",
            &ranks(Time(START + 38), 12..=14),
            Refused::BeforeEntry { id: 40 },
            as_it_is,
        ),
        lie("a message not before the rank", &ranks(Rank(13), 12..=14), Refused::BeforeEntry { id: 40 }, as_it_is),
        lie("nothing, descending", &Told::nothing(&plain, Descending, Start), Refused::Empty, as_it_is),
        lie("nothing before an id", &Told::nothing(&plain, Descending, After(40)), Refused::Empty, as_it_is),
        lie("nothing before a time", &Told::nothing(&plain, Descending, Time(START + 36)), Refused::Empty, as_it_is),
        lie("nothing before a rank", &Told::nothing(&plain, Descending, Rank(13)), Refused::Empty, as_it_is),
        lie(
            "nothing before an id, for another one",
            &Told::nothing(&plain, Descending, After(1)),
            Refused::Empty,
            |told| {
                told.entry = After(40);
            },
        ),
    ]
}

fn keys_and_states() -> Vec<PageVector> {
    let (store, page) = (three_keys(), page());
    let mut later = store.clone();
    later.add(b"b", 7);
    let denied = Told::nothing(&store, Ascending, Start);
    let witness = |error| Refused::Witness(error);
    let other = |key: &[u8]| {
        let value = store.lists.get(key).map(|list| crate::store::head(list).value()).expect("it is there");
        End::Other { label: label(&store.state.salt, key), value }
    };
    let absent = Told::truth_of(&store, b"no such key", Ascending, Start, 1);
    let newest = Told::truth(&store, Ascending, After(49), 9);
    // As if a canister certified heads that do not belong to its messages.
    let certified_head = |told: &mut Told, change: fn(&mut Head)| {
        if let End::Own(head) = &mut told.proof.witness.end {
            change(head);
        }
        let (_, trie) = told.proof.witness.verify(&label(&store.state.salt, KEY)).expect("it is a way of the key");
        told.root = told.proof.state.root(&trie);
    };
    vec![
        lie("an older state", &page, Refused::Root, |told| told.root = later.root()),
        lie("an older epoch", &page, Refused::Root, |told| told.proof.state.epoch -= 1),
        lie("more dropped than was", &Told::ranks(&store, Ascending, Start, 5..=6), Refused::Root, |told| {
            told.proof.state.first_id = 13;
        }),
        lie("a shorter life than there is", &Told::ranks(&store, Ascending, Start, 5..=6), Refused::Root, |told| {
            told.proof.state.max_age = 48;
        }),
        lie("more acknowledged than was", &Told::ranks(&store, Ascending, Start, 5..=6), Refused::Root, |told| {
            if let End::Own(head) = &mut told.proof.witness.end {
                (head.acknowledged_id, head.acknowledged_rank) = (10, 4);
            }
        }),
        lie("another layout", &page, Refused::Root, |told| told.proof.state.layout += 1),
        lie("another key's page", &Told::truth_of(&store, b"b", Ascending, Start, 2), Refused::Root, |told| {
            told.key = page.key.clone();
        }),
        lie("another key's messages", &Told::truth_of(&store, b"b", Ascending, Start, 2), Refused::Chain, |told| {
            told.key = page.key.clone();
            told.proof.witness = page.proof.witness.clone();
        }),
        lie("messages of a key that is not there", &newest, Refused::NoSuchKey, |told| {
            told.key = absent.key.clone();
            told.proof.witness = absent.proof.witness.clone();
        }),
        lie("steps of a key that is not there", &page, Refused::NoSuchKey, |told| {
            told.shown.clear();
            told.proof.jumps.clear();
            told.key = absent.key.clone();
            told.proof.witness = absent.proof.witness.clone();
        }),
        lie("denied by its own leaf", &denied, witness(WitnessError::NotAbsent), |told| {
            told.proof.witness.end = other(KEY);
        }),
        lie("denied by a leaf elsewhere", &denied, witness(WitnessError::OffTheWay), |told| {
            told.proof.witness.turns = store.witness(&label(&store.state.salt, b"b")).turns;
            told.proof.witness.end = other(b"b");
        }),
        lie("denied by a way without its end", &denied, Refused::Root, |told| {
            told.proof.witness.turns.clear();
            told.proof.witness.end = other(b"b");
        }),
        lie("denied by nodes that do not descend", &denied, witness(WitnessError::Positions), |told| {
            told.proof.witness.turns.reverse();
        }),
        lie("denied by a node given twice", &denied, witness(WitnessError::Positions), |told| {
            told.proof.witness.turns.insert(0, told.proof.witness.turns[0]);
        }),
        lie("denied by nodes that lead nowhere", &denied, witness(WitnessError::Nothing), |told| {
            told.proof.witness.end = End::Nothing;
        }),
        lie("denied by an empty store", &denied, Refused::Root, |told| {
            told.proof.witness.turns.clear();
            told.proof.witness.end = End::Nothing;
        }),
        lie("a head of another rank", &newest, Refused::Chain, |told| certified_head(told, |head| head.rank += 1)),
        lie("a head of another id", &newest, Refused::Chain, |told| certified_head(told, |head| head.last_id += 1)),
        lie("a sibling exchanged", &page, Refused::Root, |told| told.proof.witness.turns[0].sibling[0] ^= 1),
        lie(
            "closed reads, asked for by id",
            &Told::truth(&closed(), Ascending, Start, 2),
            Refused::LabelUnknown,
            |_| (),
        ),
        lie("open reads, made to look closed", &page, Refused::LabelUnknown, |told| told.proof.state.salt = [0; 32]),
    ]
}

fn parts() -> Vec<PageVector> {
    let page = page();
    vec![
        lie("nothing below the messages", &page, Refused::BelowMissing, |told| told.proof.below = Below::Nothing),
        lie(
            "nothing below the steps",
            &Told::truth(&three_keys(), Descending, After(1), 2),
            Refused::BelowMissing,
            |told| told.proof.below = Below::Nothing,
        ),
        lie("a jump out of the page", &page, Refused::JumpOutside { id: 28 }, |told| {
            told.proof.jumps[1] = Jump::Back(2)
        }),
        lie("a jump elsewhere in the page", &page, Refused::Chain, |told| told.proof.jumps[3] = Jump::Back(2)),
        lie("a jump to what is not there", &page, Refused::Chain, |told| told.proof.jumps[0] = Jump::To([8; 32])),
        lie("a step forged", &page, Refused::Chain, |told| told.proof.steps[0].fields.timestamp += 1),
        lie("a step's other link forged", &page, Refused::Chain, |told| told.proof.steps[0].other[5] ^= 4),
        lie("the first step left out", &page, Refused::Chain, |told| {
            told.proof.steps.remove(0);
        }),
        lie("all steps left out", &page, Refused::Chain, |told| told.proof.steps.clear()),
        lie("a jump passed off as the previous", &page, Refused::Order { id: 58 }, |told| {
            told.proof.steps.truncate(1);
            told.proof.steps[0].taken = Taken::Previous;
        }),
        lie("a step that does not rise", &page, Refused::Order { id: 31 }, |told| {
            told.proof.steps.truncate(1);
            (told.proof.steps[0].fields.id, told.proof.steps[0].taken) = (31, Taken::Jump);
        }),
        lie("a step of a lower rank", &page, Refused::Order { id: 58 }, |told| {
            told.proof.steps.truncate(1);
            (told.proof.steps[0].fields.rank, told.proof.steps[0].taken) = (12, Taken::Jump);
        }),
        lie("links of the message before exchanged", &page, Refused::Chain, |told| {
            if let Below::Message { links, .. } = &mut told.proof.below {
                links.jump[0] ^= 1;
            }
        }),
    ]
}
