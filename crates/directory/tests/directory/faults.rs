//! Memory that cannot grow, traps at system calls, and a state that was restored.

use crate::native::Native;
use crate::site::*;
use candid::Principal;
use directory::api::*;
use directory_core::profile::Profile;
use directory_core::verify::VerifyError;
use local_ic::EntryPoint;
use serde_bytes::ByteBuf;

/// Wasm pages of a new directory: the manager's own and a bucket of 256 for each of ten memories.
const PAGES: u64 = 1 + 10 * 256;
const SECOND: u64 = 1_000_000_000;

#[test]
fn a_full_directory_refuses_changes_nothing_and_answers_on() {
    let mut native = Native::within(&open(), PAGES);
    let large = Profile::new(vec![], vec![7; 8_000]).expect("a large profile").encode();
    let mut number = 0;
    let refused = loop {
        let label = name(&format!("label {number}"));
        let commitment = directory_core::commitment::commit(&[1; 16], &label, 0, &large);
        let entry = directory_core::entry::Entry { commitment, ..native.first(&label, 1) };
        let mut new = submission(&label, &signed(entry, &[1]));
        new.opened = Some(Opened { opening: ByteBuf::from([1; 16]), profile: ByteBuf::from(large.clone()) });
        native.now += SECOND;
        let before = (number >= 2_000).then(|| native.memory.copy());
        match native.directory.update(&new, false, native.now) {
            Ok(_) => number += 1,
            Err(error) => {
                assert_eq!(error, UpdateError::StorageFull);
                assert!(before.is_some_and(|before| before == native.memory), "a refusal changes nothing");
                break label;
            }
        }
        assert!(number < 2_200, "16 MiB hold no more profiles");
    };
    assert_eq!(native.directory.status(native.now).labels, number);
    assert_eq!(native.violations(), [""; 0]);
    native.upgrade(true);
    let absent = native.look_up(&refused, View::newest, None, native.now).expect("an answer").expect("proved");
    assert_eq!(absent.state, None);
    let present = native.look_up(&name("label 7"), View::newest, None, native.now).expect("an answer").expect("proved");
    assert_eq!(present.profile, Some(large));
}

/// Traps at the first system call, the second, … until the call succeeds. Returns the number of
/// traps.
fn trap_at_each(site: &Site, what: &str, call: impl Fn() -> bool) -> u64 {
    let parts = |state: local_ic::testing::CanisterState| (state.stable_hash, state.certified_data);
    let before = parts(site.engine.canister_state(site.id));
    for number in 1..1_000 {
        site.engine.trap_at_system_call(site.id, Some(number));
        let is_through = call();
        site.engine.trap_at_system_call(site.id, None);
        if is_through {
            return number - 1;
        }
        let after = parts(site.engine.canister_state(site.id));
        assert!(before == after, "{what} with a trap at system call {number} changes nothing");
    }
    panic!("{what} never gets through");
}

#[test]
fn a_trap_at_any_system_call_changes_nothing() {
    let site = Site::new(&crate::ratification::quorum());
    let anonymous = Principal::anonymous();
    let argument = |new: &Submission| candid::encode_one(new).expect("encoded");
    let new = argument(&site.registration(&name("a"), 1, &[]));
    let update = || site.engine.update_call(site.id, anonymous, "update", new.clone()).is_ok();
    assert!(trap_at_each(&site, "an update", update) > 3);
    assert_eq!((site.status().labels, site.status().pending), (1, 1));
    let settings = Settings { reserve: 5, ..Settings::default() };
    let set = || site.call::<Result<(), SettingsError>>(operator(), "set_settings", (settings,)).is_ok();
    assert!(trap_at_each(&site, "settings", set) > 3);
    let bundle = crate::bundles::bundle_of(&site, &name("a"), 200, site.now() / SECOND);
    let put = || {
        let arguments = (ByteBuf::from(name("a").encode()), ByteBuf::from(bundle.encode()));
        site.call::<Result<(), BundleError>>(anonymous, "put_bundle", arguments).is_ok()
    };
    assert!(trap_at_each(&site, "a bundle", put) > 3);
    let (size, first) = crate::ratification::cosigned(&site, 51, site.now() / SECOND);
    crate::ratification::ratify(&site, size, &first).expect("the first");
    let (_, second) = crate::ratification::cosigned(&site, 52, site.now() / SECOND);
    let ratify = || site.call::<Result<Ratified, RatifyError>>(anonymous, "ratify", (size, &second)).is_ok();
    assert!(trap_at_each(&site, "a ratification", ratify) > 3);
    assert_eq!(site.status().ratified, size);
    let upgraded = || site.upgrade().is_ok();
    assert!(trap_at_each(&site, "an upgrade", upgraded) > 3);
    site.pass(60);
    assert_eq!(site.status().pending, 0, "the timer goes on");
    assert!(site.look_up(&name("a"), View::newest, None, None).expect("proved").state.is_some());
}

/// Whether `done` becomes true within a minute of rounds, a second each, in which somebody calls.
fn waits_until(site: &Site, done: impl Fn() -> bool) -> bool {
    let label = ByteBuf::from(name("nobody").encode());
    (0..60).any(|_| {
        let anonymous = Principal::anonymous();
        let refused: Result<(), BundleError> = site.call(anonymous, "put_bundle", (&label, &label)).expect("a reply");
        assert!(refused.is_err(), "it changes nothing");
        site.pass(1);
        done()
    })
}

/// Runs a round. Returns whether an execution failed.
fn fails_in_a_round(site: &Site) -> bool {
    site.engine.clear_executions(site.id);
    site.engine.tick();
    site.engine.executions(site.id).iter().any(|execution| execution.error.is_some())
}

/// Runs a round in whose first execution this system call traps. Returns whether there was such a call.
fn traps_in_a_round(site: &Site, number: u64) -> bool {
    site.engine.trap_at_system_call(site.id, Some(number));
    let has_trapped = fails_in_a_round(site);
    site.engine.trap_at_system_call(site.id, None);
    has_trapped
}

/// A timer whose execution traps is gone. The next call arms it again, whoever makes it.
#[test]
fn the_vrf_key_is_drawn_in_spite_of_a_failure_of_the_timer_or_of_the_reply_and_of_an_upgrade() {
    for number in 1.. {
        let site = Site::installed(&open());
        let has_trapped = traps_in_a_round(&site, number);
        let drawn = waits_until(&site, || site.status().ready);
        assert!(drawn, "with a trap at system call {number} of the timer no key is drawn");
        if !has_trapped {
            assert!(number > 3, "system call {number} is not reached");
            break;
        }
    }
    // The reply comes in the timer's round. It takes some 1.2 million instructions.
    for limit in (0..).map(|step| step * 50_000) {
        let site = Site::installed(&open());
        site.engine.set_instruction_limit(site.id, Some(EntryPoint::ReplyCallback), Some(limit));
        let has_failed = fails_in_a_round(&site);
        site.engine.set_instruction_limit(site.id, Some(EntryPoint::ReplyCallback), None);
        let drawn = waits_until(&site, || site.status().ready);
        assert!(drawn, "after {limit} instructions of the reply's callback no key is drawn");
        if !has_failed {
            assert!(limit > 1_000_000, "{limit} instructions suffice");
            break;
        }
    }
    for rounds in 0..3 {
        let site = Site::installed(&open());
        for _ in 0..rounds {
            site.engine.tick();
        }
        site.upgrade().expect("upgraded");
        site.pass(1);
        assert!(site.status().ready, "upgraded after {rounds} rounds");
    }
}

#[test]
fn an_epoch_closes_and_an_index_is_rebuilt_in_spite_of_a_trap_at_any_system_call() {
    let site = Site::new(&open());
    site.pass(5);
    site.register(&name("a"), 1).expect("registered");
    site.register(&name("b"), 1).expect("registered");
    let waiting = site.engine.get_stable_memory(site.id);
    for number in 1.. {
        site.engine.set_stable_memory(site.id, waiting.clone());
        site.upgrade().expect("upgraded");
        site.engine.advance_time(std::time::Duration::from_secs(5));
        let has_trapped = traps_in_a_round(&site, number);
        let is_shown = || site.look_up(&name("b"), View::newest, None, None).expect("proved").state.is_some();
        let is_indexed = || site.status().indexed == site.status().labels;
        let is_done = waits_until(&site, || is_shown() && is_indexed());
        assert!(is_done, "with a trap at system call {number} the epoch stays open or labels wait for the index");
        if !has_trapped {
            assert!(number > 20, "system call {number} is not reached");
            break;
        }
    }
}

#[test]
fn clients_see_that_an_old_state_was_restored() {
    let site = Site::new(&open());
    site.pass(5);
    site.register(&name("a"), 1).expect("registered");
    let old = site.engine.get_stable_memory(site.id);
    site.pass(5);
    site.register(&name("b"), 1).expect("registered");
    let remembered = site.look_up(&name("b"), View::newest, None, None).expect("proved").memory;
    site.engine.set_stable_memory(site.id, old);
    site.upgrade().expect("an old state is a directory");
    let known = remembered.log.size;
    let answer = site.ask(&name("b"), View::newest, known, Changes::newest);
    assert_eq!(answer, Err(LookupError::UnknownLog { known, size: known - 1 }));
    let found = site.ask(&name("b"), View::newest, 0, Changes::newest).expect("an answer");
    let refused = site.verify(&name("b"), View::newest, &found, Some(remembered), None);
    assert!(matches!(refused, Err(VerifyError::FromKnown(_))), "{refused:?}");
    // The same, once the directory has gone on another way, as far and further.
    for number in 0..2 {
        site.pass(5);
        site.register(&name(&format!("c{number}")), 1).expect("registered");
        let refused = site.look_up(&name("b"), View::newest, Some(remembered), None);
        assert!(refused.is_err(), "another log of {} heads", known + number);
    }
}
