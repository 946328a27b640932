//! The rules for repeating calls.

use std::time::Duration;

use crate::error::{CallError, Refusal};
use crate::request::Kind;

/// The rule for repeating a call: a number of attempts, with pauses that double.
///
/// A call is repeated if its failure is likely to pass: no answer came, the system failed temporarily, the canister is
/// stopped as during an upgrade, or it answered `Unavailable` (it rebuilds its index) or `Sealed` (a snapshot is
/// taken). A call that a budget, a rate or a quota refused is not repeated, because that may take a day to pass.
///
/// A call that may have been executed is repeated only if that is harmless. It is for queries, adds, claims and
/// acknowledgements. It is not for `set_settings`, `set_key`, `set_role` and `resume`, because somebody else's change
/// may have come between.
///
/// A repeated add is answered as a duplicate, with the first id, until retention has dropped the message. After that it
/// is stored anew. A repeated acknowledgement counts only messages that the first one did not acknowledge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Maximum number of times that a call is sent, at least 1.
    pub attempts: u32,
    /// The pause before the first repetition.
    pub pause: Duration,
    /// The longest pause.
    pub max_pause: Duration,
}

impl Default for Retry {
    /// Six attempts within some 15 seconds.
    fn default() -> Self {
        Self { attempts: 6, pause: Duration::from_millis(500), max_pause: Duration::from_secs(10) }
    }
}

impl Retry {
    /// Each call is sent once.
    pub const NEVER: Self = Self { attempts: 1, pause: Duration::ZERO, max_pause: Duration::ZERO };

    /// The pause before a call is sent again that was sent `attempts` times. `None`: it is not sent again.
    pub(crate) fn pause_after<E: Refusal>(&self, attempts: u32, kind: Kind, error: &CallError<E>) -> Option<Duration> {
        let harmless = kind != Kind::Update || !error.may_have_run();
        let doubled = || self.pause.saturating_mul(2_u32.saturating_pow(attempts - 1)).min(self.max_pause);
        (attempts < self.attempts && error.is_passing() && harmless).then(doubled)
    }
}
