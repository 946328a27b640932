//! Key ids and ciphertexts chosen by an attacker who knows the code and guesses a wrong seed.
//!
//! Under the guessed seed all forged keys fall into one shard of the index's 16,384, and all ground hashes into a
//! 1,024th of it. Keyed fingerprints prevent this. The canister draws its own seed, so the forged inputs must cost the
//! same as any others.

use crate::inbox::{Cost, Inbox, KEY_BYTES};
use crate::results::Figures;
use client::request;
use message_canister::api::NewMessage;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher13;
use test_support::bytes;

/// Number of forged signatures.
const FORGED: u64 = 10_000;
const MEASURED: u64 = 100;
/// Top bits of a fingerprint that forged keys share: all that choose the shard.
const KEY_BITS: u32 = 14;
/// The same for hashes, each of which takes a SHA-256 to try.
const HASH_BITS: u32 = 10;

/// Measures adds and look-ups among forged inputs, and among others.
pub fn measure(wasm: &[u8], figures: &mut Figures) {
    // The guess: an all-zero seed.
    let guessed = SipHasher13::new_with_keys(0, 0);
    let forged_key = |key: &[u8]| guessed.hash(key) >> (64 - KEY_BITS) == 0;
    let ground_text = |text: &[u8]| guessed.hash(&Sha256::digest(text)[..8]) >> (64 - HASH_BITS) == 0;
    let others = |_: &[u8]| true;
    let text = |n: u64| bytes(n, 16);
    let key = |n: u64| bytes(n, KEY_BYTES);
    for (what, keys) in [("forged", chosen(key, forged_key)), ("any", chosen(key, others))] {
        let texts: Vec<_> = (0..keys.len() as u64).map(text).collect();
        let (add, find) =
            dearest(wasm, &keys, &texts, |inbox, at| inbox.query(request::get_key_heads(&[&keys[at]], false)));
        figures.insert(format!("among 10,000 {what} keys: dearest add"), add.instructions);
        figures.insert(format!("among 10,000 {what} keys: dearest look-up"), find.instructions);
    }
    for (what, texts) in [("ground", chosen(text, ground_text)), ("any", chosen(text, others))] {
        let keys = vec![key(1); texts.len()];
        let hash = |at: usize| ByteBuf::from(Sha256::digest(&texts[at]).to_vec());
        let (add, find) =
            dearest(wasm, &keys, &texts, |inbox, at| inbox.query(request::get_message_by_hash(&hash(at))));
        figures.insert(format!("among 10,000 {what} hashes: dearest add"), add.instructions);
        figures.insert(format!("among 10,000 {what} hashes: dearest look-up"), find.instructions);
    }
}

/// The first inputs that satisfy a condition.
fn chosen(input: impl Fn(u64) -> Vec<u8>, condition: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    (0..).map(input).filter(|input| condition(input)).take((FORGED + MEASURED) as usize).collect()
}

/// Stores all but the last inputs, then adds those one by one and looks each up: the dearest of each.
fn dearest(wasm: &[u8], keys: &[Vec<u8>], texts: &[Vec<u8>], look_up: impl Fn(&Inbox, usize) -> Cost) -> (Cost, Cost) {
    let inbox = Inbox::install(wasm, 1);
    let message = |at: usize| NewMessage {
        key_id: ByteBuf::from(keys[at].clone()),
        ciphertext: ByteBuf::from(texts[at].clone()),
        send_key: None,
    };
    for first in (0..FORGED as usize).step_by(1_000) {
        inbox.update(request::add_messages(&(first..first + 1_000).map(message).collect::<Vec<_>>()));
    }
    let measured = FORGED as usize..(FORGED + MEASURED) as usize;
    let add = measured.clone().map(|at| inbox.update(request::add_message(&keys[at], &texts[at])));
    let add = add.max_by_key(|cost| cost.instructions).unwrap_or_default();
    let find = measured.map(|at| look_up(&inbox, at)).max_by_key(|cost| cost.instructions).unwrap_or_default();
    assert_eq!(u64::from(inbox.store().messages), FORGED + MEASURED, "all of it was stored");
    (add, find)
}
