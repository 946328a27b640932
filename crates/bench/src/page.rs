//! The tables of `docs/performance.md`, put between its markers.

use crate::results::Figures;
use crate::rows::grouped;
use std::fmt::Write as _;

/// The bars, by the first part of a row's name; those of the issue that asked for them. With them the floor or the best
/// peer's figure, where there is one.
const BARS: [(&str, u64, &str); 21] = [
    ("add_message", 26_500, "floor 17,685; peer 72,000"),
    ("dearest add so far", 300_000, "peer 700,000 to 100 k"),
    ("add_messages of 1,000, each", 21_000, ""),
    ("add_message, 100 KiB", 8_050_000, "floor 7.84 M; peer 8.6 M"),
    ("add_message, duplicate", 22_500, ""),
    ("get_message_by_id", 5_000, "peer 8,900"),
    ("get_message_by_hash", 5_500, "peer 12,100"),
    ("get_message_by_hash, absent", 4_000, "peer 5,700"),
    ("range of 100, ascending", 165_000, "peer 520,000"),
    ("range of 100, descending", 165_000, ""),
    ("key of 100, ascending", 165_000, "peer 707,000"),
    ("key of 100, descending", 165_000, ""),
    ("time of 100, ascending", 190_000, ""),
    ("time of 100, descending", 190_000, ""),
    ("get_key_heads of 100", 130_000, ""),
    ("upgrade, a message", 500, ""),
    ("heap, bytes a message", 24, "peer 182"),
    ("refused: empty key id", 2_500, ""),
    ("refused: empty ciphertext", 2_500, ""),
    ("refused: ciphertext of 2,000,001 bytes", 2_500, ""),
    ("refused: bytes that are no candid", 2_500, ""),
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
pub fn replaced(page: &str, name: &str, content: &str) -> Option<String> {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let start = page.find(&open)? + open.len();
    let end = start + page[start..].find(&close)?;
    Some(format!("{}\n{content}{}", &page[..start], &page[end..]))
}

/// Every row with a bar, a line each: its figures by the size of the store, with 1 key / with 1,000 keys.
pub fn calls(figures: &Figures, sizes: &[u64]) -> String {
    let mut table = String::from("| call | bar |");
    for &size in sizes {
        write!(table, " {} stored |", grouped(size)).expect("a string takes everything");
    }
    table.push_str(" floor, best peer |\n|---|--:|");
    table.push_str(&"--:|".repeat(sizes.len()));
    table.push_str("---|\n");
    for (name, bar, beside) in BARS {
        write!(table, "| {name} | {} |", grouped(bar)).expect("a string takes everything");
        for &size in sizes {
            let cells: Vec<_> = match figures.get(name) {
                // What no store makes dearer stands in the first column.
                Some(figure) if size == sizes[0] => vec![grouped(figure.by_bars)],
                Some(_) => Vec::new(),
                None => ["1 key", "1,000 keys"]
                    .iter()
                    .filter_map(|keys| figures.get(&format!("{name} | {keys} | {} stored", grouped(size))))
                    .map(|figure| grouped(figure.by_bars))
                    .collect(),
            };
            write!(table, " {} |", cells.join(" / ")).expect("a string takes everything");
        }
        writeln!(table, " {beside} |").expect("a string takes everything");
    }
    table
}

/// Every row of a store with limits.
pub fn retention(figures: &Figures, sizes: &[u64]) -> String {
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
            let cell = figures.get(&row).map(|figure| grouped(figure.by_bars)).unwrap_or_default();
            write!(table, " {cell} |").expect("a string takes everything");
        }
        table.push('\n');
    }
    table
}

/// Where the instructions of one add go.
pub fn parts(parts: &[(&str, u64)]) -> String {
    let mut table = String::from("| of one add | instructions |\n|---|--:|\n");
    for (part, instructions) in parts {
        writeln!(table, "| {part} | {} |", grouped(*instructions)).expect("a string takes everything");
    }
    table
}

/// What a million messages cost in cycles, singly and in batches, and what of it no code can avoid.
pub fn cycles(single: u64, in_batch: u64) -> String {
    let mut table =
        String::from("| a million messages | billion cycles | of it unavoidable | US$ |\n|---|--:|--:|--:|\n");
    for (name, batch, instructions) in
        [("one by one", 1, single), ("in batches of 100", 100, in_batch), ("in batches of 1,000", 1_000, in_batch)]
    {
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

    #[test]
    fn only_what_stands_between_the_markers_is_replaced() {
        let page = "a\n<!-- t -->\nold\n<!-- /t -->\nb\n";
        assert_eq!(replaced(page, "t", "new\n").as_deref(), Some("a\n<!-- t -->\nnew\n<!-- /t -->\nb\n"));
        assert_eq!(replaced(page, "u", "new\n"), None);
    }
}
