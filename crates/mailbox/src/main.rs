//! The command `mailbox`.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod command;

use clap::Parser;
use command::{Arguments, Failure, tell};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(Failure::ERROR) } else { ExitCode::SUCCESS };
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(command::run(arguments)),
        Err(error) => Err(Failure::from(error)),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            if !failure.text.is_empty() {
                tell!("mailbox: {}", failure.text);
            }
            ExitCode::from(failure.code)
        }
    }
}
