//! Catching up over HTTP, compared with only checking the signatures of the same updates.

use super::authors::CATCHING_UP;
use super::network::Network;
use super::place::{Place, eventually, used};
use super::row;
use crate::record::{Limit, Row};
use directory_core::update::LoggedUpdate;
use std::time::{Duration, Instant};

const MEBIBYTE: f64 = 1_048_576.0;

/// All rows. Rounds alternate, and the best of each counts, because other load of the machine only slows them down.
pub fn measure(network: &Network) -> Vec<Row> {
    let (mut checks, mut core, mut clock, mut peak) = (Duration::MAX, Duration::MAX, Duration::MAX, 0);
    for seed in CATCHING_UP {
        let before = used("self");
        network.updates().iter().for_each(check_signatures);
        checks = checks.min(used("self") - before);

        let (place, began) = (Place::new(network, seed), Instant::now());
        let process = place.run();
        eventually("the verifier has caught up", || place.has_signed());
        clock = clock.min(began.elapsed());
        core = core.min(process.used());
        peak = peak.max(process.peak());
    }
    let updates = network.updates().len() as f64;
    let share = |time: Duration| checks.as_secs_f64() / time.as_secs_f64();
    let of = "catching up over HTTP with 100,000 labels";
    vec![
        row(&format!("{of}: rate of a core to that of the signature checks alone"), share(core), Limit::AtLeast(0.85)),
        row(&format!("{of}: rate by the clock to the same"), share(clock), Limit::AtLeast(0.8)),
        row(&format!("{of}: updates a second and core"), updates / core.as_secs_f64(), Limit::AtLeast(5_000.0)),
        row(&format!("{of}: memory of the process, MiB"), peak as f64 / MEBIBYTE, Limit::AtMost(64.0)),
    ]
}

fn check_signatures(LoggedUpdate { update, .. }: &LoggedUpdate) {
    let (entry, registration) = (update.entry.signed_bytes(), update.registration_bytes());
    let entry = update.signatures.all().iter().map(|(key, signature)| key.verifies(&entry, signature));
    let registration = update.registration.all().iter().map(|(key, signature)| key.verifies(&registration, signature));
    assert!(entry.chain(registration).all(|valid| valid), "every signature is valid");
}
