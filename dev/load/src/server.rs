//! The local network as a process. It is started, killed at any moment, and started again from its state.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use candid::Principal;

/// How long a start may take: it reads and checks the whole folder, and compiles the module.
const START_LIMIT: Duration = Duration::from_secs(300);
/// How long a clean stop may take.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How long a process that closed its connections may take to be gone.
const ENDING_LIMIT: Duration = Duration::from_secs(2);
/// How often it is looked whether it has ended.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// What the line begins with that says that it answers.
const READY: &str = "ready:";

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
    /// When it said that it answers.
    ready: Instant,
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
        format!(
            "there is no program local-network beside {}: scripts/test and scripts/throughput build it",
            this.display()
        )
    })
}

impl Start {
    /// Starts the network and waits until it answers.
    ///
    /// # Errors
    ///
    /// If it ends instead, or takes too long.
    pub fn run(&self) -> io::Result<Server> {
        let mut child = self.spawn()?;
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (first_line, said) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = output.read_line(&mut line).map(|_| line);
            // Who waited may have given up.
            let _ = first_line.send(read);
            // Whatever else it prints must not fill the pipe.
            let _ = io::copy(&mut output, &mut io::sink());
        });
        let line = said.recv_timeout(START_LIMIT).unwrap_or_else(|_| {
            let limit = START_LIMIT.as_secs();
            Err(io::Error::new(io::ErrorKind::TimedOut, format!("the network said nothing within {limit} s")))
        });
        if let Some((url, port, canister)) = line.as_ref().ok().and_then(|line| parsed(line)) {
            return Ok(Server { child, ready: Instant::now(), url, port, canister });
        }
        let _ = child.kill();
        let status = child.wait()?;
        Err(io::Error::other(format!("the network did not start ({status}); it said '{}'", line?.trim())))
    }

    /// Starts the network and kills it after a while. Returns whether it was still starting: it had not said yet that it
    /// answers.
    ///
    /// # Errors
    ///
    /// If there is no process.
    pub fn run_for(&self, time: Duration) -> io::Result<bool> {
        let mut child = self.spawn()?;
        thread::sleep(time);
        child.kill()?;
        let mut said = String::new();
        child.stdout.take().expect("it is piped").read_to_string(&mut said)?;
        // It may have ended by itself, before.
        let killed = child.wait()?.code().is_none();
        if killed { Ok(!said.starts_with(READY)) } else { Err(io::Error::other("the network did not start")) }
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

/// What the first line says, `ready: http://127.0.0.1:PORT canister ID`: the address, its port and the canister.
fn parsed(line: &str) -> Option<(String, u16, Principal)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [READY, url, "canister", canister] = words[..] else { return None };
    let port = url.rsplit_once(':')?.1.parse().ok()?;
    Some((url.to_string(), port, Principal::from_text(canister).ok()?))
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
    /// If it does not end well, or not in time.
    pub fn stop(mut self) -> io::Result<()> {
        let pid = self.child.id().cast_signed();
        // SAFETY: the process is our child and was not waited for, so that the number is still its own.
        if unsafe { libc::kill(pid, libc::SIGTERM) } != 0 {
            return Err(io::Error::last_os_error());
        }
        match self.ended_within(STOP_LIMIT)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(io::Error::other(format!("the network ended with {status}"))),
            None => {
                let limit = STOP_LIMIT.as_secs();
                let message = format!("the network did not end within {limit} s of being told to");
                Err(io::Error::new(io::ErrorKind::TimedOut, message))
            }
        }
    }

    /// Whether it is there, in words, for when a call fails that should not: it may have ended by itself.
    pub fn condition(&mut self) -> String {
        let up = self.ready.elapsed().as_secs_f64();
        let how = match self.ended_within(ENDING_LIMIT) {
            Ok(Some(status)) => format!("has ended by itself with {status}"),
            Ok(None) => "is still there".into(),
            Err(error) => format!("is in a state unknown: {error}"),
        };
        format!("the network, ready {up:.1} s before, {how}")
    }

    fn ended_within(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let begin = Instant::now();
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || begin.elapsed() >= limit {
                return Ok(status);
            }
            thread::sleep(LOOK_INTERVAL);
        }
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
        let stat = fs::read_to_string(folder.join("stat"))?;
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
