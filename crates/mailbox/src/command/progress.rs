//! A bar on standard error, where that is a terminal.

use super::print::tell;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Messages for which no bar is shown.
const FEW: u64 = 2;

/// Counts messages of many, until it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// `done`: what has happened to the messages that are counted.
    pub fn of(done: &'static str) -> Self {
        let style = ProgressStyle::with_template("{prefix} [{wide_bar}] {human_pos} of {human_len}");
        let style = style.expect("the template is correct").progress_chars("=> ");
        Self(ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden()).with_style(style).with_prefix(done))
    }

    /// So many messages are expected in all. The bar appears where they are more than a few.
    pub fn expect(&self, messages: u64) {
        self.0.set_length(messages);
        if self.0.is_hidden() && messages > FEW {
            self.0.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// So many of these many.
    pub fn show(&self, messages: u64, expected: u64) {
        self.expect(expected);
        self.0.set_position(messages.min(expected));
    }

    /// Counts messages.
    pub fn add(&self, messages: u64) {
        let counted = self.0.position() + messages;
        // Messages of other commands are sent too.
        self.0.set_position(self.0.length().map_or(counted, |expected| counted.min(expected)));
    }

    /// Prints a line above the bar.
    pub fn tell(&self, line: &str) {
        self.0.suspend(|| tell!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
