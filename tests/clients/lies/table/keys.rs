//! Other keys, denied keys, heads, and messages by id.

use super::*;

pub const LIES: &[Lie] = &[
    // Another key.
    lie(
        "the messages of another key",
        OLDEST,
        Instead::Other(up(BOB, Beginning)),
        Change::Nothing,
        [&["message 6 is said to be of another key"], &["root"]],
    ),
    lie(
        "the messages of another key, renamed",
        OLDEST,
        Instead::Other(up(BOB, Beginning)),
        Change::Page(|page| {
            page.messages.iter_mut().for_each(|message| message.key_id = ByteBuf::from(ALICE));
        }),
        ROOT,
    ),
    lie("a key is denied", OLDEST, Instead::Other(up(NOBODY, Beginning)), Change::Nothing, DENIED),
    lie(
        "a key is denied, the store is said to have none",
        OLDEST,
        Instead::Other(up(NOBODY, Beginning)),
        Change::Proof(|_, proof| {
            proof.witness.turns.clear();
            proof.witness.end = End::Nothing;
        }),
        ROOT,
    ),
    lie(
        "heads: a key is denied",
        HEADS,
        SAME,
        Change::Heads(|heads| heads.heads[0] = None),
        [&["a key is denied or invented: number 0"], &[TRUE]],
    ),
    lie(
        "heads: a key is denied with the proof of another",
        HEADS,
        Instead::Other(Asked::Heads(&[NOBODY, NOBODY])),
        Change::Nothing,
        DENIED_HEADS,
    ),
    lie(
        "heads: the rank is lower",
        HEADS,
        SAME,
        Change::Heads(|heads| heads.heads[0].as_mut().expect("alice's").rank -= 1),
        [&["rank of key number 0 is false"], &[TRUE]],
    ),
    lie(
        "heads: the rank is lower, in the proof too",
        HEADS,
        SAME,
        Change::HeadsProof(|heads, proof| {
            heads.heads[0].as_mut().expect("alice's").rank -= 1;
            let End::Own(head) = &mut proof.witnesses[0].end else { panic!("alice is there") };
            head.rank -= 1;
        }),
        ROOT,
    ),
    // Messages by id.
    lie(
        "another message than the one asked for",
        Asked::Message(9),
        Instead::Other(Asked::Message(11)),
        Change::Nothing,
        [&["message 11 instead of message 9"], &["start"]],
    ),
    lie(
        "another ciphertext by id",
        Asked::Message(9),
        SAME,
        Change::Found(|found| {
            found.message.ciphertext[0] ^= 1;
            found.message.hash = ByteBuf::from(Sha256::digest(&found.message.ciphertext).to_vec());
        }),
        CHAIN,
    ),
    lie(
        "another key by id",
        Asked::Message(9),
        SAME,
        Change::Found(|found| found.message.key_id = ByteBuf::from(BOB)),
        ROOT,
    ),
];
