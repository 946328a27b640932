//! One line on standard error that shows the progress of a step, if the step takes longer than a second.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Delay before the line appears. Most steps end earlier.
const PATIENCE: Duration = Duration::from_secs(1);
/// Intervals between two updates of the line: on a terminal, and elsewhere.
const ON_TERMINAL: Duration = Duration::from_millis(100);
const IN_LOG: Duration = Duration::from_secs(5);

/// A step under way. On a terminal, the line disappears when the step ends.
pub struct Progress {
    what: String,
    total: usize,
    done: usize,
    started: Instant,
    shown: Option<Instant>,
    terminal: bool,
}

impl Progress {
    /// Begins a step of `total` items.
    pub fn new(what: &str, total: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Progress { what: what.into(), total, done: 0, started: Instant::now(), shown: None, terminal }
    }

    /// Notes that `items` more are done.
    pub fn advance(&mut self, items: usize) {
        self.done += items;
        let now = Instant::now();
        let pause = if self.terminal { ON_TERMINAL } else { IN_LOG };
        let due = match self.shown {
            None => now.duration_since(self.started) >= PATIENCE,
            Some(last) => now.duration_since(last) >= pause,
        };
        if !due {
            return;
        }
        self.shown = Some(now);
        let mut stderr = std::io::stderr().lock();
        // The line is not essential, so errors are ignored.
        let _ = if self.terminal {
            write!(stderr, "\r\x1b[K  {}: {} of {}", self.what, self.done, self.total).and_then(|()| stderr.flush())
        } else {
            writeln!(stderr, "  {}: {} of {}", self.what, self.done, self.total)
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal && self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
