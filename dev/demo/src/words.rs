//! Numbers in words.

use test_support::grouped;

/// A number with its noun: "1 file", "2,000 files".
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number as u128), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_and_several_are_counted() {
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(counted(2_000, "file", "files"), "2,000 files");
    }
}
