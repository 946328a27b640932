//! `load soak [--operations N] [--kills N] [--seed N] --state FOLDER`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use load::server::{Start, program};
use load::soak;

const USAGE: &str = "usage: load MODULE soak --state FOLDER [--operations N] [--kills N] [--seed N]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("load: {message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let mut words = env::args().skip(1);
    let module = PathBuf::from(words.next().ok_or(USAGE)?);
    match words.next().as_deref() {
        Some("soak") => soak(module, words),
        _ => Err(USAGE.into()),
    }
}

fn soak(module: PathBuf, mut words: impl Iterator<Item = String>) -> Result<(), String> {
    let mut options = soak::Options::scaled(1, 1);
    let mut state = None;
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} takes a value; {USAGE}"))?;
        let number = || value.parse().map_err(|_| format!("{word} takes a number, not '{value}'"));
        match word.as_str() {
            "--operations" => options.operations = number()?,
            "--kills" => options.kills = number()?,
            "--seed" => options.seed = number()?,
            "--state" => state = Some(PathBuf::from(value)),
            _ => return Err(format!("unexpected '{word}'; {USAGE}")),
        }
    }
    let state = state.ok_or(USAGE)?;
    if fs::exists(&state).map_err(|error| error.to_string())? {
        return Err(format!("{}: the soak needs a folder that is not there yet", state.display()));
    }
    let start = Start { program: program()?, module, state: Some(state), port: 0 };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let report = runtime.block_on(soak::run(start, &options)).map_err(|violation| violation.to_string())?;
    print!("{report}");
    Ok(())
}
