//! The store about which the replica lies. It has every way in which a key's list can begin.
//!
//! ```text
//! id            1 2 3 4 5 6 7 8 … 23 24 25 26 27 28
//! alice         1   2   3   4     12             13     ranks; hers are acknowledged through rank 3, id 5
//! bob             1   2   3   4      12                 ids below 5 are dropped
//! carol                                 1  2  3         nothing of hers is
//! ```
//!
//! A hundred seconds lie between one rank of alice and bob and the next. Rank 13 comes while the network is served.

use std::time::{Duration, SystemTime};

use ::client::api::*;
use ::client::{Client, Retry};
use candid::Principal;
use local_ic::LocalIc;
use test_support::artifact::canister_wasm;
use test_support::{OnPlatform, now};

use crate::network::Network;

pub const ALICE: &[u8] = b"alice";
pub const BOB: &[u8] = b"bob";
pub const CAROL: &[u8] = b"carol";
/// A key that the store does not have.
pub const NOBODY: &[u8] = b"nobody";

/// Between one rank and the next.
const STEP: Duration = Duration::from_secs(100);
/// Ranks of alice and bob before the network is served.
const RANKS: u32 = 12;

/// Two inboxes with the same history. The certificates of the second prove nothing about the first.
pub fn network() -> Network {
    let inbox = (Principal::anonymous(), Some(canister_wasm()));
    Network::since(SystemTime::now() - STEP * (RANKS + 2), &[inbox, inbox], live)
}

/// The changes of the inboxes before they are served.
fn live(engine: &LocalIc, canisters: &[Principal]) {
    let owner = Principal::self_authenticating([1]);
    let client =
        |canister, caller| Client::new(OnPlatform { platform: engine, canister, caller }).with_retry(Retry::NEVER);
    let operators = || canisters.iter().map(|canister| client(*canister, Principal::anonymous()));
    for rank in 1..=RANKS {
        for operator in operators() {
            for key_id in [ALICE, BOB] {
                now(operator.add_message(key_id, &text(rank))).expect("it is taken");
            }
        }
        engine.advance_time(STEP);
    }
    for operator in operators() {
        for rank in 1..=3 {
            now(operator.add_message(CAROL, &text(rank))).expect("it is taken");
        }
        let settings = [Setting::max_messages(Bound::AtMost(23)), Setting::max_age_seconds(Bound::AtMost(86_400))];
        let version = now(operator.get_status()).expect("it replies").settings.version;
        now(operator.set_settings(version, &settings)).expect("they are legal");
        now(operator.set_key(ALICE, &[KeySetting::owner(NewOwner::principal(owner))])).expect("an admin may");
    }
    for canister in canisters {
        let through = Acknowledgement { key_id: ALICE.to_vec().into(), through: 5 };
        now(client(*canister, owner).acknowledge(&[through])).expect("it is taken")[0].as_ref().expect("the owner may");
    }
}

/// The ciphertext of a rank.
pub fn text(rank: u32) -> Vec<u8> {
    format!("message {rank}").into_bytes()
}
