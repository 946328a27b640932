//! Faults: of single processes at any time, and of the network and the directory, one in each round.

use super::network::Network;
use super::people::{CHANGED, Party, What};
use super::replica::Lie;
use message_canister::api::{Bound, Budget, Rate, Setting};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;
use test_support::Random;

/// How long a process stays stopped.
const STOP: Duration = Duration::from_millis(700);
/// Maximum number of tries until a lie is met.
const TRIES: u32 = 200;
/// The mailbox's message for each lie.
pub const LIE: &str = "the inbox was not read: the reply ";
/// The mailbox's message if the canister's budget refuses.
const REFUSED: &str = "not sent yet: the canister takes no messages from strangers now";
const PASSPHRASE: &str = "correct horse\n";

/// The fault of a process.
#[derive(Clone, Debug)]
pub enum Fate {
    Lives,
    /// It gets SIGKILL after this time.
    Killed(Duration),
    /// It gets SIGSTOP after this time, and SIGCONT later.
    Stopped(Duration),
}

/// The fault that hit a process while it ran.
#[derive(Clone, Copy, Debug)]
pub enum Hit {
    Killed,
    Stopped,
}

impl Fate {
    /// It gets SIGKILL at once, before it can do anything.
    pub const KILLED_AT_ONCE: Self = Self::Killed(Duration::ZERO);
    /// It gets SIGSTOP at once.
    pub const STOPPED_AT_ONCE: Self = Self::Stopped(Duration::ZERO);

    /// The fault of a process that sends.
    pub fn of_sender(random: &mut Random) -> Self {
        let after = Duration::from_millis(random.below(60));
        match random.below(8) {
            0 | 1 => Self::Killed(after),
            2 => Self::Stopped(after),
            _ => Self::Lives,
        }
    }

    /// The fault of the receiving process with this number. Of the first two, one is killed and one is stopped.
    pub fn of_follower(number: usize, random: &mut Random) -> Self {
        let after = Duration::from_millis(random.between(50, 1_500));
        match (number, random.below(4)) {
            (0, _) => Self::Killed(after),
            (1, _) => Self::Stopped(after),
            (_, 0 | 1) => Self::Killed(after),
            (_, 2) => Self::Stopped(after),
            _ => Self::Lives,
        }
    }

    /// Injects the fault. Returns it if the process still ran.
    pub fn strike(&self, child: &mut Child) -> Option<Hit> {
        let (after, hit) = match self {
            Self::Lives => return None,
            Self::Killed(after) => (after, Hit::Killed),
            Self::Stopped(after) => (after, Hit::Stopped),
        };
        sleep(*after);
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        match hit {
            Hit::Killed => child.kill().unwrap(),
            Hit::Stopped => {
                signal(child, "STOP");
                sleep(STOP);
                signal(child, "CONT");
            }
        }
        Some(hit)
    }
}

/// Sends a signal to a process that was not waited for.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// The fault of a round.
#[derive(Clone, Copy, Debug)]
pub enum Weather {
    /// The network is killed and started again from its state.
    NetworkIsKilled,
    /// Both canisters are upgraded.
    CanistersAreUpgraded,
    /// The store keeps few messages while Bob does not read.
    RetentionDrops,
    /// The store has no budget for strangers.
    BudgetRefuses,
    /// The replica tells its lies.
    ReplicaLies,
    /// The directory shows another device for Bob.
    DirectoryChangesAKey,
}

impl Weather {
    pub const ALL: [Self; 6] = [
        Self::NetworkIsKilled,
        Self::CanistersAreUpgraded,
        Self::RetentionDrops,
        Self::BudgetRefuses,
        Self::ReplicaLies,
        Self::DirectoryChangesAKey,
    ];

    /// The part of the fault before people write.
    pub fn comes(self, network: &Network, bob: &Party) {
        match self {
            Self::RetentionDrops => {
                bob.rest();
                network.set(Setting::max_messages(Bound::AtMost(3)));
            }
            Self::BudgetRefuses => {
                // The first message uses it up for minutes.
                let one = Bound::AtMost(Rate { per_second: 1, burst: 1 });
                network.set(Setting::strangers(Budget { bytes: one, ..Budget::default() }));
            }
            _ => {}
        }
    }

    /// The part of the fault while people write.
    pub fn strikes(self, network: &Network, alice: &Party, bob: &Party, random: &mut Random) {
        match self {
            Self::NetworkIsKilled => {
                sleep(Duration::from_millis(random.below(400)));
                network.kill();
                network.restart();
            }
            Self::CanistersAreUpgraded => {
                sleep(Duration::from_millis(random.below(200)));
                network.upgrade();
            }
            Self::DirectoryChangesAKey => change_a_key(network, alice, bob),
            Self::RetentionDrops | Self::BudgetRefuses | Self::ReplicaLies => {}
        }
    }

    /// The part of the fault after people have written. Each party sends the messages of `more`.
    pub fn passes(self, network: &Network, alice: &Party, bob: &Party, mut more: impl FnMut(&str) -> What) {
        match self {
            Self::RetentionDrops => {
                network.set(Setting::max_messages(Bound::Unlimited));
                let told = bob.receive().code(0).stdout;
                assert!(told.contains(r#""event":"dropped""#), "{told}");
                bob.wake();
            }
            Self::BudgetRefuses => {
                alice.send(&more("alice"), &Fate::Lives);
                let last = alice.sends.lock().unwrap().last().unwrap().1.stderr.clone();
                assert!(last.contains(REFUSED), "{last}");
                network.set(Setting::strangers(Budget::default()));
            }
            Self::ReplicaLies => Lie::ALL.into_iter().for_each(|lie| meet(lie, network, alice, bob, &mut more)),
            Self::NetworkIsKilled | Self::CanistersAreUpgraded | Self::DirectoryChangesAKey => {}
        }
    }
}

/// Makes the replica tell a lie until Bob meets it.
fn meet(lie: Lie, network: &Network, alice: &Party, bob: &Party, more: &mut impl FnMut(&str) -> What) {
    let before = network.replica.told(lie);
    network.replica.tell(Some(lie));
    let mut tries = 0;
    loop {
        alice.send(&more("alice"), &Fate::Lives);
        let done = bob.receive();
        if done.code == Some(1) {
            assert!(done.stderr.contains(LIE), "{lie:?}: {}", done.stderr);
            break;
        }
        done.code(0);
        tries += 1;
        assert!(tries < TRIES, "{lie:?} was not met");
    }
    assert!(network.replica.told(lie) > before);
    network.replica.tell(None);
}

/// Somebody with a backup of Bob's mailbox registers another device under his name. Bob registers his own again.
fn change_a_key(network: &Network, alice: &Party, bob: &Party) {
    let (alice, bob) = (&alice.person, &bob.person);
    let number = std::fs::read_dir(bob.path("")).unwrap().count();
    let (backup, thief) = (bob.path(&format!("backup-{number}")), bob.path(&format!("thief-{number}")));
    let (backup, thief) = (backup.to_str().unwrap(), thief.to_str().unwrap());
    bob.pipe(&["backup", backup, "--new-fd", "0"], PASSPHRASE).code(0);
    bob.pipe(&["--mailbox", thief, "restore", backup, "--secret-fd", "0"], PASSPHRASE).code(0);
    let directory = network.directory.to_text();
    bob.run(&["--mailbox", thief, "directory", &directory, "--certified-only"]).code(0);
    bob.run(&["--mailbox", thief, "register", "bob"]).code(0);

    let told = bob.run(&["monitor"]).code(1).stdout;
    assert!(told.contains("somebody else speaks for you"), "{told}");
    let told = alice.run(&["monitor"]).code(1).stdout;
    assert!(told.contains("bob: has other keys than before: ask the person"), "{told}");
    alice.run(&["send", "bob", "-m", "never sent"]).code(1).says(CHANGED);

    bob.run(&["register", "bob"]).code(0);
    alice.run(&["contacts", "find", "bob"]).code(0);
    for person in [alice, bob] {
        person.run(&["monitor"]).code(0);
    }
}
