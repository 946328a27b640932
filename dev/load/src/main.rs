//! `load MODULE soak | throughput`: many clients at once on the local network.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use load::soak;
use load::throughput::{self, page};

const USAGE: &str = "\
usage: load MODULE soak --directory MODULE --folder FOLDER [--operations N] [--kills N] [--seed N]
       load MODULE throughput --folder FOLDER [--write PAGE]

MODULE is that of the message canister, or of the directory. FOLDER is made for the states of the networks, and must not
be there.";

/// Numbers of stored messages at which the bytes written by an add are measured.
const SIZES: [u64; 3] = [1_000, 10_000, 100_000];

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
    let command = words.next().ok_or(USAGE)?;
    let (mut options, mut folder, mut write, mut directory) = (soak::Options::scaled(1, 1), None, None, None);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} takes a value\n{USAGE}"))?;
        let number = || value.parse().map_err(|_| format!("{word} takes a number, not '{value}'"));
        match word.as_str() {
            "--operations" => options.operations = number()?,
            "--kills" => options.kills = number()?,
            "--seed" => options.seed = number()?,
            "--directory" => directory = Some(PathBuf::from(value)),
            "--folder" => folder = Some(PathBuf::from(value)),
            "--write" => write = Some(PathBuf::from(value)),
            _ => return Err(format!("unexpected '{word}'\n{USAGE}")),
        }
    }
    let folder = folder.ok_or(USAGE)?;
    fs::create_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    match command.as_str() {
        "soak" => soak(&soak::Modules { messages: module, directory: directory.ok_or(USAGE)? }, &folder, &options),
        "throughput" => throughput(module, folder, write),
        _ => Err(USAGE.into()),
    }
}

fn soak(modules: &soak::Modules, folder: &Path, options: &soak::Options) -> Result<(), String> {
    let report = soak::run(modules, folder, options).map_err(|violation| violation.to_string())?;
    print!("{report}");
    Ok(())
}

fn throughput(module: PathBuf, folder: PathBuf, write: Option<PathBuf>) -> Result<(), String> {
    let rows = throughput::measure(&module, &folder, &|what| eprintln!("load: {what}"))?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    eprintln!("load: bytes written");
    let bytes = runtime.block_on(throughput::disk::measure(&module, &folder.join("disk"), &SIZES))?;
    let (table, bytes) = (page::table(&rows), page::bytes(&SIZES, &bytes));
    println!("{table}\n{bytes}");
    let Some(path) = write else { return Ok(()) };
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
    for (name, content) in [("throughput", table), ("written", bytes)] {
        text = page::replaced(&text, name, &content).ok_or_else(|| failed(&format!("has no place for {name}")))?;
    }
    fs::write(&path, text).map_err(|error| failed(&error))
}
