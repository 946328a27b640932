//! The mailbox: the rate of receiving compared with opening alone, the rate of sending compared with sealing alone and with a
//! batch of the load program, the time of a command until its message is on disk, the growth of the store, and processes that
//! send at once.
//!
//! Two times are compared by the best of their rounds, which alternate: other load of the machine only makes rounds longer.

mod alone;
mod batch;
mod people;

use crate::record::{Limit, Row};
use alone::{Opening, Sealing};
use batch::Batches;
use mailbox::{Agents, Mailbox};
use people::{Network, Person};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Messages in a page, in a batch and in a pipe.
const MESSAGES: usize = 1_000;
/// Number of pages that one call receives.
const PAGES: usize = 5;
const ROUNDS: usize = 5;
/// Number of commands that are timed until their message is on disk.
const COMMANDS: usize = 21;
const PROCESSES: usize = 100;

/// All rows.
pub fn measure() -> Vec<Row> {
    let network = Network::start();
    let runtime = Runtime::new().expect("threads can be started");
    let (alice, bob) = Person::pair(&network);
    alice.run(&["send", "bob", "-m", "hello"]);
    bob.run(&["receive"]);
    let growth = growth(&alice);
    bob.run(&["receive"]);
    let receiving = receiving(&runtime, &alice, &bob);
    let (to_sealing, to_batch) = sending(&runtime, &network, &alice);
    let row = |name: &str, value, limit| Row { name: name.into(), value, limit };
    vec![
        row(
            "receiving 5,000 messages of 1 KiB, verified and committed: rate to opening as many alone",
            receiving,
            Limit::AtLeast(0.5),
        ),
        row("1,000 short messages from one command: rate to sealing as many alone", to_sealing, Limit::AtLeast(0.5)),
        row(
            "1,000 short messages from one command: rate to a batch of as many, not sealed",
            to_batch,
            Limit::AtLeast(0.05),
        ),
        row("a message on disk after the start of its command, ms", on_disk(&runtime, &alice), Limit::AtMost(100.0)),
        row("the store's growth by 1,000 messages of 1 KiB, once sent: times their bytes", growth, Limit::AtMost(2.2)),
        row(
            "of 100 processes that send at once on one store, those that succeed",
            at_once(&alice),
            Limit::Exactly(100.0),
        ),
    ]
}

/// This many lines of 1 KiB.
fn lines(number: usize) -> String {
    (0..number).map(|number| format!("{number:04} {}\n", "x".repeat(1_018))).collect()
}

fn time<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = run();
    (start.elapsed(), value)
}

/// The growth by the second thousand. The first one makes room for the outbox, which is used again.
fn growth(alice: &Person) -> f64 {
    let lines = lines(MESSAGES);
    alice.pipe(&["send", "bob", "-", "--lines"], &lines);
    let before = alice.store_bytes();
    alice.pipe(&["send", "bob", "-", "--lines"], &lines);
    (alice.store_bytes() - before) as f64 / lines.len() as f64
}

/// Receives in one process, as `--follow` does: it already knows the subnet's keys.
fn receiving(runtime: &Runtime, alice: &Person, bob: &Person) -> f64 {
    let (mailbox, agents) = runtime.block_on(async {
        let mailbox = Mailbox::open(&bob.mailbox()).await.expect("it is there");
        let agents = Agents::new(&mailbox.place().await.expect("it is stored")).expect("it is a place");
        mailbox.receive(&agents, |_, _| ()).await.expect("the network is there");
        (mailbox, agents)
    });
    let opening = Opening::of(MESSAGES * PAGES);
    let (mut received, mut alone) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        alice.pipe(&["send", "bob", "-", "--lines"], &lines(MESSAGES * PAGES));
        let (took, result) =
            time(|| runtime.block_on(mailbox.receive(&agents, |_, _| ())).expect("the network is there"));
        assert!(result.is_verified && result.messages == (MESSAGES * PAGES) as u64 && result.unopened == 0);
        received = received.min(took);
        alone = alone.min(time(|| opening.run()).0);
    }
    alone.as_secs_f64() / received.as_secs_f64()
}

/// The rate of a whole command, divided by that of sealing alone on one core, and by that of batches.
fn sending(runtime: &Runtime, network: &Network, alice: &Person) -> (f64, f64) {
    let batches = runtime.block_on(Batches::of(network));
    let mut sealing = Sealing::new();
    let short: String = (0..MESSAGES).map(|number| format!("{number}\n")).collect();
    let [mut sent, mut added, mut sealed] = [Duration::MAX; 3];
    for round in 0..=2 * ROUNDS {
        let command = time(|| alice.pipe(&["send", "bob", "-", "--lines"], &short)).0;
        let batch = runtime.block_on(batches.add(round));
        // The first round warms up.
        if round > 0 {
            sent = sent.min(command);
            added = added.min(batch);
            sealed = sealed.min(time(|| sealing.run(MESSAGES)).0);
        }
    }
    (sealed.as_secs_f64() / sent.as_secs_f64(), added.as_secs_f64() / sent.as_secs_f64())
}

/// The median time until another process finds the message in the store. It is committed and synced then.
fn on_disk(runtime: &Runtime, alice: &Person) -> f64 {
    const LOOK: Duration = Duration::from_millis(1);
    let mailbox = runtime.block_on(Mailbox::open(&alice.mailbox())).expect("it is there");
    let entries = |after| runtime.block_on(mailbox.log(after)).expect("the store can be read");
    let mut last = 0;
    let mut newest = || {
        while let Some((number, _)) = entries(last).last() {
            last = *number;
        }
        last
    };
    newest();
    let mut times: Vec<Duration> = (0..COMMANDS)
        .map(|_| {
            let before = newest();
            let start = Instant::now();
            let mut command = alice.start(&["send", "bob", "-m", "hello"]);
            while newest() == before {
                std::thread::sleep(LOOK);
            }
            let took = start.elapsed();
            assert!(command.wait().expect("it is a child").success());
            took
        })
        .collect();
    times.sort();
    times[COMMANDS / 2].as_secs_f64() * 1_000.0
}

fn at_once(alice: &Person) -> f64 {
    let children: Vec<_> = (0..PROCESSES)
        .map(|number| alice.start(&["send", "bob", "-m", &number.to_string(), "--wait", "120"]))
        .collect();
    let ends = children.into_iter().map(|mut child| child.wait().expect("it is a child"));
    ends.filter(|end| end.success()).count() as f64
}
