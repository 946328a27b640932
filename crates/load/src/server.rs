//! The local network as a process: started, killed at any moment, started again where it was.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use candid::Principal;

/// How to start it.
#[derive(Clone, Debug)]
pub struct Start {
    /// The program.
    pub program: PathBuf,
    /// The canister's module.
    pub module: PathBuf,
    /// Where the state is kept, if it is.
    pub state: Option<PathBuf>,
    /// The port, or 0 for a free one.
    pub port: u16,
}

/// A running network. It is killed when this is dropped.
pub struct Server {
    child: Child,
    /// Where it answers.
    pub url: String,
    /// Its port.
    pub port: u16,
    /// The canister.
    pub canister: Principal,
}

/// Where cargo put the program `local-network`: beside this one, or in the folder above where this is a test.
///
/// # Errors
///
/// If it is not there.
pub fn program() -> Result<PathBuf, String> {
    let this = env::current_exe().map_err(|error| format!("this program's own path: {error}"))?;
    let mut folders = this.ancestors().skip(1).take(2);
    let found = folders.find_map(|folder| Some(folder.join("local-network")).filter(|program| program.is_file()));
    found.ok_or_else(|| {
        format!("there is no program local-network beside {}: scripts/test and scripts/load build it", this.display())
    })
}

impl Start {
    /// Starts the network and waits until it answers.
    ///
    /// # Errors
    ///
    /// If it ends instead.
    pub fn run(&self) -> io::Result<Server> {
        let mut child = self.spawn()?;
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        output.read_line(&mut line)?;
        // "ready: http://127.0.0.1:PORT canister ID"
        let words: Vec<&str> = line.split_whitespace().collect();
        let parsed = match words[..] {
            ["ready:", url, "canister", canister] => url
                .rsplit_once(':')
                .and_then(|(_, port)| port.parse().ok())
                .zip(Principal::from_text(canister).ok())
                .map(|(port, canister)| (url.to_string(), port, canister)),
            _ => None,
        };
        let Some((url, port, canister)) = parsed else {
            let _ = child.kill();
            let status = child.wait()?;
            return Err(io::Error::other(format!("the network did not start ({status}); it said '{}'", line.trim())));
        };
        // Whatever else it prints must not fill the pipe.
        thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        Ok(Server { child, url, port, canister })
    }

    /// Starts the network and kills it after a while, ready or not.
    ///
    /// # Errors
    ///
    /// If there is no process.
    pub fn run_for(&self, time: Duration) -> io::Result<()> {
        let mut child = self.spawn()?;
        thread::sleep(time);
        child.kill()?;
        child.wait().map(drop)
    }

    fn spawn(&self) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.arg(&self.module).arg("--port").arg(self.port.to_string());
        if let Some(folder) = &self.state {
            command.arg("--state").arg(folder);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()
    }
}

impl Server {
    /// SIGKILL: it ends at once, wherever it is.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// SIGTERM: it finishes what it is doing, and ends well.
    ///
    /// # Errors
    ///
    /// If it does not end well.
    pub fn stop(mut self) -> io::Result<()> {
        let pid = self.child.id().cast_signed();
        // SAFETY: the process is our child and was not waited for, so that the number is still its own.
        if unsafe { libc::kill(pid, libc::SIGTERM) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("the network ended with {status}"))) }
    }

    /// What the operating system counts of it so far.
    ///
    /// # Errors
    ///
    /// If it does not tell.
    pub fn usage(&self) -> io::Result<Usage> {
        let folder = Path::new("/proc").join(self.child.id().to_string());
        let io = fs::read_to_string(folder.join("io"))?;
        let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok());
        let mut stat = String::new();
        fs::File::open(folder.join("stat"))?.read_to_string(&mut stat)?;
        // Behind the name in brackets, the 12th and 13th field: ticks in user and in system mode.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let ticks: Vec<u64> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        // SAFETY: it takes a number and gives one.
        let ticks_per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
        match (written, &ticks[..]) {
            (Some(written_bytes), [user, system]) if ticks_per_second > 0 => Ok(Usage {
                written_bytes,
                cpu: Duration::from_secs_f64((user + system) as f64 / ticks_per_second as f64),
            }),
            _ => Err(io::Error::other(format!("{}: not as expected", folder.display()))),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process has used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Bytes that it had the operating system write to disk.
    pub written_bytes: u64,
    /// Processor time, user's and system's.
    pub cpu: Duration,
}
