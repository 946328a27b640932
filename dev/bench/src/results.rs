//! The record: one line for each row, compared row by row.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Maximum change of a figure, either way, without a new record: 1 %.
const TOLERANCE_PERCENT: u64 = 1;

/// Figures by the name of their row, in the order of names: instructions as the platform charges them, or bytes.
pub type Figures = BTreeMap<String, u64>;

/// The record's text.
pub fn to_text(figures: &Figures) -> String {
    let mut text =
        String::from("# Written by `scripts/bench --write`. Instructions as the platform charges them, or bytes.\n");
    for (row, figure) in figures {
        writeln!(text, "{row}: {figure}").expect("a string takes every line");
    }
    text
}

/// Reads a record. The error names the malformed line.
pub fn from_text(text: &str) -> Result<Figures, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| parse(line).ok_or_else(|| format!("no row of a record: {line}"))).collect()
}

fn parse(line: &str) -> Option<(String, u64)> {
    let (row, figure) = line.rsplit_once(": ")?;
    Some((row.to_string(), figure.parse().ok()?))
}

/// The differences between the record and the measured rows, a line each. Rows that this run did not reach,
/// because it stored less, are ignored: `reached` names the others.
pub fn differences(record: &Figures, measured: &Figures, reached: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    for (row, &now) in measured {
        match record.get(row) {
            None => lines.push(format!("{row}: {now} is not in the record")),
            Some(&then) if moved(then, now) => lines.push(format!("{row}: recorded {then}, now {now}")),
            Some(_) => {}
        }
    }
    for row in record.keys().filter(|row| reached(row) && !measured.contains_key(*row)) {
        lines.push(format!("{row}: in the record, but not measured any more"));
    }
    lines
}

fn moved(then: u64, now: u64) -> bool {
    then.abs_diff(now) * 100 > then * TOLERANCE_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(rows: &[(&str, u64)]) -> Figures {
        rows.iter().map(|&(row, n)| (row.to_string(), n)).collect()
    }

    #[test]
    fn a_record_reads_as_it_was_written() {
        let written = figures(&[("add: 1 key, 1,000 stored", 26_000), ("b", 1)]);
        assert_eq!(from_text(&to_text(&written)), Ok(written));
        assert_eq!(from_text("add 26000\n"), Err("no row of a record: add 26000".to_string()));
    }

    #[test]
    fn a_figure_may_move_by_one_percent_and_no_more() {
        let record = figures(&[("a", 10_000)]);
        for (now, differs) in [(10_000, false), (10_100, false), (9_900, false), (10_101, true), (9_899, true)] {
            let lines = differences(&record, &figures(&[("a", now)]), |_| true);
            assert_eq!(!lines.is_empty(), differs, "{now}: {lines:?}");
        }
        assert_eq!(differences(&figures(&[("a", 0)]), &figures(&[("a", 1)]), |_| true).len(), 1);
    }

    #[test]
    fn rows_that_are_new_or_gone_differ() {
        let (record, measured) = (figures(&[("old", 1), ("far", 1)]), figures(&[("new", 1)]));
        let lines = differences(&record, &measured, |row| row != "far");
        assert_eq!(lines, ["new: 1 is not in the record", "old: in the record, but not measured any more"]);
    }
}
