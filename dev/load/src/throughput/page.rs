//! The tables of `docs/local-network.md`, and their places between its markers.

use std::fmt::Write as _;
use std::time::Duration;

use super::Row;

/// The table of throughput: rates of network calls as fractions of the engine's, and the server's processor time in engine
/// calls.
pub fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "\
| calls | in memory | `--state` | in memory, agent | `--state`, agent | processor, in memory | processor, `--state` |
|---|--:|--:|--:|--:|--:|--:|
",
    );
    for Row { case, engine, memory: [plain, agent], disk: [disk_plain, disk_agent] } in rows {
        let ratio = |time: Duration| time.as_secs_f64() / engine.as_secs_f64();
        write!(table, "| {} |", case.name).expect("a string takes everything");
        for time in [plain.time, disk_plain.time, agent.time, disk_agent.time] {
            write!(table, " 1/{} |", rounded(ratio(time))).expect("a string takes everything");
        }
        for time in [plain.server, disk_plain.server] {
            write!(table, " {} |", rounded(ratio(time))).expect("a string takes everything");
        }
        table.push('\n');
    }
    table
}

/// The table of bytes that an add writes to disk, by number of stored messages.
pub fn bytes(sizes: &[u64], bytes: &[u64]) -> String {
    let mut table = String::from("| messages stored | KiB written to disk by an add |\n|--:|--:|\n");
    for (size, bytes) in sizes.iter().zip(bytes) {
        writeln!(table, "| {size} | {} |", bytes.div_ceil(1 << 10)).expect("a string takes everything");
    }
    table
}

/// Rounds to two significant digits.
fn rounded(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.1}") } else { format!("{ratio:.0}") }
}

/// Replaces the text between a page's markers `<!-- NAME -->` and `<!-- /NAME -->`.
pub fn replaced(page: &str, name: &str, content: &str) -> Option<String> {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = page.split_once(&open)?;
    let (_, after) = rest.split_once(&close)?;
    Some(format!("{before}{open}{content}{close}{after}"))
}
