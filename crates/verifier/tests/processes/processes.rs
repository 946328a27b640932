//! Verifiers as processes.

use crate::forged::SECRET;
use crate::network::{Network, name};
use directory_core::vrf::SecretKey;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use test_support::artifact::directory_wasm;

/// Maximum time that a verifier may take for anything, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A verifier's place: configuration, key and folder.
pub struct Place {
    folder: TempDir,
    number: u8,
}

/// A process, until it is dropped, and the file of its log.
pub struct Process(Child, PathBuf);

impl Place {
    pub fn new(network: &Network, number: u8) -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let root_key = hex::encode(network.agent.read_root_key());
        let vrf_key = SecretKey::new(&SECRET).public();
        let configuration = hex::encode(network.configuration.hash(vrf_key.bytes()));
        let vrf_key = hex::encode(vrf_key.bytes());
        let module = hex::encode(Sha256::digest(directory_wasm()));
        let text = format!(
            "network = \"{}\"\nroot_key = \"{root_key}\"\ncanister = \"{}\"\nvrf_key = \"{vrf_key}\"\n\
             configuration = \"{configuration}\"\nmodules = [\"{module}\"]\nname = \"{}\"\nkey = \"key\"\n\
             folder = \"state\"\npause_ms = 100\n",
            network.url(),
            network.canister,
            name(number),
        );
        std::fs::write(folder.path().join("verifier.toml"), text).unwrap();
        let mut file = std::fs::OpenOptions::new();
        let mut file = file.write(true).create_new(true).mode(0o600).open(folder.path().join("key")).unwrap();
        std::io::Write::write_all(&mut file, hex::encode([number; 32]).as_bytes()).unwrap();
        Self { folder, number }
    }

    pub fn number(&self) -> u8 {
        self.number
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("verifier.toml")
    }

    pub fn set_key_mode(&self, mode: u32) {
        std::fs::set_permissions(self.path("key"), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn append_config(&self, line: &str) {
        let text = std::fs::read_to_string(self.config()).unwrap();
        std::fs::write(self.config(), text + line).unwrap();
    }

    pub fn run(&self) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_verifier"));
        let command = command.arg("run").arg("--config").arg(self.config());
        let log = self.path("log");
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log).unwrap());
        Process(command.spawn().unwrap(), log)
    }

    pub fn status(&self) -> Output {
        verifier(&["status", "--config", self.config().to_str().unwrap()])
    }
}

/// Runs the command to its end.
pub fn verifier(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_verifier")).args(arguments).output().unwrap()
}

/// The output of `verifier check` for a file, and its exit code.
pub fn check(file: &Path, config: &Path) -> (String, i32) {
    let [file, config] = [file, config].map(|path| path.to_str().unwrap());
    let output = verifier(&["check", file, "--config", config]);
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

impl Process {
    /// Waits until it ends. Returns its exit code and its log.
    pub fn ended(mut self) -> (i32, String) {
        eventually("the verifier ends", || self.0.try_wait().unwrap().is_some());
        let log = std::fs::read_to_string(&self.1).unwrap();
        (self.0.wait().unwrap().code().unwrap_or(-1), log)
    }

    /// Waits until it serves its figures. The address is that of its log.
    pub fn address(&self) -> SocketAddr {
        let mut address = None;
        eventually("it serves its figures", || {
            let log = std::fs::read_to_string(&self.1).unwrap();
            let told = log.split_once("serves /metrics and /healthz address=");
            address = told.and_then(|(_, rest)| rest.split_once('\n')?.0.parse().ok());
            address.is_some()
        });
        address.unwrap()
    }

    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let sent = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Sends SIGKILL, and waits.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until something holds.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
