//! True pages.

use super::format::{KeyText, PageVector, verified};
use super::told::{self, KEY, START, Told, acknowledged, aged, closed, dropped, one_key, three_keys};
use crate::store::Store;
use proofs::hash::label;
use proofs::verify::Entry::{After, Rank, Start, Time};
use proofs::verify::Order::{Ascending, Descending};

/// Every way in which a page can begin and end.
fn ends() -> Vec<PageVector> {
    let (plain, dropped, acknowledged, aged) = (three_keys(), dropped(), acknowledged(), aged());
    [
        ("the start: rank 1", &plain, Ascending, Start, 2),
        ("the start: everything before was dropped", &dropped, Ascending, Start, 2),
        ("the start: everything before was acknowledged", &acknowledged, Ascending, Start, 2),
        ("the start: everything before is too old", &aged, Ascending, Start, 2),
        ("behind an id", &plain, Ascending, After(22), 3),
        ("behind an id of another key", &plain, Ascending, After(23), 3),
        ("behind an id that was dropped", &dropped, Ascending, After(4), 2),
        ("from a time on", &plain, Ascending, Time(START + 23), 2),
        ("from a rank on", &plain, Ascending, Rank(9), 2),
        ("from a rank on that was acknowledged", &acknowledged, Ascending, Rank(2), 2),
        ("to the newest", &plain, Ascending, After(49), 3),
        ("nothing behind the newest", &plain, Ascending, After(58), 3),
        ("nothing after the newest's time", &plain, Ascending, Time(START + 58), 3),
        ("nothing above the newest's rank", &plain, Ascending, Rank(21), 3),
        ("the newest", &plain, Descending, Start, 3),
        ("before an id", &plain, Descending, After(40), 3),
        ("before a time", &plain, Descending, Time(START + 23), 2),
        ("before a rank", &plain, Descending, Rank(9), 2),
        ("down to the first", &plain, Descending, After(8), 9),
        ("down to what was dropped", &dropped, Descending, Rank(5), 9),
        ("down to what was acknowledged", &acknowledged, Descending, After(23), 9),
        ("down to what is too old", &aged, Descending, Time(START + 26), 9),
        ("nothing before what is live: dropped", &dropped, Descending, After(10), 9),
        ("nothing before what is live: acknowledged", &acknowledged, Descending, Rank(5), 9),
        ("nothing before what is live: too old", &aged, Descending, Time(START + 20), 9),
        ("nothing before the first", &plain, Descending, After(1), 9),
    ]
    .map(|(name, store, order, entry, limit)| told::honest(name, store, KEY, order, entry, limit))
    .to_vec()
}

pub fn honest() -> Vec<PageVector> {
    let mut vectors = ends();
    let mut add = |name: &str, store: &Store, key: &[u8], order, entry, limit| {
        vectors.push(told::honest(name, store, key, order, entry, limit));
    };
    for (order, name) in [(Ascending, "ascending"), (Descending, "descending")] {
        let mut gone = dropped();
        gone.state.first_id = 59;
        add(&format!("all of the key was dropped, {name}"), &gone, KEY, order, Start, 3);
        let mut gone = acknowledged();
        gone.lists.get_mut(KEY).expect("it is there").acknowledged = 20;
        add(&format!("all of the key was acknowledged, {name}"), &gone, KEY, order, Start, 3);
        let mut gone = aged();
        gone.now += 60;
        add(&format!("all of the key is too old, {name}"), &gone, KEY, order, Start, 3);
        add(&format!("no such key, {name}"), &three_keys(), b"no such key", order, Start, 3);
    }
    add("no such key in a store with one", &one_key(1), b"another", Ascending, After(7), 3);
    add("no such key in an empty store", &Store::new(4), KEY, Ascending, Start, 3);
    add("the only message of the only key", &one_key(1), KEY, Ascending, Start, 3);
    add("far below the newest", &one_key(300), KEY, Ascending, After(70), 4);
    add("a hundred messages", &one_key(300), KEY, Ascending, After(100), 100);
    let mut again = Store::new(4);
    again.next_id = 50;
    again.state.first_id = 48;
    again.state.epoch = u64::MAX;
    again.add(KEY, 1);
    again.add(KEY, 2);
    add("a key that came back, in the last epoch", &again, KEY, Ascending, Start, 9);

    let mut to_the_second = aged();
    to_the_second.now += 1;
    add("the start: too old to the second", &to_the_second, KEY, Ascending, Start, 2);

    // A message that the canister still showed at the certificate's time may be too old by the reader's clock, and the other
    // way round.
    let aged = aged();
    let page = told::honest("the reader's clock is ahead", &aged, KEY, Ascending, Start, 2);
    vectors.push(PageVector { clock: page.time + 30, ..page });
    let page = told::honest("the reader's clock is behind", &aged, KEY, Ascending, Start, 2);
    vectors.push(PageVector { clock: page.time - 1_000, ..page });
    let mut later = aged.clone();
    later.now += 15;
    let page = told::honest("too old by the reader's clock alone", &later, KEY, Ascending, Start, 2);
    vectors.push(PageVector { time: page.time - 15, ..page });

    let closed = closed();
    let page = told::honest("closed reads, asked for by label", &closed, KEY, Ascending, Start, 9);
    vectors.push(PageVector { key: own_label(&closed), ..page });
    let page = told::honest("open reads, asked for by label", &three_keys(), KEY, Descending, After(20), 2);
    vectors.push(PageVector { key: own_label(&three_keys()), ..page });
    // Messages that are no longer live are genuine all the same.
    let told = Told::ranks(&dropped(), Ascending, Start, 2..=5);
    let head = dropped().lists.get(KEY).map(crate::store::head);
    vectors.push(told.vector("with messages that were dropped", verified(head, told.proof.state, 2, true)));
    // Where there are no messages, nobody looks at the rank of the oldest.
    let mut told = Told::nothing(&dropped(), Descending, After(10));
    told.proof.first_rank = 9;
    vectors.push(told.vector("nothing, with a rank", verified(head, told.proof.state, 0, false)));
    vectors
}

fn own_label(store: &Store) -> KeyText {
    KeyText::Label(hex::encode(label(&store.state.salt, KEY)))
}
