//! The output of `scripts/serve`: the printed calls work, and the signals stop it.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use crate::programs::{Folder, MISSING, program, run};
use test_support::artifact::canister_path;
use test_support::process::{Process, Signal, Start};

/// A network of these modules and options.
pub fn network<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> Start {
    Start::new(words).unwrap_or_else(|error| panic!("{error}; {MISSING}"))
}

/// The processes that `scripts/serve` starts: the built canisters, and the calls that it prints.
pub fn serve() -> Start {
    Start::of_serve().unwrap_or_else(|error| panic!("{error}; {MISSING}"))
}

/// Starts it.
pub fn started(start: &Start) -> Process {
    start.run().unwrap_or_else(|error| panic!("{error}"))
}

/// The calls that it has printed for a program.
fn calls<'a>(serving: &'a Process, program: &str) -> Vec<&'a str> {
    let lines = serving.announcement().lines().map(str::trim);
    lines.filter(|line| line.starts_with(&format!("{program} "))).collect()
}

#[test]
fn every_call_that_is_printed_works_as_printed() {
    let serving = started(&serve());
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
    let [add, get, directory] = calls(&serving, "icp")[..] else { panic!("{}", serving.announcement()) };
    assert!(shell(add).contains("duplicate = false"));
    let again = shell(add);
    assert!(again.contains("duplicate = true"), "{again}");
    let got = shell(get);
    assert!(got.contains("blob \"sealed\"") && got.contains("blob \"alice\""), "{got}");
    let status = shell(directory);
    assert!(status.contains("registration = variant { open }") && status.contains("ready = true"), "{status}");
    let [first, registry, second] = calls(&serving, "curl")[..] else { panic!("{}", serving.announcement()) };
    let shown = ["\"messages\":1", "\"registration\":\"open\"", "\"messages\":1"];
    for (page, shown) in [first, registry, second].into_iter().zip(shown) {
        let status = shell(&page.replacen("curl", "curl --silent --fail", 1));
        assert!(status.contains(shown), "{page}: {status}");
    }
    // dfx is not in a registry. Its calls have the same words as those of `icp`.
    assert_eq!(calls(&serving, "dfx").len(), 2);
}

#[test]
fn signals_stop_it_cleanly() {
    let folder = Folder::new();
    let kept = Start { state: Some(folder.path().join("state")), ..serve() };
    for signal in [Signal::Interrupt, Signal::Terminate] {
        for start in [&serve(), &kept] {
            started(start).stop_by(signal).unwrap_or_else(|error| panic!("{signal:?} {start:?}: {error}"));
        }
    }
    // It is killed, and the next start continues from its state.
    started(&kept).kill().expect("it runs");
    drop(started(&kept));
}

#[test]
fn a_state_that_cannot_be_used_is_refused_with_a_sentence() {
    let folder = Folder::new();
    let kept = |state: &Path| Start { state: Some(state.to_owned()), ..network([canister_path()]) };
    let refused = |state: &Path| {
        let outcome = run(&mut kept(state).command(), b"");
        assert_eq!(outcome.status.code(), Some(2), "{}", outcome.errors);
        outcome.failed()
    };
    let serving = started(&kept(folder.path()));
    let error = refused(folder.path());
    assert!(error.contains("another process uses this state"), "{error}");
    drop(serving);
    let mut bytes = Vec::new();
    let path = folder.path().join("state.redb");
    std::fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("it is there");
    folder.write("state.redb", &bytes[..bytes.len() / 2]);
    let error = refused(folder.path());
    assert!(error.contains("the state is damaged"), "{error}");
    // A folder below a file.
    let error = refused(&path.join("state"));
    assert!(error.contains("state.redb/state"), "{error}");
}
