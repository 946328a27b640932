//! Instructions of each call, in a small directory, and of an epoch. A million labels add some 20 levels to each path. A figure
//! that moves by more than a hundredth, either way, is to be recorded here and in docs/directory.md.

use crate::native::Native;
use crate::site::*;
use directory::api::*;
use directory_core::label::Label;
use serde_bytes::ByteBuf;

const SECOND: u64 = 1_000_000_000;

fn used(site: &Site) -> u64 {
    site.engine.last_call_usage(site.id).expect("a call").instructions
}

/// Compares figures with those that were recorded.
fn compare(figures: &[(&str, u64, u64)]) {
    for (what, found, _) in figures {
        println!("{what}: {found} instructions");
    }
    for (what, found, recorded) in figures {
        assert!(found.abs_diff(*recorded) * 100 <= *recorded, "{what}: recorded {recorded}, now {found} instructions");
    }
}

#[test]
fn each_call_costs_what_was_recorded() {
    let mut closed = crate::ratification::quorum();
    closed.registration = Registration::registrar;
    let site = Site::new(&closed);
    site.pass(60);
    let registrar = site.registration(&Label::Registrar, 11, &[]);
    let accepted: Result<Accepted, UpdateError> = site.call(operator(), "update", (&registrar,)).expect("a reply");
    accepted.expect("accepted");
    site.pass(60);
    let label = name("alice");
    let new = site.registration(&label, 1, &[11]);
    assert!(site.update(&new).expect("registered").closed);
    let registration = used(&site);
    let (size, cosignature) = crate::ratification::cosigned(&site, 51, site.now() / SECOND);
    crate::ratification::ratify(&site, size, &cosignature).expect("taken");
    let ratification = used(&site);
    let (_, cosignature) = crate::ratification::cosigned(&site, 52, site.now() / SECOND);
    crate::ratification::ratify(&site, size, &cosignature).expect("taken");
    site.pass(5);
    let old = site.first(site.index(&label), &label, 1);
    assert!(site.update(&submission(&label, &signed(next(&old, &label, 1), &[1]))).expect("changed").closed);
    let update = used(&site);
    let put = |issued| {
        let bundle = crate::bundles::bundle_of(&site, &label, 200, issued);
        let arguments = (ByteBuf::from(label.encode()), ByteBuf::from(bundle.encode()));
        site.call::<Result<(), BundleError>>(operator(), "put_bundle", arguments).expect("a reply").expect("stored");
        used(&site)
    };
    let now = site.now() / SECOND;
    put(now);
    let bundle = put(now + 1);
    site.ask(&label, View::newest, 0, Changes::newest).expect("found");
    let present = used(&site);
    site.ask(&name("bob"), View::newest, 0, Changes::newest).expect("found");
    let absent = used(&site);
    compare(&[
        ("registration with the registrar's signature", registration, REGISTRATION),
        ("update of the same key, epoch of one", update, UPDATE),
        ("cosignature", ratification, COSIGNATURE),
        ("bundle replaced", bundle, BUNDLE),
        ("present look-up", present, PRESENT),
        ("absent look-up", absent, ABSENT),
    ]);
}

/// Labels are registered natively, and the memory is put under the canister.
#[test]
fn an_epoch_of_1000_updates_costs_what_was_recorded() {
    let site = Site::new(&open());
    let mut native = Native::of(site.id, &open(), 1 << 20, site.now());
    for number in 0..1_000 {
        let label = name(&format!("label {number}"));
        let new = submission(&label, &signed(native.first(&label, 1), &[1]));
        assert!(!native.directory.update(&new, false, native.now).expect("accepted").closed);
    }
    site.engine.set_stable_memory(site.id, native.bytes());
    site.upgrade().expect("it is the canister's directory");
    let upgrade = site.engine.last_execution(site.id).expect("an execution").usage.instructions;
    site.engine.clear_executions(site.id);
    site.pass(5);
    assert_eq!((site.status().pending, site.status().epochs), (0, 2));
    let epoch = site.engine.executions(site.id).iter().map(|execution| execution.usage.instructions).max();
    assert!(site.look_up(&name("label 77"), View::newest, None, None).expect("proved").state.is_some());
    native.upgrade(true);
    compare(&[
        ("upgrade with 1,000 updates in the open epoch", upgrade, UPGRADE),
        ("an epoch of 1,000 registrations closes", epoch.expect("executions"), EPOCH),
    ]);
}

const REGISTRATION: u64 = 11_525_382;
const UPDATE: u64 = 2_883_589;
const COSIGNATURE: u64 = 2_252_224;
const BUNDLE: u64 = 2_628_764;
const PRESENT: u64 = 138_036;
const ABSENT: u64 = 6_068_840;
const UPGRADE: u64 = 5_823_485;
const EPOCH: u64 = 82_151_174;
