//! Real processes: this program, started again, killed, stopped and starved of space.

pub mod child;
mod clock;
mod crash;
mod fork;
mod full;
mod kills;
mod stops;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A process with a role in [`child`]. It is killed when the test ends.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    pub fn start(role: &str, home: &Path, number: usize) -> Self {
        Self::start_with(role, home, number, None)
    }

    pub fn start_with(role: &str, home: &Path, number: usize, variable: Option<&str>) -> Self {
        let log = home.join(format!("log-{number}"));
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::child::plays_its_role", "--nocapture"])
            .env(child::ROLE, role)
            .env(child::HOME, home)
            .env(child::LOG, &log)
            .envs(variable.map(|variable| (variable, "1")))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: libc::c_int) {
        // SAFETY: plain system call; the child has not been waited for, so its id is its own.
        assert_eq!(unsafe { libc::kill(self.pid() as libc::pid_t, signal) }, 0);
    }

    /// Kills it and returns its log.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.lines()
    }

    /// Waits for its end, which must be a success.
    pub fn finish(mut self) -> Vec<String> {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {:?}", self.lines());
        self.lines()
    }

    /// Waits for its end of any kind.
    pub fn end(mut self) -> (ExitStatus, Vec<String>) {
        (self.child.wait().unwrap(), self.lines())
    }

    pub fn await_line(&self, line: &str) {
        let start = Instant::now();
        while !self.lines().iter().any(|it| it == line) {
            assert!(start.elapsed() < Duration::from_secs(30), "no {line}: {:?}", self.lines());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(&self.log).unwrap_or_default().lines().map(Into::into).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
