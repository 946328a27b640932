//! A verifier's folder on the build's disk, and its process.

use super::authors::{configuration, name};
use super::network::Network;
use crate::beside::{folder, program};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Maximum wait.
const PATIENCE: Duration = Duration::from_secs(120);
/// Linux counts a process's time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// A folder with a verifier's configuration, key and state.
pub struct Place(TempDir);

/// A verifier's process. Dropping this kills it.
pub struct Process(Child);

impl Place {
    pub fn new(network: &Network, seed: u8) -> Self {
        let folder = folder();
        let [root_key, vrf_key] = [network.root_key(), network.vrf_key().to_vec()].map(hex::encode);
        let configuration = hex::encode(configuration().hash(&network.vrf_key()));
        let text = format!(
            "network = \"{}\"\nroot_key = \"{root_key}\"\ncanister = \"{}\"\nvrf_key = \"{vrf_key}\"\n\
             configuration = \"{configuration}\"\nmodules = [\"{}\"]\nname = \"{}\"\nkey = \"key\"\nfolder = \"state\"\n",
            network.url(),
            network.canister(),
            hex::encode(network.module()),
            name(seed),
        );
        std::fs::write(folder.path().join("verifier.toml"), text).expect("a file can be written");
        let key = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.path().join("key"));
        let written = key.expect("a file can be made").write_all(hex::encode([seed; 32]).as_bytes());
        written.expect("a file can be written");
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn run(&self) -> Process {
        let log = File::create(self.path("log")).expect("a file can be made");
        let mut command = Command::new(program("verifier"));
        command.arg("run").arg("--config").arg(self.path("verifier.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Process(command.spawn().expect("scripts/bench-client builds the verifier beside this program"))
    }

    pub fn has_signed(&self) -> bool {
        self.path("state/signed").exists()
    }
}

impl Process {
    /// The processor time that it has used.
    pub fn used(&self) -> Duration {
        used(&self.0.id().to_string())
    }

    /// Its peak memory in bytes.
    pub fn peak(&self) -> u64 {
        peak(&self.0.id().to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The processor time that a process has used. `process` is its id, or `self`.
pub fn used(process: &str) -> Duration {
    let stat = read(process, "stat");
    // The name, in brackets, may contain spaces. Fields 14 and 15 are ticks in user and in system mode.
    let fields = stat.rsplit_once(')').map(|(_, behind)| behind.split_whitespace());
    let ticks: Vec<u32> =
        fields.into_iter().flatten().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    assert_eq!(ticks.len(), 2, "{stat}");
    TICK * ticks.iter().sum::<u32>()
}

/// The peak memory of a process in bytes. `process` is its id, or `self`.
pub fn peak(process: &str) -> u64 {
    let status = read(process, "status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.parse::<u64>().ok());
    kilobytes.expect("Linux reports the peak memory of a process") * 1024
}

fn read(process: &str, file: &str) -> String {
    std::fs::read_to_string(Path::new("/proc").join(process).join(file)).expect("the process is there")
}

/// Waits until `holds` returns true.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(TICK);
    }
}
