//! The cost of the calls, by kind, and how it is printed.

use std::fmt;

/// The cost of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Instructions by the platform's weights.
    pub instructions: u64,
    /// Cycles that the canister paid; nothing for a query.
    pub cycles: u128,
}

/// The calls of one kind.
#[derive(Debug)]
struct Kind {
    name: &'static str,
    calls: u64,
    messages: u64,
    least: u64,
    most: u64,
    instructions: u64,
    cycles: u128,
}

/// Every call, by kind, in the order in which the kinds first came.
#[derive(Debug, Default)]
pub struct Account {
    kinds: Vec<Kind>,
}

impl Account {
    /// Enters a call of this kind that was about so many messages.
    pub fn enter(&mut self, name: &'static str, messages: usize, cost: Cost) {
        let place = self.kinds.iter().position(|kind| kind.name == name).unwrap_or_else(|| {
            self.kinds.push(Kind { name, calls: 0, messages: 0, least: u64::MAX, most: 0, instructions: 0, cycles: 0 });
            self.kinds.len() - 1
        });
        let kind = &mut self.kinds[place];
        kind.calls += 1;
        kind.messages += messages as u64;
        kind.least = kind.least.min(cost.instructions);
        kind.most = kind.most.max(cost.instructions);
        kind.instructions += cost.instructions;
        kind.cycles += cost.cycles;
    }

    /// The cycles of all calls.
    pub fn cycles(&self) -> u128 {
        self.kinds.iter().map(|kind| kind.cycles).sum()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["instructions of", "calls", "messages", "least", "mean", "most", "a message", "cycles"];
        let mut rows = vec![heads.map(String::from)];
        rows.extend(self.kinds.iter().map(Kind::row));
        let widths: [usize; 8] =
            std::array::from_fn(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0));
        for row in rows {
            write!(f, "  {:<width$}", row[0], width = widths[0])?;
            for (cell, width) in row.iter().zip(widths).skip(1) {
                write!(f, "   {cell:>width$}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl Kind {
    fn row(&self) -> [String; 8] {
        [
            self.name.into(),
            grouped(self.calls),
            if self.messages == 0 { "-".into() } else { grouped(self.messages) },
            grouped(self.least),
            grouped(self.instructions / self.calls),
            grouped(self.most),
            self.instructions.checked_div(self.messages).map_or("-".into(), grouped),
            if self.cycles == 0 { "free".into() } else { grouped(self.cycles) },
        ]
    }
}

/// A number with its digits in groups of three.
pub fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: "1 file", "2,000 files".
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number as u128), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        for (number, text) in
            [(0_u64, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(counted(2_000, "file", "files"), "2,000 files");
    }

    #[test]
    fn calls_are_added_up_by_kind() {
        let mut account = Account::default();
        account.enter("add", 1, Cost { instructions: 100, cycles: 7 });
        account.enter("get", 0, Cost { instructions: 5, cycles: 0 });
        account.enter("add", 3, Cost { instructions: 300, cycles: 8 });
        assert_eq!(account.cycles(), 15);
        let text = account.to_string();
        let rows: Vec<Vec<_>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[1], ["add", "2", "4", "100", "200", "300", "100", "15"]);
        assert_eq!(rows[2], ["get", "1", "-", "5", "5", "5", "-", "free"]);
        assert_eq!(rows.len(), 3);
    }
}
