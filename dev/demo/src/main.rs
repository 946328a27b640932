//! The demo: two people send each other a folder's files, and every byte is compared. `scripts/demo` builds the programs and
//! runs it.
//!
//! - [`story`]: the acts;
//! - [`files`]: copies of the folder's files;
//! - [`session`]: the people's terminals: commands of `mailbox` and their output;
//! - [`network`]: the network, and the operator who upgrades the canister;
//! - [`replica`]: the node between Bob and the network, which finally lies;
//! - [`receipt`]: compares the received letters with the sent ones;
//! - [`stop`]: the signals that end the demo.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("demo runs on 64-bit Linux only: the network's engine does");

mod error;
mod files;
mod network;
mod progress;
mod receipt;
mod replica;
mod session;
mod stop;
mod story;
mod words;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use error::Error;
use stop::Stop;

const HELP: &str = "\
usage: demo FOLDER

Starts a network with the built canisters. Alice sends Bob every file of FOLDER with the command mailbox. Meanwhile the
canister is upgraded. Every byte that Bob receives is compared. Then a node lies, and mailbox catches it. FOLDER may also be
a single file. Symbolic links inside it are not followed. At its end the demo removes everything that it wrote.

exit code: 0 every file arrived; 1 a step failed; 2 the usage is wrong, or there is nothing to send; 3 every file that was
sent arrived, but a file or folder was not sent; 130 or 143 a signal ended the demo";

/// The exit code if a file or folder was not sent.
const MISSED: u8 = 3;
/// Maximum delay until this process sees a signal that has ended a child.
const SIGNAL_DELAY: Duration = Duration::from_millis(300);

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let result = match arguments.as_slice() {
        [folder] => run(Path::new(folder)),
        other => Err(Error::Usage(format!("one folder, not {}", other.len()))),
    };
    result.unwrap_or_else(|error| {
        eprintln!("demo: {error}");
        error.exit_code()
    })
}

fn run(folder: &Path) -> Result<ExitCode, Error> {
    let stop = Stop::at_signals()?;
    let missed = story::tell(folder, &stop).or_else(|error| {
        // Ctrl-C also reaches the commands and the network, which then fail.
        stop.wait(SIGNAL_DELAY)?;
        Err(error)
    })?;
    if missed > 0 {
        eprintln!("demo: {} not sent", words::counted(missed, "file or folder was", "files and folders were"));
        return Ok(ExitCode::from(MISSED));
    }
    Ok(ExitCode::SUCCESS)
}
