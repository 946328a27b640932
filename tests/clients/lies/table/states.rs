//! Older states, other canisters, clocks that differ, and bytes that are not a proof.

use super::*;

pub const LIES: &[Lie] = &[
    // Older states.
    lie("an earlier answer, to who remembers nothing", NEWEST, SAME, Change::Older, ALL_TRUE),
    to_who_remembers(
        Memory::Newest,
        lie(
            "an earlier answer",
            NEWEST,
            SAME,
            Change::Older,
            [&["the newest message has rank 12, but rank 13 was seen before"], &["rolled-back"]],
        ),
    ),
    to_who_remembers(
        Memory::Exchanged,
        lie(
            "another list than before",
            NEWEST,
            SAME,
            Change::Nothing,
            [&["another message stands at rank 13 than the one seen before"], &["forked"]],
        ),
    ),
    to_who_remembers(
        Memory::LaterEpoch,
        lie("an earlier epoch", NEWEST, SAME, Change::Nothing, [&["an answer of epoch"], &["epoch"]]),
    ),
    // Proofs and certificates.
    lie("no proof", OLDEST, SAME, Change::Page(|page| page.proof = None), [&["the proof is missing"], &["no-proof"]]),
    lie(
        "a truncated proof",
        OLDEST,
        SAME,
        Change::Page(|page| _ = proof_of(page).bytes.pop()),
        [&["the proof ends in the middle of a field"], &["malformed"]],
    ),
    lie(
        "a longer proof",
        OLDEST,
        SAME,
        Change::Page(|page| proof_of(page).bytes.push(0)),
        [&["1 bytes follow the proof"], &["malformed"]],
    ),
    lie(
        "steps left out of the proof",
        OLDEST,
        SAME,
        Change::Proof(|_, proof| proof.steps.truncate(proof.steps.len() - 1)),
        CHAIN,
    ),
    lie("an earlier certificate", NEWEST, SAME, Change::OlderCertificate, ROOT),
    lie(
        "another canister's answer",
        OLDEST,
        Instead::OtherCanister,
        Change::Nothing,
        [&["its certificate proves nothing"], &["canister"]],
    ),
    lie(
        "a certificate that the subnet has not signed",
        OLDEST,
        SAME,
        Change::Page(|page| {
            let certificate = &mut proof_of(page).certificate;
            let middle = certificate.len() / 2;
            certificate[middle] ^= 1;
        }),
        [&["its certificate proves nothing"], &["certificate"]],
    ),
    // Clocks apart.
    lie(
        "a certificate of ten minutes ago",
        OLDEST,
        SAME,
        Change::Later(-600),
        [&["its certificate proves nothing: Certificate is stale"], &["certificate-time"]],
    ),
    lie("a certificate of two minutes ago", OLDEST, SAME, Change::Later(-120), ALL_TRUE),
    lie("a certificate two minutes ahead", OLDEST, SAME, Change::Later(120), ALL_TRUE),
    // Only the subnet can sign a certificate of the future. ic-agent accepts it.
    lie("a certificate ten minutes ahead", OLDEST, SAME, Change::Later(600), [&[TRUE], &["certificate-time"]]),
    // By the later clock all messages are too old, so nothing is left out.
    lie("a certificate two days ahead", OLDEST, SAME, Change::Later(172_800), [&[TRUE], &["certificate-time"]]),
];
