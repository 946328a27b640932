//! The local network as a process: tests start it, stop it or kill it at any moment, and start it again from its state.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use candid::Principal;

use crate::artifact::{canister_path, directory_path, root};

/// Maximum time of a start: it reads and checks the whole folder, and compiles the modules.
const START_LIMIT: Duration = Duration::from_secs(300);
/// Maximum time of a clean stop.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// Maximum time from closing its connections to the end of the process.
const ENDING_LIMIT: Duration = Duration::from_secs(2);
/// Interval between two looks whether it has ended.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// The beginning of each line that names a canister. The canister answers from then on.
const READY: &str = "ready: ";
/// The last line of the announcement.
const ANNOUNCED: &str = "Ctrl-C stops it.\n";

/// The options for starting it.
#[derive(Clone, Debug)]
pub struct Start {
    /// The program.
    pub program: PathBuf,
    /// The canisters' modules and further options.
    pub words: Vec<OsString>,
    /// The folder of its state. `None`: the state is not kept.
    pub state: Option<PathBuf>,
    /// The port, or 0 for a free one.
    pub port: u16,
}

/// A running network. Dropping this kills it.
pub struct Process {
    child: Child,
    /// When it announced that it answers.
    ready: Instant,
    announcement: String,
    address: SocketAddr,
    canisters: Vec<Principal>,
}

/// The signals that ask a network to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, as Ctrl-C sends it.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Start {
    /// The options for a network of these modules: on a free port, without keeping its state. The program is found by
    /// [`program`].
    ///
    /// # Errors
    ///
    /// If there is no such program.
    pub fn new<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> io::Result<Self> {
        let program = program("local-network")?;
        Ok(Self { program, words: words.into_iter().map(Into::into).collect(), state: None, port: 0 })
    }

    /// The options of `scripts/serve`, without the page: the built message canister and directory, and the calls that it
    /// prints.
    ///
    /// # Errors
    ///
    /// As [`Start::new`]; if a file of `scripts/lib` cannot be read.
    pub fn of_serve() -> io::Result<Self> {
        let library = root().join("scripts/lib");
        let argument = fs::read_to_string(library.join("directory-argument.txt"))?;
        let argument = format!("directory={}", argument.trim());
        let [module, directory] = [canister_path(), directory_path()].map(OsString::from);
        Self::new([
            module,
            directory,
            "--argument".into(),
            argument.into(),
            "--calls".into(),
            library.join("calls.txt").into(),
        ])
    }

    /// The command that starts the network.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.words).arg("--port").arg(self.port.to_string());
        if let Some(folder) = &self.state {
            command.arg("--state").arg(folder);
        }
        command
    }

    /// Starts the network and waits until it answers.
    ///
    /// # Errors
    ///
    /// If it ends instead, or takes too long.
    pub fn run(&self) -> io::Result<Process> {
        let mut child = self.spawn()?;
        let output = child.stdout.take().expect("it is piped");
        let (sender, announced) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            // The receiver may have given up.
            let _ = sender.send(read_announcement(&mut output));
            // The rest of the output is discarded, so that it cannot fill the pipe.
            let _ = io::copy(&mut output, &mut io::sink());
        });
        let announced = announced.recv_timeout(START_LIMIT).unwrap_or_else(|_| {
            let limit = START_LIMIT.as_secs();
            Err(io::Error::new(io::ErrorKind::TimedOut, format!("the network said nothing within {limit} s")))
        });
        if let Some((address, canisters)) = announced.as_ref().ok().and_then(|text| parsed(text)) {
            return Ok(Process { child, ready: Instant::now(), announcement: announced?, address, canisters });
        }
        let _ = child.kill();
        let status = child.wait()?;
        Err(io::Error::other(format!("the network did not start ({status}); it said '{}'", announced?.trim())))
    }

    /// Starts the network and kills it after `time`. Returns whether it was still starting: it had not yet announced that it
    /// answers.
    ///
    /// # Errors
    ///
    /// If the process cannot be started, or it ended by itself.
    pub fn run_for(&self, time: Duration) -> io::Result<bool> {
        let mut child = self.spawn()?;
        thread::sleep(time);
        child.kill()?;
        let mut said = String::new();
        child.stdout.take().expect("it is piped").read_to_string(&mut said)?;
        match child.wait()?.code() {
            None => Ok(!said.starts_with(READY)),
            Some(code) => Err(io::Error::other(format!("the network ended by itself with exit code {code}"))),
        }
    }

    fn spawn(&self) -> io::Result<Child> {
        self.command().stdin(Stdio::null()).stdout(Stdio::piped()).spawn()
    }
}

/// The path of a program that cargo has built: beside this one, or for a test in the folder above.
///
/// # Errors
///
/// If there is none.
pub fn program(name: &str) -> io::Result<PathBuf> {
    let this = env::current_exe()?;
    let mut programs = this.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    programs.find(|program| program.is_file()).ok_or_else(|| {
        io::Error::other(format!("there is no program {name} beside {}: the scripts build it", this.display()))
    })
}

/// Everything through the announcement's last line. If the network does not start, everything that it printed.
fn read_announcement(output: &mut BufReader<ChildStdout>) -> io::Result<String> {
    let mut text = String::new();
    while !text.ends_with(ANNOUNCED) && output.read_line(&mut text)? > 0 {}
    Ok(text)
}

/// The address and the canisters in the announcement's first lines, `ready: http://ADDRESS canister ID`.
fn parsed(announcement: &str) -> Option<(SocketAddr, Vec<Principal>)> {
    if !announcement.ends_with(ANNOUNCED) {
        return None;
    }
    let lines = announcement.lines().map_while(|line| line.strip_prefix(READY)?.split_once(" canister "));
    let (urls, canisters): (Vec<_>, Vec<_>) = lines.unzip();
    let address = urls.first()?.strip_prefix("http://")?.parse().ok()?;
    let canisters = canisters.into_iter().map(Principal::from_text).collect::<Result<_, _>>().ok()?;
    Some((address, canisters))
}

impl Process {
    /// The text that it printed when it was ready.
    pub fn announcement(&self) -> &str {
        &self.announcement
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The canisters, in the order of their modules on the command line.
    pub fn canisters(&self) -> &[Principal] {
        &self.canisters
    }

    /// The first canister.
    pub fn canister(&self) -> Principal {
        self.canisters[0]
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it by SIGKILL, so it ends at once.
    ///
    /// # Errors
    ///
    /// If the operating system refuses, or it had already ended by itself.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        let status = self.child.wait()?;
        if status.code().is_some() {
            return Err(io::Error::other(format!("the network had ended by itself with {status}")));
        }
        Ok(())
    }

    /// Stops it by SIGTERM: it finishes its work and must exit successfully.
    ///
    /// # Errors
    ///
    /// If it does not exit successfully, or not in time.
    pub fn stop(self) -> io::Result<()> {
        self.stop_by(Signal::Terminate)
    }

    /// Stops it by this signal.
    ///
    /// # Errors
    ///
    /// As [`Process::stop`].
    pub fn stop_by(mut self, signal: Signal) -> io::Result<()> {
        self.send(signal)?;
        match self.ended_within(STOP_LIMIT)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(io::Error::other(format!("the network ended with {status}"))),
            None => {
                let limit = STOP_LIMIT.as_secs();
                let message = format!("the network did not end within {limit} s of {signal:?}");
                Err(io::Error::new(io::ErrorKind::TimedOut, message))
            }
        }
    }

    /// Sends it a signal and does not wait.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    pub fn send(&self, signal: Signal) -> io::Result<()> {
        let number = match signal {
            Signal::Interrupt => libc::SIGINT,
            Signal::Terminate => libc::SIGTERM,
        };
        // SAFETY: `kill` takes two numbers. The process is our child, and a `Process` that still runs was not waited for. So no
        // other process can have its id.
        match unsafe { libc::kill(self.child.id().cast_signed(), number) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Its exit status, if it ends within this time.
    ///
    /// # Errors
    ///
    /// If the operating system does not tell.
    pub fn ended_within(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let begin = Instant::now();
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || begin.elapsed() >= limit {
                return Ok(status);
            }
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Its state in words, to explain a call that failed unexpectedly: the network may have ended by itself.
    pub fn condition(&mut self) -> String {
        let up = self.ready.elapsed().as_secs_f64();
        let how = match self.ended_within(ENDING_LIMIT) {
            Ok(Some(status)) => format!("has ended by itself with {status}"),
            Ok(None) => "still runs".into(),
            Err(error) => format!("is in an unknown state: {error}"),
        };
        format!("the network, ready {up:.1} s before, {how}")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_announcement_is_understood() {
        let whole = "ready: http://127.0.0.1:4943 canister aaaaa-aa\nready: http://127.0.0.1:4943 canister 2vxsx-fae\n\n\
                     one aaaaa-aa module hash: 00\nCtrl-C stops it.\n";
        let (address, canisters) = parsed(whole).expect("it is whole");
        assert_eq!(address.port(), 4943);
        assert_eq!(canisters, [Principal::management_canister(), Principal::anonymous()]);
        for lacking in [
            "",
            whole.trim_end(),
            "one aaaaa-aa module hash: 00\nCtrl-C stops it.\n",
            "ready: http://127.0.0.1:no canister aaaaa-aa\nCtrl-C stops it.\n",
            "ready: http://127.0.0.1:4943 canister none\nCtrl-C stops it.\n",
        ] {
            assert_eq!(parsed(lacking), None, "{lacking}");
        }
    }
}
