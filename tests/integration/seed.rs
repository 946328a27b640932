//! The secret seed of the indexes is drawn by a timer after the installation, and adds do not wait for it.

use message_canister::api::*;
use message_canister::limits::MIN_REBUILD_PAGES;

use crate::support::{Inbox, bytes, engine, new_message};

/// The seed in stable memory: 32 bytes behind the header of the state memory, as `docs/layout.md` draws it.
pub fn seed(inbox: &Inbox) -> Vec<u8> {
    let stable = inbox.platform.stable_memory(inbox.id);
    let state = stable.chunks(65_536).find(|page| page.starts_with(b"MCST")).expect("there is a state memory");
    state[64..96].to_vec()
}

#[test]
fn adds_work_before_and_after_the_seed_arrives() {
    let inbox = Inbox::installed(engine::platform(), None);
    for n in 0..20u32 {
        let added = inbox.add_message(&bytes(n % 3, 41), &bytes(n, 100));
        assert_eq!(added, Ok(Added { id: n + 1, duplicate: false }), "message {n} right after the installation");
    }
    inbox.assert_all_invariants();
    inbox.settle();
    assert_ne!(seed(&inbox), [0; 32], "the seed is drawn by now");
    inbox.assert_all_invariants();
    for n in 0..20u32 {
        let again = inbox.add_message(&bytes(n % 3, 41), &bytes(n, 100));
        assert_eq!(again, Ok(Added { id: n + 1, duplicate: true }), "message {n} is known under the seed");
    }
    assert_eq!(inbox.add_message(b"key", b"text"), Ok(Added { id: 21, duplicate: false }), "and adds go on");
}

#[test]
fn a_seed_that_comes_late_refiles_everything_in_slices() {
    let settings = Settings { rebuild_pages: Bound::AtMost(MIN_REBUILD_PAGES), ..Settings::default() };
    let inbox = Inbox::installed(engine::platform(), Some(settings));
    let batch: Vec<_> = (0..900u32).map(|n| new_message(&bytes(n, 41), &bytes(n, 60))).collect();
    let added = inbox.add_messages(&batch).expect("a good batch");
    assert!(added.iter().all(Result::is_ok), "all of it is stored right after the installation");
    inbox.settle();
    inbox.finish_rebuild();
    assert_ne!(seed(&inbox), [0; 32], "the seed is drawn by now");
    inbox.assert_all_invariants();
    let again = inbox.add_messages(&batch).expect("the rebuild is over");
    let expected: Vec<_> = (1..=900).map(|id| Ok(Added { id, duplicate: true })).collect();
    assert_eq!(again, expected, "all of it is known");
}

#[test]
fn an_upgrade_before_the_seed_arrives_draws_it_afterwards() {
    let inbox = Inbox::installed(engine::platform(), None);
    inbox.begin_upgrade(None).expect("a canister without a seed upgrades");
    assert_eq!(inbox.add_message(b"key", b"text"), Ok(Added { id: 1, duplicate: false }), "and takes messages");
    inbox.settle();
    assert_ne!(seed(&inbox), [0; 32], "the seed is drawn by now");
    assert_eq!(inbox.add_message(b"key", b"text"), Ok(Added { id: 1, duplicate: true }), "the message is known");
}

/// The timer, the request, the reply: an upgrade may come between any two of them.
#[test]
fn an_upgrade_in_any_round_of_drawing_the_seed() {
    for rounds in 0..6 {
        let inbox = Inbox::installed(engine::platform(), None);
        inbox.add_message(b"key", b"text").expect("stored");
        for _ in 0..rounds {
            inbox.platform.tick();
        }
        inbox.upgrade(None);
        inbox.settle();
        assert_ne!(seed(&inbox), [0; 32], "with an upgrade after {rounds} rounds the seed is drawn");
        let again = inbox.add_message(b"key", b"text");
        assert_eq!(again, Ok(Added { id: 1, duplicate: true }), "with an upgrade after {rounds} rounds all is known");
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
