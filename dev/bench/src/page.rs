//! The tables of `docs/performance.md`, put between its markers.

use crate::KEYS;
use crate::directory;
use crate::results::Figures;
use crate::rows::{PARTS_OF_AN_ADD, named_keys};
use std::fmt::Write as _;
use test_support::grouped;

/// The rows of the table of calls, by the first part of their names.
const CALLS: [&str; 50] = [
    "add_message",
    "dearest add so far",
    "add_messages of 1,000, each",
    "add_messages of 1,000 duplicates, each",
    "add_message, 100 KiB",
    "add_message, duplicate",
    "acknowledge 1 message",
    "acknowledge 999 messages",
    "acknowledge, nothing new",
    "get_message_by_id",
    "get_message_by_hash",
    "get_message_by_hash, absent",
    "range of 100, ascending",
    "range of 100, descending",
    "key of 100, ascending",
    "key of 100, ascending, with proof",
    "key of 100, descending",
    "key of 100, descending, with proof",
    "a stored key of 100, from its beginning",
    "a stored key of 100, from its beginning, with proof",
    "a stored key of 100, from a time",
    "a stored key of 100, from a time, with proof",
    "time of 100, ascending",
    "time of 100, descending",
    "get_key_heads of 100",
    "has_messages of 100",
    "get_status",
    "check, the first slice",
    "install",
    "upgrade, a message",
    "heap, bytes a message",
    "stable memory, bytes a message",
    "refused: empty key id",
    "refused: key id of 65 bytes",
    "refused: empty ciphertext",
    "refused: ciphertext of 2,000,001 bytes",
    "refused: bytes that are no candid",
    "refused: candid cut short",
    "refused: candid with a byte behind it",
    "refused: candid of other types",
    "refused: candid without a type table",
    "refused: a million arguments of null",
    "refused: acknowledgement of another's principal",
    "refused: acknowledgement of a key that nobody owns",
    "refused: claim of another's principal",
    "refused: setting of another's key",
    "refused: add to a key that is full",
    "refused: add by no member",
    "refused: budget used up",
    "refused: rate used up",
];

/// Fees of a 13-node subnet, in cycles.
const UPDATE: u64 = 5_000_000;
const INGRESS: u64 = 1_200_000;
const INGRESS_BYTE: u64 = 2_000;
/// Bytes of a signed envelope beside its argument.
const ENVELOPE: u64 = 290;
/// Bytes of one message in an argument: lengths, key id, ciphertext.
const MESSAGE: u64 = 224;

/// Replaces what stands between a page's markers `<!-- NAME -->` and `<!-- /NAME -->`.
fn replaced(page: &str, name: &str, content: &str) -> Option<String> {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let start = page.find(&open)? + open.len();
    let end = start + page[start..].find(&close)?;
    Some(format!("{}\n{content}{}", &page[..start], &page[end..]))
}

/// The page with its tables made from a record. The error names the missing part.
pub fn with_tables(page: &str, record: &Figures, sizes: &[u64]) -> Result<String, String> {
    let mut page = page.to_string();
    for (name, table) in [
        ("calls", calls(record, sizes)),
        ("retention", retention(record, sizes)),
        ("parts", parts(record)?),
        ("directory", directory(record)),
        ("cycles", cycles(record)),
    ] {
        page = replaced(&page, name, &table).ok_or_else(|| format!("the page has no place for {name}"))?;
    }
    Ok(page)
}

/// The instructions of the calls, a line for each call: by the size of the store and the number of its keys.
fn calls(figures: &Figures, sizes: &[u64]) -> String {
    let mut table = String::from("| call |");
    for &size in sizes {
        write!(table, " {} stored |", grouped(size)).expect("a string takes everything");
    }
    writeln!(table, "\n|---|{}", "--:|".repeat(sizes.len())).expect("a string takes everything");
    for name in CALLS {
        write!(table, "| {name} |").expect("a string takes everything");
        for &size in sizes {
            let cells: Vec<_> = match figures.get(name) {
                // A figure that does not depend on the size of the store stands in the first column.
                Some(&figure) if size == sizes[0] => vec![grouped(figure)],
                Some(_) => Vec::new(),
                None => KEYS
                    .iter()
                    .filter_map(|&keys| {
                        figures.get(&format!("{name} | {} | {} stored", named_keys(keys), grouped(size)))
                    })
                    .map(|&figure| grouped(figure))
                    .collect(),
            };
            write!(table, " {} |", cells.join(" / ")).expect("a string takes everything");
        }
        table.push('\n');
    }
    table
}

/// The instructions of the directory's calls, by the number of its labels.
fn directory(figures: &Figures) -> String {
    let mut table = String::from("| call |");
    for size in directory::SIZES {
        write!(table, " {} labels |", grouped(size)).expect("a string takes everything");
    }
    writeln!(table, "\n|---|{}", "--:|".repeat(directory::SIZES.len())).expect("a string takes everything");
    for name in directory::ROWS {
        write!(table, "| {name} |").expect("a string takes everything");
        for size in directory::SIZES {
            let figure = figures.get(&format!("directory: {name} | {} stored", grouped(size)));
            let cell = figure.map(|&figure| grouped(figure)).unwrap_or_default();
            write!(table, " {cell} |").expect("a string takes everything");
        }
        table.push('\n');
    }
    table
}

/// The instructions of calls to a store with limits.
fn retention(figures: &Figures, sizes: &[u64]) -> String {
    let mut table = String::from("| call |");
    for &size in sizes {
        write!(table, " {} stored |", grouped(size)).expect("a string takes everything");
    }
    write!(table, "\n|---|{}\n", "--:|".repeat(sizes.len())).expect("a string takes everything");
    let ending = format!(" | 1,000 keys | {} stored", grouped(sizes[0]));
    for name in figures.keys().filter_map(|row| row.strip_prefix("retention: ")?.strip_suffix(&ending)) {
        write!(table, "| {name} |").expect("a string takes everything");
        for &size in sizes {
            let row = format!("retention: {name} | 1,000 keys | {} stored", grouped(size));
            let cell = figures.get(&row).map(|&figure| grouped(figure)).unwrap_or_default();
            write!(table, " {cell} |").expect("a string takes everything");
        }
        table.push('\n');
    }
    table
}

/// Where the instructions of one add go.
fn parts(figures: &Figures) -> Result<String, String> {
    let mut table = String::from("| of one add | instructions |\n|---|--:|\n");
    for part in PARTS_OF_AN_ADD {
        let row = format!("part of an add: {part}");
        let figure = figures.get(&row).ok_or_else(|| format!("the record has no row {row}"))?;
        writeln!(table, "| {part} | {} |", grouped(*figure)).expect("a string takes everything");
    }
    Ok(table)
}

/// The cost of a million messages in cycles, singly and in batches, and the part of it that no code can avoid. Rows of
/// stores that were not measured are left out.
fn cycles(figures: &Figures) -> String {
    let mut table =
        String::from("| a million messages | billion cycles | of it unavoidable | US$ |\n|---|--:|--:|--:|\n");
    let (add, in_batch) = ("add_message", "add_messages of 1,000, each");
    for (name, batch, row, keys, size) in [
        ("one by one", 1_u64, add, 1_000, 100_000_u64),
        ("one by one, to a million keys", 1, add, 1_000_000, 1_000_000),
        ("in batches of 100", 100, in_batch, 1_000, 100_000),
        ("in batches of 1,000, to one key", 1_000, in_batch, 1, 1_000_000),
        ("in batches of 1,000", 1_000, in_batch, 1_000, 100_000),
        ("in batches of 1,000, to a million keys", 1_000, in_batch, 1_000_000, 1_000_000),
    ] {
        let Some(instructions) = figures.get(&format!("{row} | {} | {} stored", named_keys(keys), grouped(size)))
        else {
            continue;
        };
        let calls = 1_000_000 / batch;
        let unavoidable = calls * (UPDATE + INGRESS + INGRESS_BYTE * (ENVELOPE + batch * MESSAGE));
        let all = unavoidable + 1_000_000 * instructions;
        writeln!(
            table,
            "| {name} | {} | {} | {}.{:02} |",
            grouped(all / 1_000_000_000),
            grouped(unavoidable / 1_000_000_000),
            all * 137 / 100 / 1_000_000_000_000,
            all * 137 / 1_000_000_000_000 % 100,
        )
        .expect("a string takes everything");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SIZES;
    use crate::results::from_text;
    use std::path::Path;

    #[test]
    fn only_what_stands_between_the_markers_is_replaced() {
        let page = "a\n<!-- t -->\nold\n<!-- /t -->\nb\n";
        assert_eq!(replaced(page, "t", "new\n").as_deref(), Some("a\n<!-- t -->\nnew\n<!-- /t -->\nb\n"));
        assert_eq!(replaced(page, "u", "new\n"), None);
    }

    #[test]
    fn the_tables_of_the_page_are_those_of_the_record() {
        let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = |path: &str| std::fs::read_to_string(crate_root.join(path)).expect("it is there");
        let (record, page) = (text("record.txt"), text("../../docs/performance.md"));
        let record = from_text(&record).expect("a record");
        let made = with_tables(&page, &record, &SIZES).expect("the record has what the tables need");
        assert!(made == page, "docs/performance.md has other tables: scripts/bench --page makes those of the record");
    }
}
