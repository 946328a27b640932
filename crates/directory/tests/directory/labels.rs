//! A label's life as its owner and its contacts see it.

use crate::site::*;
use candid::Principal;
use directory::api::*;
use directory_core::entry::{Entry, Kind};
use directory_core::hash::ZERO;
use directory_core::label::Label;
use directory_core::log::LogError;
use directory_core::proof::Proof;
use directory_core::verify::{Trust, VerifyError};
use serde_bytes::ByteBuf;

#[test]
fn a_label_is_registered_changed_and_looked_up_verified() {
    let site = Site::new(&open());
    let alice = name("alice");
    // Absence is proved, and with it the index that the first entry needs.
    assert_eq!(site.look_up(&alice, View::newest, None, None).expect("proved").state, None);
    site.pass(5);
    assert_eq!(site.register(&alice, 1), Ok(Accepted { position: 0, epoch: 1, closed: true }));
    let first = site.look_up(&alice, View::newest, None, None).expect("proved");
    let state = first.state.expect("present");
    assert_eq!((state.newest().policy.clone(), first.profile), (policy(1), Some(profile(0))));
    assert_eq!(first.trust, Trust::Certified, "no verifier is asked");
    // The owner changes its key. A contact follows the change by the old key's signature.
    site.pass(5);
    let entry = next(state.newest(), &alice, 2);
    let accepted = site.update(&submission(&alice, &signed(entry.clone(), &[1, 2])));
    assert_eq!(accepted, Ok(Accepted { position: 1, epoch: 2, closed: true }));
    let second = site.look_up(&alice, View::newest, Some(first.memory), Some(&state)).expect("proved");
    assert_eq!(second.state.expect("present").newest(), &entry);
    // A replica that shows another key is caught, and so is one that shows the old state.
    let mut found = site.ask(&alice, View::newest, 0, Changes::newest).expect("an answer");
    let mut proof = Proof::decode(&found.proof).expect("a proof");
    let update = &mut proof.found.as_mut().expect("found").updates[0].1;
    update.entry = Entry { policy: policy(66), ..update.entry.clone() };
    found.proof = ByteBuf::from(proof.encode());
    assert_eq!(site.verify(&alice, View::newest, &found, None, None), Err(VerifyError::Map));
    let newer = next(&entry, &alice, 3);
    let old = site.ask(&alice, View::newest, second.memory.log.size, Changes::newest).expect("an answer");
    site.pass(5);
    site.update(&submission(&alice, &signed(newer, &[2, 3]))).expect("accepted");
    // Anybody can prove that its log is a part of the certified one.
    let mut proof = Proof::decode(&old.proof).expect("a proof");
    let Checkpoint { certified, consistency, .. } = site.checkpoint(second.memory.log.size);
    proof.to_newest = consistency.iter().map(|hash| hash[..].try_into().expect("32 bytes")).collect();
    proof.from_known.clone_from(&proof.to_newest);
    let replayed = Found { proof: ByteBuf::from(proof.encode()), certified };
    let verify = |view| site.verify(&alice, view, &replayed, Some(second.memory), None);
    let outdated = VerifyError::ToNewest(LogError::Outdated { size: 3, newest: 4 });
    assert_eq!(verify(View::newest), Err(outdated), "the old state is not the certified one");
    // It may have been the ratified one, which only verifiers date.
    assert_eq!(verify(View::ratified).expect("proved").trust, Trust::Certified);
}

#[test]
fn only_the_owner_changes_a_label() {
    let site = Site::new(&open());
    let label = name("alice");
    site.pass(5);
    site.register(&label, 1).expect("registered");
    site.pass(5);
    let before = site.status();
    let state = site.look_up(&label, View::newest, None, None).expect("proved").state.expect("present");
    let entry = next(state.newest(), &label, 2);
    let bytes = |number| ByteBuf::from(key(number).bytes().to_vec());
    let refused = |update| site.update(&submission(&label, &update)).expect_err("refused");
    let too_few = |signer| UpdateError::TooFewSignatures { signer, needed: 1, found: 0 };
    assert_eq!(refused(signed(entry.clone(), &[2])), too_few(Signer::current));
    assert_eq!(refused(signed(entry.clone(), &[1])), too_few(Signer::new));
    assert_eq!(refused(signed(entry.clone(), &[1, 2, 3])), UpdateError::ForeignSignature(bytes(3)));
    let mut wrong = signed(entry.clone(), &[1, 2]);
    wrong.signatures = sign(b"something else", &[1, 2]);
    assert!(matches!(refused(wrong), UpdateError::WrongSignature(_)));
    let elsewhere = Entry { realm: [9; 32], ..entry.clone() };
    assert_eq!(refused(signed(elsewhere, &[1, 2])), UpdateError::Realm(ByteBuf::from([9; 32])));
    let other = Entry { index: [9; 32], ..entry.clone() };
    assert_eq!(refused(signed(other, &[1, 2])), UpdateError::Index(ByteBuf::from([9; 32])));
    let late = Entry { version: 2, ..next(state.newest(), &label, 2) };
    let mut new = submission(&label, &signed(late, &[1, 2]));
    new.opened = submission(&label, &signed(entry.clone(), &[1])).opened;
    assert_eq!(site.update(&new), Err(UpdateError::Profile), "the commitment is to another version");
    let again = site.first(site.index(&label), &label, 1);
    let conflict = UpdateError::Conflict { version: 0, hash: ByteBuf::from(state.hash().to_vec()) };
    assert_eq!(refused(signed(again, &[1])), conflict);
    let unknown = name("bob");
    let early = Entry { index: site.index(&unknown), ..entry };
    let early = submission(&unknown, &signed(early, &[1, 2]));
    assert_eq!(site.update(&early), Err(UpdateError::NotFirst { version: 1 }));
    let after = site.status();
    assert_eq!((after.updates, after.labels, after.epochs), (before.updates, before.labels, before.epochs));
}

#[test]
fn a_profile_is_the_one_that_the_entry_commits_to_and_can_be_read() {
    let site = Site::new(&open());
    let label = name("alice");
    let good = site.registration(&label, 1, &[]);
    let with = |opened: Option<Opened>| site.update(&Submission { opened, ..good.clone() });
    assert_eq!(with(None), Err(UpdateError::Profile));
    let other = Opened { opening: ByteBuf::from([2; 16]), profile: ByteBuf::from(profile(0)) };
    assert_eq!(with(Some(other)), Err(UpdateError::Profile));
    let short = Opened { opening: ByteBuf::from([1; 15]), profile: ByteBuf::from(profile(0)) };
    assert_eq!(with(Some(short)), Err(UpdateError::Profile));
    let mut entry = site.first(site.index(&label), &label, 1);
    entry.commitment = directory_core::commitment::commit(&[1; 16], &label, 0, b"none");
    let mut nonsense = submission(&label, &signed(entry, &[1]));
    nonsense.opened = Some(Opened { opening: ByteBuf::from([1; 16]), profile: ByteBuf::from(b"none") });
    assert!(
        matches!(site.update(&nonsense), Err(UpdateError::Malformed(Malformed { field, .. })) if field == "profile")
    );
    assert!(site.update(&good).is_ok());
}

#[test]
fn an_address_registers_itself_and_a_close_ends_a_label() {
    let site = Site::new(&open());
    let address = Label::address(&key(1));
    let good = site.registration(&address, 1, &[]);
    let missing = Submission { address: None, ..good.clone() };
    assert_eq!(site.update(&missing), Err(UpdateError::Address("missing".to_string())));
    let thief = Submission { address: site.registration(&address, 2, &[]).address, ..good.clone() };
    assert!(matches!(site.update(&thief), Err(UpdateError::Address(_))));
    site.pass(5);
    site.update(&good).expect("registered");
    let found = site.look_up(&address, View::newest, None, None).expect("proved");
    let state = found.state.expect("present");
    let entry = next(state.newest(), &address, 1);
    let close = Entry { kind: Kind::Close, commitment: ZERO, ..entry.clone() };
    site.pass(5);
    site.update(&submission(&address, &signed(close, &[1]))).expect("closed");
    let closed = site.look_up(&address, View::newest, Some(found.memory), Some(&state)).expect("proved");
    let closed_state = closed.state.expect("present");
    assert_eq!((closed_state.newest().kind, closed.profile), (Kind::Close, None));
    site.pass(5);
    let reopened = next(closed_state.newest(), &address, 1);
    let reopened = Entry { kind: Kind::Set, ..reopened };
    assert_eq!(site.update(&submission(&address, &signed(reopened, &[1]))), Err(UpdateError::Closed));
}

#[test]
fn a_long_history_comes_in_pages_and_a_label_has_a_daily_quota() {
    let site = Site::new(&open());
    let label = name("alice");
    site.pass(5);
    site.register(&label, 1).expect("registered");
    let mut entry = site.first(site.index(&label), &label, 1);
    for _ in 1..24 {
        site.pass(5);
        entry = next(&entry, &label, 1);
        site.update(&submission(&label, &signed(entry.clone(), &[1]))).expect("changed");
    }
    site.pass(5);
    let entry = next(&entry, &label, 1);
    let new = submission(&label, &signed(entry, &[1]));
    match site.update(&new) {
        Err(UpdateError::DailyUpdates { max: 24, retry_after }) => site.pass(retry_after),
        other => panic!("the 25th update of a day is answered {other:?}"),
    }
    assert!(site.update(&new).is_ok(), "a day after the first one");
    let asked = |from, limit| History { label: ByteBuf::from(label.encode()), from, limit };
    let page = |from, limit| site.query::<(Result<Vec<Change>, LookupError>,)>("get_history", (asked(from, limit),)).0;
    let whole = page(0, u32::MAX).expect("a page");
    assert_eq!(whole.len(), 25);
    assert_eq!(page(20, 3).expect("a page"), whole[20..23]);
    assert_eq!(page(25, 3).expect("a page"), []);
}

#[test]
fn http_answers_status_checkpoint_and_metrics() {
    let site = Site::new(&open());
    let get = |method: &str, url: &str| {
        let body = ByteBuf::new();
        let request = HttpRequest { method: method.to_string(), url: url.to_string(), headers: vec![], body };
        let (response,): (HttpResponse,) = site.query("http_request", (request,));
        (response.status_code, String::from_utf8(response.body.into_vec()).expect("text"))
    };
    assert_eq!(get("GET", "/checkpoint"), (200, site.checkpoint(0).text));
    let (code, metrics) = get("GET", "/metrics");
    assert_eq!((code, metrics.contains("\ndirectory_epochs_total 1 ")), (200, true), "{metrics}");
    let (code, status) = get("GET", "/?x");
    assert_eq!((code, status.contains("\"registration\":\"open\"")), (200, true), "{status}");
    assert_eq!(get("POST", "/").0, 405);
    assert_eq!(get("GET", "/x").0, 404);
}

#[test]
fn a_query_called_as_an_update_is_a_controllers() {
    let site = Site::new(&open());
    let status = site.call::<Result<Status, StatusError>>(Principal::anonymous(), "get_status", ());
    assert!(status.is_err(), "it costs as much as an update");
    assert!(site.call::<Result<Status, StatusError>>(operator(), "get_status", ()).is_ok());
}
