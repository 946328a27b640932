//! The output of `scripts/serve`: the printed calls work, and the signals stop it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use candid::Principal;

use crate::programs::{Folder, MISSING, program, run};
use test_support::artifact::{canister_path, root};

/// The program that `scripts/serve` ends with, running.
pub struct Serving {
    process: Child,
    /// What it printed.
    announcement: String,
}

impl Serving {
    /// Starts it with the built canister, as `scripts/serve` does, and with further options.
    pub fn start(options: &[&str]) -> Self {
        let (module, calls) = (canister_path(), root().join("scripts/lib/calls.txt"));
        let [module, calls] = [&module, &calls].map(|path| path.to_str().expect("the path is text"));
        Self::of(&[&[module, "--calls", calls], options].concat())
    }

    /// Starts it with these words, on a free port.
    pub fn of(words: &[&str]) -> Self {
        let mut process = Command::new(network_program())
            .args(words)
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("the network does not start: {error}; {MISSING}"));
        let mut output = BufReader::new(process.stdout.take().expect("it is a pipe"));
        let mut announcement = String::new();
        // It prints everything at once, before the calls. They end with the address of the gateway.
        let last = if words.contains(&"--calls") { ".localhost:" } else { "Ctrl-C stops it" };
        while !announcement.contains(last) {
            let read = output.read_line(&mut announcement).expect("it is text");
            assert!(read > 0, "the network ended: {announcement}");
        }
        Self { process, announcement }
    }

    /// What it printed.
    pub fn announcement(&self) -> &str {
        &self.announcement
    }

    /// The ids of the canisters that it announces, in order.
    pub fn canisters(&self) -> Vec<Principal> {
        let ready = self.announcement.lines().filter_map(|line| line.strip_prefix("ready: ")?.rsplit(' ').next());
        ready.map(|id| Principal::from_text(id).expect("it is an id")).collect()
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        assert_eq!(self.stop("KILL"), None);
    }

    /// Its address.
    pub fn url(&self) -> &str {
        let place = self.announcement.strip_prefix("ready: ").and_then(|rest| rest.split(' ').next());
        place.expect("the first line says where it is")
    }

    /// The calls that it prints for a program.
    fn calls(&self, program: &str) -> Vec<&str> {
        let lines = self.announcement.lines().map(str::trim);
        lines.filter(|line| line.starts_with(&format!("{program} "))).collect()
    }

    /// Sends it a signal. Returns its exit code.
    fn stop(&mut self, signal: &str) -> Option<i32> {
        let pid = self.process.id().to_string();
        run(Command::new("kill").args(["-s", signal, &pid]), b"").succeeded();
        self.process.wait().expect("it was started").code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Cargo builds it beside the tests.
fn network_program() -> PathBuf {
    let test = std::env::current_exe().expect("a process has a program");
    let profile = test.parent().and_then(Path::parent).expect("tests lie below the profile's folder");
    profile.join("local-network")
}

#[test]
fn every_call_that_is_printed_works_as_printed() {
    let serving = Serving::start(&[]);
    let home = Folder::new();
    let icp = program("MESSAGE_CANISTER_ICP", None);
    let programs = Path::new(icp.get_program()).parent().expect("it lies in a folder");
    let path = std::env::var_os("PATH").expect("there is one");
    let path = std::env::join_paths([programs.to_owned()].into_iter().chain(std::env::split_paths(&path)));
    let path = path.expect("folders have no colons");
    let shell = |line: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).env("PATH", &path).env("ICP_HOME", home.path()).env("DO_NOT_TRACK", "1");
        let output = run(shell.env("NO_PROXY", "*").current_dir(home.path()), b"").succeeded();
        String::from_utf8(output).expect("it is text")
    };
    let [add, get] = serving.calls("icp")[..] else { panic!("{}", serving.announcement) };
    assert!(shell(add).contains("duplicate = false"));
    let again = shell(add);
    assert!(again.contains("duplicate = true"), "{again}");
    let got = shell(get);
    assert!(got.contains("blob \"sealed\"") && got.contains("blob \"alice\""), "{got}");
    let pages = serving.calls("curl");
    assert_eq!(pages.len(), 2, "{}", serving.announcement);
    for page in pages {
        let status = shell(&page.replacen("curl", "curl --silent --fail", 1));
        assert!(status.contains("\"messages\":1"), "{page}: {status}");
    }
    // dfx is not in a registry. Its calls have the same words as those of `icp`.
    assert_eq!(serving.calls("dfx").len(), 2);
}

#[test]
fn signals_stop_it_cleanly() {
    let folder = Folder::new();
    let state = folder.path().join("state");
    let state = state.to_str().expect("the path is text");
    for signal in ["INT", "TERM"] {
        for options in [vec![], vec!["--state", state]] {
            let mut serving = Serving::start(&options);
            assert_eq!(serving.stop(signal), Some(0), "{signal} {options:?}");
        }
    }
    // It is killed, and the next start continues from its state.
    let mut serving = Serving::start(&["--state", state]);
    assert_eq!(serving.stop("KILL"), None);
    drop(Serving::start(&["--state", state]));
}

#[test]
fn a_state_that_cannot_be_used_is_refused_with_a_sentence() {
    let folder = Folder::new();
    let state = folder.path().to_str().expect("the path is text");
    let refused = |state: &str| {
        let mut network = Command::new(network_program());
        network.arg(canister_path()).args(["--port", "0", "--state", state]);
        let outcome = run(&mut network, b"");
        assert_eq!(outcome.status.code(), Some(2), "{}", outcome.errors);
        outcome.failed()
    };
    let serving = Serving::start(&["--state", state]);
    let error = refused(state);
    assert!(error.contains("another process uses this state"), "{error}");
    drop(serving);
    let mut bytes = Vec::new();
    let path = folder.path().join("state.redb");
    std::fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("it is there");
    folder.write("state.redb", &bytes[..bytes.len() / 2]);
    let error = refused(state);
    assert!(error.contains("the state is damaged"), "{error}");
    // A folder below a file.
    let error = refused(path.join("state").to_str().expect("the path is text"));
    assert!(error.contains("state.redb/state"), "{error}");
}
