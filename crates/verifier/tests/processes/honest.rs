//! An honest directory, three verifiers and clients that demand two of them.

use crate::forged::{label, secret};
use crate::network::{Network, REGISTRAR, VERIFIERS, name};
use crate::processes::{Place, Process, check, eventually, verifier as run};
use client::agent::AgentTransport;
use client::directory::DirectoryClient;
use client::directory::api::View;
use directory_core::label::Label;
use directory_core::policy::Policy;
use directory_core::verify::Trust;
use std::process::Output;
use std::time::{Duration, Instant};
use verifier::network::PAGE;

/// A directory with a registrar and a label.
fn network() -> Network {
    Network::start(true, |directory| {
        directory.update(&Label::Registrar, None, &[REGISTRAR], None);
        directory.close();
        directory.update(&label("alice"), None, &[1], Some(REGISTRAR));
        directory.close();
    })
}

#[test]
fn three_verifiers_ratify_within_ten_seconds_and_without_two_of_them_strict_clients_stop() {
    let network = network();
    let places = VERIFIERS.map(|number| Place::new(&network, number));
    let start = Instant::now();
    let mut verifiers: Vec<_> = places.iter().map(Place::run).collect();
    let is_ratified = |network: &Network| {
        let status = network.status();
        status.pending == 0 && status.ratified == status.epochs
    };
    eventually("the first head is ratified", || is_ratified(&network));
    println!("ratified within {:?} of the start", start.elapsed());

    let registrar = Policy::new(vec![crate::forged::key(REGISTRAR)], 1).unwrap();
    let mut client = network.client(vec![registrar]);
    let look_up = |client: &mut DirectoryClient<AgentTransport>| {
        network.runtime.block_on(client.lookup(&label("alice"), View::newest, None)).unwrap()
    };
    let found = look_up(&mut client).ratified().unwrap();
    let old = found.state.unwrap().newest().clone();
    assert!(matches!(found.trust, Trust::Ratified { .. }));

    // A key change is ratified soon after its epoch closes.
    let epochs = network.status().epochs;
    let changed = network.update(&label("alice"), Some(&old), &[1, 2]);
    eventually("the epoch closes", || network.status().epochs > epochs);
    let closed = Instant::now();
    eventually("the change is ratified", || is_ratified(&network));
    println!("ratified within {:?} of the close", closed.elapsed());
    assert!(closed.elapsed() < Duration::from_secs(10));
    let found = look_up(&mut client).ratified().unwrap();
    assert_eq!(found.state.unwrap().newest(), &changed);

    // Two go away: one by a signal, which it obeys at once, one by a kill.
    let last = verifiers.pop().unwrap();
    last.terminate();
    let (code, log) = last.ended();
    assert_eq!(code, 0, "{log}");
    verifiers.pop().unwrap().kill();
    let epochs = network.status().epochs;
    network.update(&label("alice"), Some(&changed), &[2, 3]);
    eventually("the epoch closes", || network.status().epochs > epochs);
    let error = look_up(&mut client).ratified().unwrap_err().to_string();
    assert!(error.contains("no quorum of the pinned verifiers has cosigned it recently"), "{error}");

    // They come back, and catch up.
    verifiers.extend(places[1..].iter().map(Place::run));
    eventually("the head is ratified", || is_ratified(&network));
    assert!(look_up(&mut client).ratified().is_ok());
    assert!(verifiers.iter_mut().all(Process::is_running));
    status_says(&places[0], network.status().epochs);
}

#[test]
fn strict_look_ups_succeed_while_updates_come_in() {
    let network = network();
    let places = VERIFIERS.map(|number| Place::new(&network, number));
    let mut verifiers: Vec<_> = places.iter().map(Place::run).collect();
    eventually("the first head is ratified", || network.status().ratified == network.status().epochs);
    let registrar = Policy::new(vec![crate::forged::key(REGISTRAR)], 1).unwrap();
    let mut client = network.client(vec![registrar]);
    let (before, mut number) = (network.status().ratified, 0);
    // About ten a second, until some heads are ratified.
    eventually("heads are ratified", || {
        network.update(&label(&format!("label {number}")), None, &[1]);
        number += 1;
        let found = network.runtime.block_on(client.lookup(&label("alice"), View::ratified, None)).unwrap();
        found.ratified().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        network.status().ratified >= before + 2
    });
    eventually("the last one is ratified", || {
        let status = network.status();
        status.pending == 0 && status.ratified == status.epochs
    });
    let last = label(&format!("label {}", number - 1));
    let found = network.runtime.block_on(client.lookup(&last, View::newest, None)).unwrap().ratified().unwrap();
    assert!(found.state.is_some());
    assert!(verifiers.iter_mut().all(Process::is_running));
}

#[test]
fn a_history_of_several_pages_is_caught_up_with() {
    let updates = 2 * PAGE + 5;
    let network = Network::start(false, |directory| {
        for number in 0..updates {
            directory.force(&label(&format!("label {number}")), None, &[1]);
            // Epochs and pages begin at different updates.
            if number == PAGE + 40 {
                directory.close();
            }
        }
        directory.close();
    });
    let place = Place::new(&network, VERIFIERS[0]);
    says(&place, &["certified: nothing", "replayed: 0 heads", "signed: nothing", "state: it has not heard"]);
    let running = place.run();
    eventually("it has signed", || text(&place.status()).contains("signed: 3 heads"));
    let replayed = format!("replayed: 3 heads, {updates} updates, {updates} labels; the last head closed ");
    let certified = format!("certified: 3 heads, {updates} updates, ");
    says(&place, &[&certified, &replayed, "state: every certified head is signed"]);

    // A power cut has cut the journal's end off.
    running.terminate();
    assert_eq!(running.ended().0, 0);
    let journal = std::fs::OpenOptions::new().write(true).open(place.path("state/journal")).unwrap();
    journal.set_len(journal.metadata().unwrap().len() * 3 / 4).unwrap();
    let first = PAGE + 41;
    says(
        &place,
        &[
            &format!("replayed: 2 heads, {first} updates, {first} labels; the last head closed "),
            &format!("state: catching up, {} % of the updates are replayed", first * 100 / updates),
        ],
    );
}

/// The status has these lines, or lines that begin so.
fn says(place: &Place, expected: &[&str]) {
    let text = text(&place.status());
    for line in expected {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line}: {text}");
    }
}

/// Two others may have ratified the last head: this verifier signs it too, before long.
fn status_says(place: &Place, epochs: u64) {
    let signed = format!("signed: {epochs} heads");
    eventually("it has signed every head", || text(&place.status()).contains(&signed));
    let output = place.status();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let key = hex::encode(secret(place.number()).verifying_key().to_bytes());
    assert!(text.contains(&format!("verifier: {} {key}", name(place.number()))), "{text}");
    assert!(text.contains(&format!("certified: {epochs} heads")), "{text}");
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_signal_does_not_wait_for_the_work_that_goes_on() {
    let network = network();
    let place = Place::new(&network, VERIFIERS[0]);
    // Nobody writes into this pipe, so reading the key takes for ever, as replaying takes long.
    std::fs::remove_file(place.path("key")).unwrap();
    let made = std::process::Command::new("mkfifo").arg("--mode=600").arg(place.path("key")).status().unwrap();
    assert!(made.success());
    place.append_config("listen = \"127.0.0.1:0\"\n");
    let running = place.run();
    // It serves once it has begun.
    running.address();
    let start = Instant::now();
    running.terminate();
    let (code, log) = running.ended();
    assert_eq!(code, 0, "{log}");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn figures_and_health_are_served() {
    let network = network();
    let place = Place::new(&network, VERIFIERS[0]);
    place.append_config("listen = \"127.0.0.1:0\"\n");
    let mut running = place.run();
    let address = running.address();
    let get = |path: &str| {
        network.runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let response = client.get(format!("http://{address}{path}")).send().await.ok()?;
            Some((response.status().as_u16(), response.text().await.ok()?))
        })
    };
    eventually("it is healthy", || get("/healthz") == Some((200, "ok\n".to_owned())));
    let (status, text) = get("/metrics").unwrap();
    assert_eq!(status, 200);
    for figure in
        ["verifier_replayed_heads 3", "verifier_signed_heads 3", "verifier_labels 2", "verifier_module_allowed 1"]
    {
        assert!(text.contains(figure), "{figure}: {text}");
    }
    assert_eq!(get("/").unwrap().0, 404);
    assert!(running.is_running());
}

#[test]
fn a_verifier_that_cannot_run_says_why() {
    let network = network();
    let place = Place::new(&network, VERIFIERS[0]);
    let fails = |place: &Place, expected: &str| {
        let (code, log) = place.run().ended();
        assert_eq!(code, 1, "{log}");
        assert!(log.contains(expected), "{log}");
    };
    place.set_key_mode(0o644);
    fails(&place, "chmod 600");
    place.set_key_mode(0o600);
    let running = place.run();
    eventually("it has the folder", || place.path("state/signed").exists());
    fails(&place, "another process verifies in");
    drop(running);
    place.append_config("colour = \"blue\"\n");
    fails(&place, "unknown field `colour`");
    let stranger = Place::new(&network, 77);
    fails(&stranger, "names no verifier verifier.example/77 with this key");
    let (text, code) = check(&place.config(), &place.config());
    assert_eq!(code, 4, "{text}");
    assert!(run(&["--help"]).status.success());
}
