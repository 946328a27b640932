//! The lies, and the verdicts of the two verifiers. [`super::world`] draws the store.
//!
//! If a lie is in a field that a verifier does not use, its verdict is [`TRUE`]: the verified part is still true.

use ::client::api::*;
use ::client::proofs::page::{Below, Jump, PageProof};
use ::client::proofs::trie::End;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use super::asked::{Asked, From, down, up};
use super::liar::{Change, Instead};
use super::world::{ALICE, BOB, CAROL, NOBODY};
use From::{After, Beginning, Rank, SecondOf};

mod ends;
mod keys;
mod messages;
mod states;

/// All of them.
pub fn lies() -> impl Iterator<Item = &'static Lie> {
    [messages::LIES, ends::LIES, keys::LIES, states::LIES].into_iter().flatten()
}

/// The verdict on a true answer.
pub const TRUE: &str = "verified";

/// A lie.
#[derive(Debug)]
pub struct Lie {
    pub name: &'static str,
    pub asked: Asked,
    pub instead: Instead,
    pub change: Change,
    pub memory: Memory,
    /// The beginning of the verdict of the client for Rust, or several if it depends on the store's salt.
    pub rust: &'static [&'static str],
    /// The verdict of the verifier in TypeScript.
    pub typescript: &'static [&'static str],
}

/// The reader's memory of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    Nothing,
    /// Its newest message.
    Newest,
    /// Another message at the newest rank: since then the list was exchanged.
    Exchanged,
    /// The newest message, in a later epoch.
    LaterEpoch,
}

/// A lie to a reader that remembers nothing.
const fn lie(
    name: &'static str,
    asked: Asked,
    instead: Instead,
    change: Change,
    [rust, typescript]: [&'static [&'static str]; 2],
) -> Lie {
    Lie { name, asked, instead, change, memory: Memory::Nothing, rust, typescript }
}

/// A lie to a reader that remembers a message.
const fn to_who_remembers(memory: Memory, lie: Lie) -> Lie {
    Lie { memory, ..lie }
}

const OLDEST: Asked = Asked::Page(ALICE, Order::ascending, Beginning, 4);
const NEWEST: Asked = Asked::Page(ALICE, Order::descending, Beginning, 4);
const SAME: Instead = Instead::Asked;

const BROKEN: &str = "a message was forged, left out, added or exchanged";
const OTHER_STATE: &str = "the proof belongs to another state than the certified one";
const CHAIN: [&[&str]; 2] = [&[BROKEN], &["chain"]];
const ROOT: [&[&str]; 2] = [&[OTHER_STATE], &["root"]];
const EMPTY: [&[&str]; 2] = [&["no messages, and nothing shows that there are none"], &["empty"]];
/// The salt decides where the path of a label ends at another leaf.
const DENIED: [&[&str]; 2] = [&[OTHER_STATE, "the witness is not one of this key"], &["root", "witness"]];
const ALL_TRUE: [&[&str]; 2] = [&[TRUE], &[TRUE]];

const HEADS: Asked = Asked::Heads(&[ALICE, BOB]);
const DENIED_HEADS: [&[&str]; 2] =
    [&[OTHER_STATE, "the witness for key 0", "the proof of key 0"], &["root", "witness"]];

const fn up_from(id: Id) -> Asked {
    Asked::Page(ALICE, Order::ascending, After(id), 4)
}

/// Leaves out the message at this place of an ascending page.
fn leave_out(page: &mut Page, proof: &mut PageProof, at: usize) {
    page.messages.remove(at);
    proof.jumps.remove(at);
}

fn proof_of(page: &mut Page) -> &mut Proof {
    page.proof.as_mut().expect("the network proves it")
}

/// Changes the time of the message below the page.
fn time_of_below(proof: &mut PageProof, second: u32) {
    let Below::Message { fields, .. } = &mut proof.below else { panic!("pages by time tell it") };
    fields.timestamp = second;
}
