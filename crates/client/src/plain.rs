//! Text of others that is shown on a terminal or in a log.

/// Maximum number of characters of a reason that others name.
const MOST: usize = 1_000;

/// Whether a character would control a terminal, or the direction in which a line is read.
pub fn is_control(character: char) -> bool {
    let is_of_direction = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    character.is_control() || is_of_direction
}

/// A text on one line: each character that [`is_control`] is U+FFFD. A long one is cut off.
pub fn plain(text: &str) -> String {
    let shown = |character| if is_control(character) { '\u{fffd}' } else { character };
    let mut line: String = text.chars().take(MOST).map(shown).collect();
    if text.chars().nth(MOST).is_some() {
        line.push('\u{2026}');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_controls_a_terminal_is_left_and_one_line() {
        let controls = "\u{1b}[2J\r\n\t\u{9b}31m\u{202e}\u{2066}\u{2028}";
        assert!(!plain(controls).chars().any(is_control));
        assert_eq!(plain("as it is: \u{fc} \u{1f600}"), "as it is: \u{fc} \u{1f600}");
        assert_eq!(plain(&"a".repeat(MOST)).len(), MOST);
        assert_eq!(plain(&"a".repeat(MOST + 1)).chars().count(), MOST + 1);
        assert!(plain(&"a".repeat(1 << 20)).ends_with("a\u{2026}"));
    }
}
