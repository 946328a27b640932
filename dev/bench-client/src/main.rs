//! The benchmark of the client's crates and of the verifier. `scripts/bench-client` builds and runs it.
//!
//! Times depend on the machine's speed and load, so most figures are counts or ratios of two times from one run. The exceptions
//! are times that a user waits. The record contains the figures and the limits that they must meet. `--check` compares the
//! record with the limits and with the page. It measures nothing.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "bench-client runs on Linux only: it measures how processes share a crypto store's locks on that system"
);

mod beside;
mod crypto_store_rows;
mod key_cache_rows;
mod mailbox_rows;
mod record;
mod verifier_rows;

use record::Row;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: bench-client key-cache|crypto-store|verifier|mailbox RECORD PAGE [--check | --write]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["worker", kind, number, home] => {
            crypto_store_rows::work(kind, number, Path::new(home));
            Ok(true)
        }
        ["verifier-worker", kind, folder] => {
            verifier_rows::work(kind, Path::new(folder));
            Ok(true)
        }
        [of, _, _] => measure(of).map(|rows| report(&rows)),
        [of, record, page, "--write"] => write(of, Path::new(record), Path::new(page)),
        [_, record, page, "--check"] => check(Path::new(record), Path::new(page)),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("bench-client: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure(of: &str) -> Result<Vec<Row>, String> {
    match of {
        "key-cache" => Ok(key_cache_rows::measure()),
        "crypto-store" => Ok(crypto_store_rows::measure()),
        "mailbox" => Ok(mailbox_rows::measure()),
        "verifier" => Ok(verifier_rows::measure()),
        _ => Err(USAGE.into()),
    }
}

/// Prints the rows. Returns false if a row misses its limit.
fn report(rows: &[Row]) -> bool {
    rows.iter().for_each(|row| println!("{}", row.to_line()));
    let missed: Vec<_> = rows.iter().filter(|row| !row.meets_its_limit()).collect();
    missed.iter().for_each(|row| println!("misses its limit: {}", row.name));
    missed.is_empty()
}

fn write(of: &str, record: &Path, page: &Path) -> Result<bool, String> {
    let rows = measure(of)?;
    let text = read(page)?;
    save(record, &record::to_text(&rows))?;
    save(page, &record::with_table(&text, &rows)?)?;
    Ok(report(&rows))
}

fn check(record: &Path, page: &Path) -> Result<bool, String> {
    let rows = record::from_text(&read(record)?)?;
    let text = read(page)?;
    let same = record::with_table(&text, &rows)? == text;
    if !same {
        println!("the table of {} differs from the record: run scripts/bench-client --write", page.display());
    }
    Ok(report(&rows) && same)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
