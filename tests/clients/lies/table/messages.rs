//! Messages that are forged, left out, reordered or repeated.

use super::*;

pub const LIES: &[Lie] = &[
    // Forged.
    lie(
        "another ciphertext",
        OLDEST,
        SAME,
        Change::Page(|page| {
            page.messages[1].ciphertext = ByteBuf::from(*b"forged");
            page.messages[1].hash = ByteBuf::from(Sha256::digest(b"forged").to_vec());
        }),
        CHAIN,
    ),
    lie(
        "a ciphertext that is longer by a zero",
        OLDEST,
        SAME,
        Change::Page(|page| {
            let message = &mut page.messages[1];
            message.ciphertext.push(0);
            message.hash = ByteBuf::from(Sha256::digest(&message.ciphertext).to_vec());
        }),
        CHAIN,
    ),
    lie(
        "another hash",
        OLDEST,
        SAME,
        Change::Page(|page| page.messages[1].hash[0] ^= 1),
        [&["hash of message 9 is false"], &[TRUE]],
    ),
    lie("another time", OLDEST, SAME, Change::Page(|page| page.messages[1].timestamp += 1), CHAIN),
    lie(
        "another id",
        OLDEST,
        SAME,
        Change::Page(|page| page.messages[1].id = 10),
        [&["message 11 is not in the order"], &["order"]],
    ),
    lie(
        "another previous id",
        OLDEST,
        SAME,
        Change::Page(|page| page.messages[1].prev_id = 8),
        [&["message 9 is not in the order"], &["order"]],
    ),
    lie(
        "another next id",
        OLDEST,
        SAME,
        Change::Page(|page| page.messages[1].next_id = 13),
        [&["next_id of message 9 is false"], &[TRUE]],
    ),
    lie(
        "another rank",
        OLDEST,
        SAME,
        Change::Proof(|_, proof| proof.first_rank += 1),
        [&["message 15 is not in the order"], &["order"]],
    ),
    // Cut.
    lie(
        "the start of a list is left out",
        OLDEST,
        Instead::Other(up(ALICE, After(7))),
        Change::Nothing,
        [&["messages before rank 5 may have been left out"], &["start"]],
    ),
    lie(
        "the middle of a list is left out",
        OLDEST,
        SAME,
        Change::Proof(|page, proof| leave_out(page, proof, 1)),
        [&["message 11 is not in the order"], &["order"]],
    ),
    lie(
        "the middle is left out, and the links are mended",
        OLDEST,
        SAME,
        Change::Proof(|page, proof| {
            leave_out(page, proof, 1);
            proof.first_rank += 1;
            proof.jumps.truncate(1);
            proof.jumps.resize(page.messages.len(), Jump::Previous);
            page.messages[1].prev_id = 7;
            page.messages[0].next_id = 11;
        }),
        CHAIN,
    ),
    lie(
        "a message is left out of the answer alone",
        OLDEST,
        SAME,
        Change::Page(|page| drop(page.messages.remove(1))),
        [&["3 messages, but a proof of 4"], &["count"]],
    ),
    lie(
        "the end of a list: nothing is said to follow",
        OLDEST,
        SAME,
        Change::Page(|page| page.next = 0),
        [&["next of the answer is false"], &[TRUE]],
    ),
    lie(
        "the end of a list: the newest message is left out",
        up_from(23),
        SAME,
        Change::Proof(|page, proof| {
            leave_out(page, proof, 0);
            page.next = 0;
        }),
        EMPTY,
    ),
    lie(
        "the end of a list: an older message is said to be the newest",
        OLDEST,
        SAME,
        Change::Proof(|page, proof| {
            proof.steps.clear();
            page.next = 0;
        }),
        CHAIN,
    ),
    lie("all of a list is left out", OLDEST, Instead::Other(up(ALICE, After(28))), Change::Nothing, EMPTY),
    lie(
        "all of a list is left out, newest first",
        NEWEST,
        Instead::Other(down(ALICE, After(7))),
        Change::Nothing,
        EMPTY,
    ),
    // Reordered, duplicated.
    lie(
        "two messages change places",
        OLDEST,
        SAME,
        Change::Page(|page| page.messages.swap(1, 2)),
        [&["message 9 comes behind message 11"], &["order"]],
    ),
    lie(
        "two messages change their contents",
        OLDEST,
        SAME,
        Change::Page(|page| {
            let (one, other) = page.messages.split_at_mut(2);
            std::mem::swap(&mut one[1].ciphertext, &mut other[0].ciphertext);
            std::mem::swap(&mut one[1].hash, &mut other[0].hash);
        }),
        CHAIN,
    ),
    lie(
        "a message comes twice",
        OLDEST,
        SAME,
        Change::Proof(|page, proof| {
            page.messages.insert(1, page.messages[1].clone());
            proof.jumps.insert(1, proof.jumps[1]);
        }),
        [&["message 9 comes behind message 9"], &["order"]],
    ),
];
