//! The programs that tests run: their paths and their results.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Maximum time of a program.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The result of a program.
pub struct Outcome {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its standard output.
    pub output: Vec<u8>,
    /// Its standard error.
    pub errors: String,
}

impl Outcome {
    /// Its output, if it ended well.
    ///
    /// # Panics
    ///
    /// If it did not.
    pub fn succeeded(self) -> Vec<u8> {
        assert!(self.status.success(), "{}: {}{}", self.status, String::from_utf8_lossy(&self.output), self.errors);
        self.output
    }

    /// Its explanation of a failure.
    ///
    /// # Panics
    ///
    /// If it did not fail.
    pub fn failed(self) -> String {
        let output = String::from_utf8_lossy(&self.output);
        assert!(!self.status.success(), "it must fail, but said: {output}{}", self.errors);
        self.errors
    }
}

/// The advice if a program is missing.
pub const MISSING: &str = "run scripts/test, which installs what these tests need and says where it is";

/// The program that the environment variable names, otherwise the one that the system finds by `name`.
///
/// # Panics
///
/// If there is none.
pub fn program(variable: &str, name: Option<&str>) -> Command {
    let place = std::env::var_os(variable).or(name.map(OsString::from));
    let mut command = Command::new(place.unwrap_or_else(|| panic!("{variable} names no program: {MISSING}")));
    // Settings of proxies concern other machines, not this one.
    command.env("NO_PROXY", "*").env("no_proxy", "*");
    command
}

/// Runs a program to its end, with `input` on its standard input.
///
/// # Panics
///
/// If it is not there, or takes too long.
pub fn run(command: &mut Command, input: &[u8]) -> Outcome {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.as_mut().unwrap_or_else(|error| panic!("{command:?} does not start: {error}; {MISSING}"));
    let output = read(child.stdout.take());
    let errors = read(child.stderr.take());
    // If a program ends before it has read its input, its output has the reason.
    let _ = child.stdin.take().expect("it is a pipe").write_all(input);
    let status = wait(child).unwrap_or_else(|| {
        panic!("{command:?} took more than {TIMEOUT:?} and was ended");
    });
    let errors = String::from_utf8_lossy(&errors.join().expect("pipes can be read")).into_owned();
    Outcome { status, output: output.join().expect("pipes can be read"), errors }
}

/// Reads a pipe to its end, on its own thread, because a program waits while its pipe is full.
fn read(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    let mut pipe = pipe.expect("it is a pipe");
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("pipes can be read");
        bytes
    })
}

/// The exit status of a program, or `None` if it had to be killed.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it was started") {
            return Some(status);
        }
        if start.elapsed() > TIMEOUT {
            child.kill().expect("it still runs");
            child.wait().expect("it was started");
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A folder below the target folder, until this is dropped.
pub struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        let place = env!("CARGO_TARGET_TMPDIR");
        Self(TempDir::new_in(place).unwrap_or_else(|error| panic!("{place}: {error}")))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file into it, and says where it is.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }
}
