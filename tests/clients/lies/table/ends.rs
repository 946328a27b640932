//! Lies about the beginning of a page: each reason for which the message before may be
//! missing.

use super::*;

pub const LIES: &[Lie] = &[
    lie(
        "dropped: first_id alone says so",
        OLDEST,
        Instead::Other(up(ALICE, After(9))),
        Change::Page(|page| page.first_id = 11),
        [&["messages before rank 6 may have been left out"], &["start"]],
    ),
    lie(
        "dropped: the state says so",
        OLDEST,
        Instead::Other(up(ALICE, After(9))),
        Change::Proof(|page, proof| {
            page.first_id = 11;
            proof.state.first_id = 11;
        }),
        ROOT,
    ),
    lie(
        "too old: the message before is said to be",
        OLDEST,
        Instead::Other(up(ALICE, SecondOf(6))),
        Change::Proof(|_, proof| time_of_below(proof, 1)),
        CHAIN,
    ),
    lie(
        "too old: the age limit is said to be a second",
        OLDEST,
        Instead::Other(up(ALICE, SecondOf(6))),
        Change::Proof(|_, proof| proof.state.max_age = 1),
        ROOT,
    ),
    lie(
        "acknowledged: the head says so",
        OLDEST,
        Instead::Other(up(ALICE, After(9))),
        Change::Proof(|_, proof| {
            let End::Own(head) = &mut proof.witness.end else { panic!("alice is there") };
            head.acknowledged_rank = 5;
        }),
        ROOT,
    ),
    lie(
        "cursor: the page begins behind a later one",
        up(ALICE, After(7)),
        Instead::Other(up(ALICE, After(9))),
        Change::Nothing,
        [&["messages before rank 6 may have been left out"], &["start"]],
    ),
    lie(
        "cursor: the oldest message is said to follow it",
        up(ALICE, After(7)),
        Instead::Other(up(ALICE, After(9))),
        Change::Page(|page| page.messages[0].prev_id = 7),
        CHAIN,
    ),
    lie(
        "time: the page begins later",
        up(ALICE, SecondOf(6)),
        Instead::Other(up(ALICE, SecondOf(7))),
        Change::Nothing,
        [&["messages before rank 7 may have been left out"], &["start"]],
    ),
    lie(
        "time: the message before is said to be older",
        up(ALICE, SecondOf(6)),
        Instead::Other(up(ALICE, SecondOf(7))),
        Change::Proof(|_, proof| time_of_below(proof, 1)),
        CHAIN,
    ),
    lie(
        "time: nothing is said of the message before",
        up(ALICE, SecondOf(6)),
        Instead::Other(up(ALICE, Rank(6))),
        Change::Nothing,
        [&["messages before rank 6 may have been left out"], &["start"]],
    ),
    lie(
        "rank: the page begins at a higher one",
        up(ALICE, Rank(6)),
        Instead::Other(up(ALICE, Rank(7))),
        Change::Nothing,
        [&["messages before rank 7 may have been left out"], &["start"]],
    ),
    lie(
        "rank: the page begins at a lower one",
        up(ALICE, Rank(6)),
        Instead::Other(up(ALICE, Rank(5))),
        Change::Nothing,
        [&["message 9 was not asked for"], &["before-entry"]],
    ),
    lie(
        "rank 1: the second message is left out after",
        up(CAROL, Beginning),
        Instead::Other(up(CAROL, After(25))),
        Change::Nothing,
        [&["messages before rank 2 may have been left out"], &["start"]],
    ),
    lie(
        "rank 1: the second message is said to be the first",
        up(CAROL, Beginning),
        Instead::Other(up(CAROL, After(25))),
        Change::Proof(|page, proof| {
            proof.first_rank = 1;
            page.messages[0].prev_id = 0;
        }),
        CHAIN,
    ),
    lie(
        "newest first: the page begins lower",
        NEWEST,
        Instead::Other(down(ALICE, After(21))),
        Change::Nothing,
        [&["messages before rank 7 may have been left out"], &["start"]],
    ),
    lie(
        "newest first: the page begins higher",
        down(ALICE, After(21)),
        Instead::Other(down(ALICE, After(23))),
        Change::Nothing,
        [&["message 21 comes behind message 21"], &["before-entry"]],
    ),
    lie(
        "newest first: the page is short and nothing is said to follow",
        down(BOB, After(12)),
        Instead::Other(Asked::Page(BOB, Order::descending, After(12), 2)),
        Change::Page(|page| page.next = 0),
        [&["next of the answer is false"], &[TRUE]],
    ),
    lie(
        "a gap is hidden",
        up(BOB, After(1)),
        SAME,
        Change::Page(|page| page.gap = false),
        [&["gap of the answer is false"], &[TRUE]],
    ),
];
