//! The command `verifier`.
#![forbid(unsafe_code)]

mod command;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match command::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(command::ERROR) } else { ExitCode::SUCCESS };
        }
    };
    match command::run(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(why) => {
            eprintln!("verifier: {why}");
            ExitCode::from(command::ERROR)
        }
    }
}
