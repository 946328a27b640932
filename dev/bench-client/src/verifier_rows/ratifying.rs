//! Three verifiers ratify heads while updates come in. Meanwhile clients that demand all three look labels up.

use super::authors::{RATIFYING, label};
use super::network::{NAMED, Network, status};
use super::place::{Place, Process, eventually};
use super::row;
use crate::record::{Limit, Row};
use client::directory::api::View;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use test_support::envelope::{bare, call};

/// Updates that come in, and the time between two of them.
const UPDATES: u64 = 6_000;
const EVERY: Duration = Duration::from_millis(10);
/// The time between two reads of the directory's status, and between two look-ups.
const LOOK: Duration = Duration::from_millis(50);
/// Maximum wait for the ratification of the last update.
const PATIENCE: Duration = Duration::from_secs(120);

/// When each head was seen, and when it was ratified, by epoch.
#[derive(Default)]
struct Heads {
    closed: BTreeMap<u64, Instant>,
    ratified: BTreeMap<u64, Instant>,
}

/// All rows.
pub fn measure(network: &Network) -> Vec<Row> {
    let places = RATIFYING.map(|seed| Place::new(network, seed));
    let _running: Vec<Process> = places.iter().map(Place::run).collect();
    // The log may be ratified already. Each verifier still replays it first.
    eventually("each verifier has caught up", || places.iter().all(Place::has_signed));
    eventually("the verifiers ratify the first updates", || {
        network.status().is_some_and(|status| status.ratified == status.epochs)
    });
    let (before, done) = (network.status().expect("it is ready").updates, AtomicBool::new(false));
    let (heads, [asked, refused], sending) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| network.runtime.block_on(watch(network, &done)));
        let looking_up = scope.spawn(|| look_up(network, &done));
        let sending = network.runtime.block_on(send(network));
        let taken = || network.status().is_some_and(|status| status.updates == before + UPDATES);
        eventually("all updates are taken", taken);
        eventually("all updates are ratified", || {
            network.status().is_some_and(|status| status.pending == 0 && status.ratified == status.epochs)
        });
        done.store(true, Ordering::Relaxed);
        let joined = "it does not panic";
        (watching.join().expect(joined), looking_up.join().expect(joined), sending)
    });
    let waits = |closed: u64| {
        let wait = |(head, at): (&u64, &Instant)| Some(heads.ratified.get(&(head + closed))?.duration_since(*at));
        let mut waits: Vec<_> = heads.closed.iter().filter_map(wait).collect();
        waits.sort_unstable();
        waits
    };
    // An update that comes just after a head has closed waits until the next one is ratified.
    let [heads, updates] = [waits(0), waits(1)];
    eprintln!("a head's ratification: {heads:.1?}");
    let seconds = |wait: Option<&Duration>| wait.unwrap_or(&PATIENCE).as_secs_f64();
    let of = "meanwhile: a head's ratification by three verifiers";
    vec![
        row("updates a second that came in", UPDATES as f64 / sending.as_secs_f64(), Limit::AtLeast(95.0)),
        row(&format!("{of}, the median, s"), seconds(heads.get(heads.len() / 2)), Limit::AtMost(5.0)),
        row(&format!("{of}, the longest, s"), seconds(heads.last()), Limit::AtMost(10.0)),
        row(
            "meanwhile: an update's wait until it is ratified, the longest, s",
            seconds(updates.last()),
            Limit::AtMost(20.0),
        ),
        row("meanwhile: strict look-ups", asked as f64, Limit::AtLeast(100.0)),
        row("meanwhile: strict look-ups that were refused", refused as f64, Limit::Exactly(0.0)),
    ]
}

/// Sends the updates at their times. Returns how long this took.
async fn send(network: &Network) -> Duration {
    let url = format!("{}/api/v2/canister/{}/call", network.url(), network.canister());
    let client = reqwest::Client::builder().no_proxy().build().expect("there is a client");
    let (began, mut sent) = (Instant::now(), tokio::task::JoinSet::new());
    for number in 0..UPDATES {
        let content = call(network.canister(), candid::Principal::anonymous(), "update", &network.change(number));
        let request = client.post(&url).header("content-type", "application/cbor").body(bare(content).encode_bytes());
        sent.spawn(request.send());
        tokio::time::sleep_until((began + EVERY * (number as u32 + 1)).into()).await;
    }
    for answer in sent.join_all().await {
        let status = answer.expect("the network answers").status();
        assert_eq!(status.as_u16(), 202, "the call is taken in");
    }
    began.elapsed()
}

async fn watch(network: &Network, done: &AtomicBool) -> Heads {
    let (transport, mut heads) = (network.transport(), Heads::default());
    let first = network_epochs(&transport).await;
    while !done.load(Ordering::Relaxed) {
        if let Some(status) = status(&transport).await {
            let now = Instant::now();
            for head in first..status.epochs {
                heads.closed.entry(head).or_insert(now);
            }
            for head in first..status.ratified {
                heads.ratified.entry(head).or_insert(now);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
    heads
}

async fn network_epochs(transport: &client::agent::AgentTransport) -> u64 {
    status(transport).await.expect("it is ready").epochs
}

/// Makes strict look-ups. Returns how many were made, and how many of them were refused.
fn look_up(network: &Network, done: &AtomicBool) -> [u64; 2] {
    let (mut client, mut asked, mut refused) = (network.client(), 0, 0);
    while !done.load(Ordering::Relaxed) {
        let found = network.runtime.block_on(client.lookup(&label(asked * 7 % NAMED), View::ratified, None));
        let is_strict = found.is_ok_and(|found| found.ratified().is_ok());
        asked += 1;
        refused += u64::from(!is_strict);
        std::thread::sleep(LOOK);
    }
    [asked, refused]
}
