//! The parts of the command. Each part translates between the command line and the library.

mod check;
mod new_key;
mod run;
mod server;
mod status;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// Done.
pub const DONE: u8 = 0;
/// An error. The message has the cause.
pub const ERROR: u8 = 1;
/// The verifier has halted for good.
pub const HALTED: u8 = 3;
/// The file does not prove a lie, or none about the directory of the configuration.
pub const UNPROVEN: u8 = 4;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  an error; the message says why
  3  the verifier has halted for good: it signs nothing any more
  4  check: the file proves no lie, or none about the directory of --config";

/// Watches a key directory: replays every update, and cosigns only logs that follow the rules.
#[derive(Parser)]
#[command(name = "verifier", version, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Follow the directory until a signal, or until the directory lies
    Run {
        /// The configuration file (docs/verifier.md)
        #[arg(long, value_name = "FILE", default_value = "verifier.toml")]
        config: PathBuf,
    },
    /// Check evidence without a network
    Check {
        /// The evidence file
        evidence: PathBuf,
        /// Compare the directory's keys with those in this configuration file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Print the progress of the verifier, whether or not it runs
    Status {
        /// The configuration file
        #[arg(long, value_name = "FILE", default_value = "verifier.toml")]
        config: PathBuf,
    },
    /// Write a new secret key into a new file, and print the public key
    NewKey {
        /// The file
        file: PathBuf,
    },
}

/// The clock, in nanoseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// Runs the command and returns its exit code.
pub fn run(arguments: Arguments) -> Result<u8, Box<dyn Error>> {
    match arguments.command {
        Command::Run { config } => run::run(&config),
        Command::Check { evidence, config } => check::run(&evidence, config.as_deref()),
        Command::Status { config } => status::run(&config),
        Command::NewKey { file } => new_key::run(&file),
    }
}
