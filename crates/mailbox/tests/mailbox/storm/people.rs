//! A person, of whom several processes send and receive at once on one store.

use super::faults::{Fate, Hit, signal};
use super::network::Network;
use crate::people::{Done, Person, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::process::Child;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};
use test_support::Random;

/// Number of a person's processes that receive.
pub const FOLLOWERS: u64 = 2;
/// Interval between two looks at a process.
const LOOK: Duration = Duration::from_millis(10);
/// Pause before a process that has ended is started again.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a person tries to write to a contact whose devices have changed.
const PATIENCE: Duration = Duration::from_secs(300);

/// The mailbox's message about a contact whose devices have changed.
pub const CHANGED: &str = "has other devices than before";

/// A person.
pub struct Party {
    pub person: Person,
    /// The name of the person to whom this one writes.
    pub to: &'static str,
    /// Each command that sent, and its result.
    pub sends: Mutex<Vec<(What, Done)>>,
    /// The result of each command that received.
    pub receives: Mutex<Vec<Done>>,
    /// Faults that hit running processes: those that send, and those that receive.
    pub hits: [Hits; 2],
    is_over: AtomicBool,
    rests: AtomicBool,
    following: AtomicUsize,
    files: AtomicUsize,
}

/// Numbers of processes that were hit.
#[derive(Debug, Default)]
pub struct Hits {
    pub killed: AtomicU64,
    pub stopped: AtomicU64,
}

impl Hits {
    fn count(&self, hit: Option<Hit>) {
        match hit {
            Some(Hit::Killed) => drop(self.killed.fetch_add(1, Ordering::Relaxed)),
            Some(Hit::Stopped) => drop(self.stopped.fetch_add(1, Ordering::Relaxed)),
            None => {}
        }
    }
}

/// The message of a command.
#[derive(Clone, Debug)]
pub enum What {
    /// Texts.
    Lines(Vec<String>),
    /// A file with this name beside the mailbox.
    File(String, Vec<u8>),
}

impl Party {
    /// A person with a mailbox, registered in the directory under the name.
    pub fn new(name: &'static str, to: &'static str, network: &Network) -> Self {
        let person = Person::at(name, &network.url(), network.canister);
        person.run(&["directory", &network.directory.to_text(), "--certified-only"]).code(0);
        person.run(&["register", name]).code(0);
        Self {
            person,
            to,
            sends: Mutex::default(),
            receives: Mutex::default(),
            hits: Default::default(),
            is_over: AtomicBool::default(),
            rests: AtomicBool::default(),
            following: AtomicUsize::default(),
            files: AtomicUsize::default(),
        }
    }

    /// Sends by a process with this fault. If the contact has changed, tries again.
    pub fn send(&self, what: &What, fate: &Fate) {
        let start = Instant::now();
        while !self.send_once(what, fate) {
            assert!(start.elapsed() < PATIENCE, "{} is never trusted again", self.to);
            sleep(PAUSE);
        }
    }

    /// Sends once. Returns false if the contact has changed: then nothing was sent.
    pub fn send_once(&self, what: &What, fate: &Fate) -> bool {
        let mut child = match what {
            What::Lines(lines) => {
                let mut child = self.person.start_piped(&["send", self.to, "-", "--lines"]);
                // One that is killed or refused at once reads nothing.
                let _ = child.stdin.take().unwrap().write_all(format!("{}\n", lines.join("\n")).as_bytes());
                child
            }
            What::File(name, bytes) => {
                let path = self.person.path(name);
                std::fs::write(&path, bytes).unwrap();
                self.person.start_piped(&["send", self.to, path.to_str().unwrap()])
            }
        };
        self.hits[0].count(fate.strike(&mut child));
        let done = Done::of(child.wait_with_output().unwrap());
        let is_sent = done.code != Some(1);
        assert!(is_sent || done.stderr.contains(CHANGED), "{done:?}");
        self.sends.lock().unwrap().push((what.clone(), done));
        is_sent
    }

    /// Receives once.
    pub fn receive(&self) -> Done {
        let done = self.person.run(&["receive", "--json"]);
        self.receives.lock().unwrap().push(Done { stderr: done.stderr.clone(), stdout: done.stdout.clone(), ..done });
        done
    }

    /// Receives until the storm is over: by processes with faults, one after the other.
    pub fn follow(&self, mut random: Random) {
        while !self.is_over.load(Ordering::SeqCst) {
            self.following.fetch_add(1, Ordering::SeqCst);
            if !self.rests.load(Ordering::SeqCst) {
                self.follow_once(&mut random);
            }
            self.following.fetch_sub(1, Ordering::SeqCst);
            sleep(PAUSE);
        }
    }

    fn follow_once(&self, random: &mut Random) {
        // The output goes to files, so that nobody has to read it while the process runs.
        let number = self.files.fetch_add(1, Ordering::SeqCst);
        let path = |what: &str| self.person.path(&format!("follow-{number}-{what}"));
        let (out, errors) = (path("out"), path("errors"));
        let mut command = self.person.command(&["receive", "--follow", "--json"]);
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&errors).unwrap());
        let mut child = command.spawn().unwrap();
        self.hits[1].count(Fate::of_follower(number, random).strike(&mut child));
        let code = self.ended(&mut child);
        let read = |path| std::fs::read_to_string(path).unwrap();
        self.receives.lock().unwrap().push(Done { code, stdout: read(out), stderr: read(errors) });
    }

    /// Waits until a process that receives ends, or must end.
    fn ended(&self, child: &mut Child) -> Option<i32> {
        let mut is_told = false;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            let is_to_end = self.is_over.load(Ordering::SeqCst) || self.rests.load(Ordering::SeqCst);
            if is_to_end && !is_told {
                signal(child, "TERM");
                is_told = true;
            }
            sleep(LOOK);
        }
    }

    /// Stops all receiving. On return no process receives.
    pub fn rest(&self) {
        self.rests.store(true, Ordering::SeqCst);
        while self.following.load(Ordering::SeqCst) > 0 {
            sleep(LOOK);
        }
    }

    /// Lets processes receive again.
    pub fn wake(&self) {
        self.rests.store(false, Ordering::SeqCst);
    }

    /// Ends the storm: processes that receive end.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// The log numbers of the messages that any process has shown.
    pub fn shown(&self) -> BTreeSet<u64> {
        let receives = self.receives.lock().unwrap();
        let whole = |done: &Done| done.stdout[..done.stdout.rfind('\n').map_or(0, |end| end + 1)].to_owned();
        receives.iter().flat_map(|done| json(&whole(done))).filter_map(|entry| entry["number"].as_u64()).collect()
    }
}
