//! The benchmark: the cost of every call, measured on the release Wasm and compared with a record.
//!
//! `scripts/bench` builds what it needs and runs it. The figures are instructions by the platform's weights, so they
//! repeat exactly and hold on every machine.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("bench runs on 64-bit Linux only: its engine does");

mod attack;
mod directory;
mod inbox;
mod page;
mod plot;
mod results;
mod retention;
mod rows;

use results::{Figures, differences, from_text, to_text};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use test_support::grouped;

const USAGE: &str = "usage: bench WASM DIRECTORY RECORD PAGE [--fast | --full] [--check | --write], or with --page";
/// Messages stored when the figures are taken.
const SIZES: [u64; 4] = [1_000, 100_000, 1_000_000, 10_000_000];
/// Numbers of keys. A store has at least one message of each.
const KEYS: [u64; 3] = [1, 1_000, 1_000_000];

struct Options {
    wasm: PathBuf,
    /// The directory's module.
    directory: PathBuf,
    record: PathBuf,
    page: PathBuf,
    sizes: &'static [u64],
    mode: Mode,
}

enum Mode {
    /// Print the figures.
    Show,
    /// Print them, and fail where they differ from the record, or the page's tables do.
    Check,
    /// Print them, and record them.
    Write,
    /// Make the page's tables from the record, and measure nothing.
    Page,
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1).collect()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn options(arguments: Vec<String>) -> Option<Options> {
    let (flags, paths): (Vec<_>, Vec<_>) = arguments.into_iter().partition(|argument| argument.starts_with("--"));
    let [wasm, directory, record, page] = <[String; 4]>::try_from(paths).ok()?.map(PathBuf::from);
    let (mut sizes, mut mode) = (None, None);
    for flag in flags {
        let again = match flag.as_str() {
            "--fast" => sizes.replace(&SIZES[..2]).is_some(),
            "--full" => sizes.replace(&SIZES[..]).is_some(),
            "--check" => mode.replace(Mode::Check).is_some(),
            "--write" => mode.replace(Mode::Write).is_some(),
            "--page" => mode.replace(Mode::Page).is_some(),
            _ => return None,
        };
        if again {
            return None;
        }
    }
    if sizes.is_some() && matches!(mode, Some(Mode::Page)) {
        return None;
    }
    Some(Options {
        wasm,
        directory,
        record,
        page,
        sizes: sizes.unwrap_or(&SIZES[..3]),
        mode: mode.unwrap_or(Mode::Show),
    })
}

/// Measures, prints, and then compares or records, as the options say. False: the figures differ from the record.
fn run(options: &Options) -> Result<bool, String> {
    if let Mode::Page = options.mode {
        return write_page(options, &from_text(&text(&options.record)?)?).map(|()| true);
    }
    let wasm = read(&options.wasm)?;
    let figures = measure(&wasm, &read(&options.directory)?, options.sizes);
    for (row, figure) in &figures {
        println!("{row}: {}", grouped(*figure));
    }
    match options.mode {
        Mode::Show => Ok(true),
        Mode::Check => check(options, &figures),
        Mode::Write => write(options, &wasm, figures).map(|()| true),
        Mode::Page => unreachable!("measures nothing"),
    }
}

fn measure(wasm: &[u8], directory: &[u8], sizes: &[u64]) -> Figures {
    let mut figures = Figures::new();
    let progress = |what: &str| eprintln!("bench: {what}");
    rows::refusals(wasm, &mut figures);
    rows::parts_of_an_add(wasm, &mut figures);
    attack::measure(wasm, &mut figures);
    for keys in KEYS {
        let sizes: Vec<_> = sizes.iter().copied().filter(|size| *size >= keys).collect();
        rows::measure(wasm, keys, &sizes, &mut figures, &progress);
    }
    retention::measure(wasm, sizes, &mut figures, &progress);
    self::directory::measure(directory, sizes, &mut figures, &progress);
    figures
}

fn check(options: &Options, figures: &Figures) -> Result<bool, String> {
    let record = from_text(&text(&options.record)?)?;
    let beyond: Vec<_> = SIZES.iter().filter(|size| !options.sizes.contains(size)).collect();
    let reached = |row: &str| !beyond.iter().any(|&&size| row.ends_with(&format!(" {} stored", grouped(size))));
    let differences = differences(&record, figures, reached);
    let page = text(&options.page)?;
    let same_tables = page::with_tables(&page, &record, &SIZES)? == page;
    if differences.is_empty() {
        println!("\nbench: {} figures are as recorded", figures.len());
    } else {
        println!("\nbench: {} figures differ from the record by more than 1 %:", differences.len());
        for line in &differences {
            println!("  {line}");
        }
        println!("If that is meant, record them: scripts/bench --write, and --full where 10 M are concerned");
    }
    if !same_tables {
        println!("bench: the tables of {} are not the record's: scripts/bench --page", options.page.display());
    }
    Ok(differences.is_empty() && same_tables)
}

/// Records the figures. Rows of larger stores than this run's stay as they were recorded.
fn write(options: &Options, wasm: &[u8], figures: Figures) -> Result<(), String> {
    let mut record = if options.record.exists() { from_text(&text(&options.record)?)? } else { Figures::new() };
    let beyond: Vec<_> = SIZES.iter().filter(|size| !options.sizes.contains(size)).collect();
    record.retain(|row, _| beyond.iter().any(|&&size| row.ends_with(&format!(" {} stored", grouped(size)))));
    record.extend(figures);
    save(&options.record, &to_text(&record))?;
    write_page(options, &record)?;
    let plot = options.page.with_file_name("images").join("turnover.svg");
    std::fs::create_dir_all(plot.with_file_name("")).map_err(|error| format!("{}: {error}", plot.display()))?;
    save(&plot, &turnover(wasm))
}

/// Makes the page's tables from a record.
fn write_page(options: &Options, record: &Figures) -> Result<(), String> {
    save(&options.page, &page::with_tables(&text(&options.page)?, record, &SIZES)?)
}

/// The plot of memory while a store is turned over three times.
fn turnover(wasm: &[u8]) -> String {
    const KEPT: u32 = 200_000;
    let points = retention::turnover(wasm, KEPT, 4, 400);
    let axis: Vec<u64> = points.iter().map(|point| point.0).collect();
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let title = format!("Memory under max_messages = {}", grouped(u64::from(KEPT)));
    let heap = points.iter().map(|point| mebibytes(point.1)).collect();
    let stable = points.iter().map(|point| mebibytes(point.2)).collect();
    plot::draw(
        &title,
        &axis,
        "MiB",
        &[
            plot::Curve { name: "stable memory", colour: "#1f6feb", values: stable },
            plot::Curve { name: "heap", colour: "#c2410c", values: heap },
        ],
    )
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<usize> {
        options(line.split(' ').map(String::from).collect()).map(|options| options.sizes.len())
    }

    #[test]
    fn the_command_line_is_four_paths_and_known_flags() {
        assert_eq!(parsed("wasm directory record page"), Some(3));
        assert_eq!(parsed("wasm --fast directory record page --check"), Some(2));
        assert_eq!(parsed("--full --write wasm directory record page"), Some(4));
        assert_eq!(parsed("wasm directory record page --page"), Some(3));
        for line in [
            "wasm directory record",
            "wasm directory record page more",
            "wasm directory record page --slow",
            "wasm directory record page --fast --full",
            "wasm directory record page --check --write",
            "wasm directory record page --page --fast",
        ] {
            assert_eq!(parsed(line), None, "{line}");
        }
    }

    #[test]
    fn a_missing_record_is_no_agreement() {
        let missing = PathBuf::from("no-such-file");
        let options = Options {
            wasm: missing.clone(),
            directory: missing.clone(),
            record: missing.clone(),
            page: missing,
            sizes: &SIZES[..1],
            mode: Mode::Check,
        };
        assert!(check(&options, &Figures::new()).unwrap_err().starts_with("no-such-file: "));
    }
}
