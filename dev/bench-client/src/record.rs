//! The record: one line for each row, with the limit that it must meet.

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name, with the unit.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// Its limit.
    pub limit: Limit,
}

/// The limit of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// A lower limit.
    AtLeast(f64),
    /// An upper limit.
    AtMost(f64),
    /// The only value.
    Exactly(f64),
}

const BEGIN: &str = "<!-- bench-client begin -->\n";
const END: &str = "<!-- bench-client end -->";

impl Row {
    /// Whether the figure meets its limit.
    pub fn meets_its_limit(&self) -> bool {
        match self.limit {
            Limit::AtLeast(limit) => self.value >= limit,
            Limit::AtMost(limit) => self.value <= limit,
            Limit::Exactly(limit) => self.value == limit,
        }
    }

    /// The row as a line of the record.
    pub fn to_line(&self) -> String {
        format!("{}: {}, {}", self.name, self.value(), self.limit.to_text())
    }

    fn value(&self) -> String {
        match self.limit {
            Limit::Exactly(_) => format!("{}", self.value),
            _ => format!("{:.3}", self.value),
        }
    }

    fn from_line(line: &str) -> Option<Self> {
        let (name, figures) = line.rsplit_once(": ")?;
        let (value, limit) = figures.split_once(", ")?;
        Some(Self { name: name.into(), value: value.parse().ok()?, limit: Limit::from_text(limit)? })
    }
}

impl Limit {
    fn to_text(self) -> String {
        match self {
            Limit::AtLeast(limit) => format!("at least {limit}"),
            Limit::AtMost(limit) => format!("at most {limit}"),
            Limit::Exactly(limit) => format!("exactly {limit}"),
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        let (kind, limit) = text.rsplit_once(' ')?;
        let limit = limit.parse().ok()?;
        match kind {
            "at least" => Some(Limit::AtLeast(limit)),
            "at most" => Some(Limit::AtMost(limit)),
            "exactly" => Some(Limit::Exactly(limit)),
            _ => None,
        }
    }
}

/// The record's text.
pub fn to_text(rows: &[Row]) -> String {
    let lines = rows.iter().map(|row| row.to_line() + "\n");
    ["# Written by `scripts/bench-client CRATE --write`. Row: figure, limit.\n".to_string()]
        .into_iter()
        .chain(lines)
        .collect()
}

/// Reads a record. The error names the malformed line.
pub fn from_text(text: &str) -> Result<Vec<Row>, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| Row::from_line(line).ok_or_else(|| format!("not a row of a record: {line}"))).collect()
}

/// Replaces the table between the page's two marks by one of these rows.
pub fn with_table(page: &str, rows: &[Row]) -> Result<String, String> {
    let (before, rest) = page.split_once(BEGIN).ok_or("the page has no place for the table")?;
    let (_, after) = rest.split_once(END).ok_or("the table's place on the page has no end")?;
    let lines = rows.iter().map(|row| format!("| {} | {} | {} |\n", row.name, row.value(), row.limit.to_text()));
    let table: String = ["| | measured | limit |\n|---|--:|--:|\n".to_string()].into_iter().chain(lines).collect();
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let row = |name: &str, value, limit| Row { name: name.into(), value, limit };
        vec![
            row("a: b", 1.25, Limit::AtLeast(1.0)),
            row("c", 0.5, Limit::AtMost(0.025)),
            row("d", 100.0, Limit::Exactly(100.0)),
        ]
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_names_missed_limits() {
        assert_eq!(from_text(&to_text(&rows())), Ok(rows()));
        assert_eq!(rows().iter().map(Row::meets_its_limit).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(from_text("a: 1, about 2\n"), Err("not a row of a record: a: 1, about 2".to_string()));
    }

    #[test]
    fn a_page_keeps_all_but_its_table() {
        let page = format!("before\n{BEGIN}old\n{END}\nafter\n");
        let written = with_table(&page, &rows()).unwrap();
        assert!(written.starts_with("before\n") && written.ends_with("\nafter\n") && !written.contains("old"));
        assert!(
            written
                .contains("| a: b | 1.250 | at least 1 |\n| c | 0.500 | at most 0.025 |\n| d | 100 | exactly 100 |\n")
        );
        assert_eq!(with_table(&written, &rows()), Ok(written));
        assert!(with_table("no marks", &rows()).is_err());
    }
}
