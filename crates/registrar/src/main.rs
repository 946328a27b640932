//! The command `registrar`.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod command;
mod enter;
mod sign;

use clap::Parser;
use std::process::ExitCode;

/// The exit code of an error or refusal. The message has the cause.
const ERROR: u8 = 1;

fn main() -> ExitCode {
    let arguments = match command::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(ERROR) } else { ExitCode::SUCCESS };
        }
    };
    match command::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("registrar: {why}");
            ExitCode::from(ERROR)
        }
    }
}
