//! The cost of replaying beside the signatures' own check, and the memory that it keeps.

use crate::directory::*;
use directory_core::hash::sha256;
use directory_core::update::LoggedUpdate;
use std::time::Instant;
use verifier::disk::Folder;
use verifier::verifier::Verifier;

const LABELS: usize = 1_000;

/// Catching up is to be at least 0.9 of the signature checks' own rate, which `cargo test` prints with `--nocapture`. A busy
/// machine must not fail the suite, so the test fails at half of the rate.
#[test]
fn replaying_is_little_beside_its_signatures() {
    let mut directory = Directory::new(Some(REGISTRAR));
    directory.accept(&signed(first(REGISTRAR, 90), &[90], None));
    directory.close();
    for number in 0..LABELS {
        let mut entry = first(1, 1);
        (entry.index, entry.recovery) = (sha256(&[&number.to_be_bytes()]), None);
        directory.force(&signed(entry, &[1], Some(90)));
    }
    directory.close();
    let epochs = directory.shown.epochs.clone();
    let mut checks = || epochs.iter().flat_map(|epoch| &epoch.updates).for_each(check_signatures);
    let place = tempfile::tempdir().unwrap();
    let mut number = 0;
    let mut replay = || {
        number += 1;
        let folder = Folder::open(&place.path().join(number.to_string())).unwrap();
        let mut verifier = Verifier::open(folder, pins(Some(REGISTRAR)), "v.example", secret(51)).unwrap();
        for epoch in &epochs {
            verifier = verifier.epoch(&epoch.complete().unwrap(), directory.now, no_evidence).unwrap();
        }
        let (verifier, cosignature) = verifier.cosign(&directory.shown.newest(), 1).unwrap();
        assert!(cosignature.is_some());
        let bytes = verifier.journal_size() / LABELS as u64;
        assert!(bytes < 600, "{bytes} bytes a label");
    };
    let timed = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    // In turn, so that the machine is as busy during the one as during the other.
    let times = (0..10).map(|_| [timed(&mut checks), timed(&mut replay)]);
    let [checks, replay] = times.reduce(|[a, b], [c, d]| [a.min(c), b.min(d)]).expect("it was timed");
    let share = checks.as_secs_f64() / replay.as_secs_f64();
    println!("catching up: {share:.2} of the signature checks' own rate");
    assert!(share > 0.45, "{share:.2}");
}

fn check_signatures(logged: &LoggedUpdate) {
    let update = &logged.update;
    let (entry, registration) = (update.entry.signed_bytes(), update.registration_bytes());
    let entry = update.signatures.all().iter().map(|(key, signature)| key.verifies(&entry, signature));
    let registration = update.registration.all().iter().map(|(key, signature)| key.verifies(&registration, signature));
    assert!(entry.chain(registration).all(|valid| valid));
}
