//! The command, on a served network whose directory requires a registrar's signature.

mod place;

use client::directory::api::View;
use client::directory::label_text;
use directory_core::label::Label;
use directory_core::policy::Key;
use directory_core::registration::{Request, answer_from_text};
use directory_core::signatures::Signatures;
use place::{Place, name, secret};

/// The signatures that the registrar prints, checked.
fn vouched(place: &Place, label: &str, request: &Request) -> Signatures {
    let done = place.sign(label, &request.to_text());
    assert_eq!(done.code, 0, "{}", done.stderr);
    answer_from_text(&done.stdout).expect("it is an answer")
}

#[test]
fn a_label_is_registered_with_the_registrars_signature_and_not_without() {
    let place = Place::new();
    let entered = place.enter().stdout;
    assert_eq!(entered, format!("entered: {}\n", place.public));
    let again = place.enter().stderr;
    assert!(again.contains(&format!("the registrar's key {} is already entered", place.public)), "{again}");
    let (alice, request) = place.request("alice");
    let refused = place.submit(&alice, Signatures::default()).expect_err("nobody vouches");
    assert!(refused.to_string().contains("TooFewSignatures { signer: registrar, needed: 1, found: 0 }"), "{refused}");
    let shown =
        place.run(&["show", &place.file(&request.to_text()), "--canister", &place.id(), "--vrf-key", &place.vrf]);
    assert!(shown.stdout.starts_with("label: the name alice\nowners: 1 of these keys\n"), "{shown:?}");
    place.submit(&alice, vouched(&place, "alice", &request)).expect("the registrar vouches");
    place.wait_for(&name("alice"));
    // Standard input is as good as a file.
    let (bob, request) = place.request("bob");
    let done = place.pipe(&place.arguments("bob", "-"), &request.to_text());
    place.submit(&bob, answer_from_text(&done.stdout).expect("it is an answer")).expect("the registrar vouches");
    place.wait_for(&name("bob"));
}

#[test]
fn a_request_that_is_not_what_it_says_is_refused() {
    let place = Place::new();
    place.enter();
    let (_, request) = place.request("alice");
    let refused = |label: &str, request: &Request, why: &str| {
        let done = place.sign(label, &request.to_text());
        assert_eq!((done.code, done.stdout.as_str()), (1, ""));
        assert!(done.stderr.contains(why), "{}", done.stderr);
    };
    refused("alicia", &request, "the request is for the name alice, not for the name alicia");
    let mut forged = request.clone();
    forged.vrf[50] ^= 1;
    refused("alice", &forged, "the label's proof is not by the directory's VRF key");
    // Another label's entry, under this one's name and proof.
    let (_, other) = place.request("mallory");
    refused(
        "alice",
        &Request { update: other.update.clone(), ..request.clone() },
        "the entry is for another label: its index is ",
    );
    refused("alice", &Request { label: name("alice"), ..other }, "the label's proof");
    let mut unsigned = request.clone();
    unsigned.update.signatures = Signatures::default();
    refused("alice", &unsigned, "the entry is refused");
    let mut later = request.clone();
    later.update.entry.version = 1;
    refused("alice", &later, "the entry is refused");
    let elsewhere = ["sign", "alice", &place.file(&request.to_text()), "--key", &place.key, "--canister", "aaaaa-aa"];
    let done = place.run(&[&elsewhere[..], &["--vrf-key", &place.vrf]].concat());
    assert!(
        done.code == 1 && done.stderr.contains("the entry is for another directory: its realm is "),
        "{}",
        done.stderr
    );
    let (_, hidden) = place.request("alice\u{202e}");
    refused("alice\u{202e}", &hidden, "its name has control characters");
    let done = place.sign("alice", "no request");
    assert!(done.code == 1 && done.stderr.contains("this is not a request"), "{}", done.stderr);
}

#[test]
fn a_request_for_a_label_that_only_reads_like_the_one_on_the_command_line_is_refused() {
    let place = Place::new();
    let address = Label::address(&Key::of(&secret(1)));
    let text = label_text(&address);
    let requests = [&address, &name(&text), &Label::Registrar].map(|label| place.request_by(label, 1).1);
    let [address, name, registrar] = requests.each_ref();
    vouched(&place, &text, address);
    let refused = |label: &str, request: &Request, why: &str| {
        let done = place.sign(label, &request.to_text());
        assert_eq!((done.code, done.stdout.as_str()), (1, ""));
        assert!(done.stderr.contains(why), "{}", done.stderr);
    };
    refused(&text, name, &format!("the request is for the name {text}, not for the address {text}"));
    refused("the registrar", registrar, "the request is for the registrar, not for the name the registrar");
    let shown = requests.each_ref().map(|request| {
        let file = place.file(&request.to_text());
        place.run(&["show", &file, "--canister", &place.id(), "--vrf-key", &place.vrf]).stdout
    });
    let expected = [format!("the address {text}"), format!("the name {text}"), "the registrar".to_owned()];
    for (shown, expected) in shown.iter().zip(expected) {
        assert!(shown.starts_with(&format!("label: {expected}\n")), "{shown}");
    }
}

#[test]
fn a_signature_vouches_for_one_entry_alone() {
    let place = Place::new();
    place.enter();
    let (_, request) = place.request("alice");
    let signatures = vouched(&place, "alice", &request);
    // Another key wants the label.
    let (mallory, _) = place.request_by(&name("alice"), 66);
    let refused = place.submit(&mallory, signatures).expect_err("it is signed for another entry");
    assert!(refused.to_string().contains("WrongSignature"), "{refused}");
    assert!(place.look_up(&name("alice"), View::newest).is_none());
    assert!(place.look_up(&Label::Registrar, View::newest).is_some());
}
