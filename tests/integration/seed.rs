//! The salt of the labels and the seed of the index are drawn by a timer after the installation. Adds wait for it.

use message_canister::api::*;

use crate::support::{Inbox, engine, first_page};

/// The salt and the seed in stable memory: 64 bytes behind the header of the state memory (`docs/layout.md`).
pub fn seed(inbox: &Inbox) -> Vec<u8> {
    let stable = inbox.platform.stable_memory(inbox.id);
    let state = stable.chunks(65_536).find(|page| page.starts_with(b"MCST")).expect("there is a state memory");
    state[64..128].to_vec()
}

const WAITS: Progress = Progress { done: 0, total: 0 };

#[test]
fn adds_wait_for_randomness() {
    let inbox = Inbox::installed(engine::platform(), None);
    // An update takes a round or more, in which the platform's answer may come.
    let early = inbox.add_message(b"key", b"text");
    let waits = Err(AddError::Unavailable(WAITS));
    assert!(early == waits || early.is_ok(), "right after the installation: {early:?}");
    inbox.settle();
    assert_ne!(seed(&inbox), [0; 64], "the seed is drawn by now");
    let added = inbox.add_message(b"key", b"text").expect("adds work by now");
    assert_eq!(added, Added { id: 1, duplicate: early.is_ok() });
    inbox.assert_all_invariants();
}

#[test]
fn reads_do_not_wait_for_randomness() {
    let inbox = Inbox::installed(engine::platform(), None);
    let page = Page { messages: vec![], next: 0, first_id: 1, gap: false, proof: None };
    assert_eq!(inbox.get_messages_by_key(b"key", first_page(Order::ascending)), Ok(page));
    assert_eq!(inbox.get_key_heads(&[b"key".to_vec()]), Ok(vec![None]));
    assert_eq!(inbox.store_status().keys, 0);
}

#[test]
fn an_upgrade_before_the_seed_arrives_draws_it_afterwards() {
    let inbox = Inbox::installed(engine::platform(), None);
    inbox.begin_upgrade(None).expect("a canister without a seed upgrades");
    inbox.settle();
    assert_ne!(seed(&inbox), [0; 64], "the seed is drawn by now");
    assert_eq!(inbox.add_message(b"key", b"text"), Ok(Added { id: 1, duplicate: false }), "and takes messages");
}

/// The timer, the request, the reply: an upgrade may come between any two of them.
#[test]
fn an_upgrade_in_any_round_of_drawing_the_seed() {
    for rounds in 0..6 {
        let inbox = Inbox::installed(engine::platform(), None);
        for _ in 0..rounds {
            inbox.platform.tick();
        }
        inbox.upgrade(None);
        inbox.settle();
        assert_ne!(seed(&inbox), [0; 64], "with an upgrade after {rounds} rounds the seed is drawn");
        let added = inbox.add_message(b"key", b"text");
        assert_eq!(added, Ok(Added { id: 1, duplicate: false }), "with an upgrade after {rounds} rounds adds work");
        inbox.assert_all_invariants();
    }
}

#[test]
fn the_seed_is_kept_and_every_canister_has_its_own() {
    let platform = engine::platform();
    let inboxes = [(); 3].map(|()| {
        let inbox = Inbox::installed(platform.clone(), None);
        inbox.settle();
        inbox
    });
    let seeds = inboxes.each_ref().map(seed);
    assert!(seeds[0] != seeds[1] && seeds[1] != seeds[2] && seeds[0] != seeds[2], "no two canisters share a seed");
    for (inbox, seed_before) in inboxes.iter().zip(&seeds) {
        inbox.upgrade(None);
        inbox.settle();
        assert_eq!(seed(inbox), *seed_before, "an upgrade keeps the seed");
    }
}
