//! The counts at the message canister.

use crate::soak::upgrade::Upgrades;

/// The counts.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Calls without outcome that had been executed.
    pub landed: u64,
    /// Calls without outcome whose messages were looked up and sent in a new envelope.
    pub sent_anew: u64,
    /// Calls without outcome that had expired when they were sent again.
    pub expired: u64,
    /// Acknowledgements that were confirmed.
    pub acknowledgements: u64,
    /// Messages acknowledged.
    pub acknowledged: u64,
    /// Acknowledgements that were refused because the key is another owner's.
    pub not_owner: u64,
    /// Messages that a key's quota refused.
    pub refused: u64,
    /// Upgrades.
    pub upgrades: Upgrades,
}

impl Tally {
    /// The counts in words.
    pub fn rows(&self) -> impl Iterator<Item = (u64, &'static str)> {
        [
            (self.landed, "calls without outcome that were found executed"),
            (self.sent_anew, "calls without outcome whose messages were sent in a new envelope"),
            (self.expired, "calls without outcome that had expired"),
            (self.acknowledgements, "acknowledgements confirmed"),
            (self.acknowledged, "messages acknowledged"),
            (self.not_owner, "acknowledgements of another owner's key, refused"),
            (self.refused, "messages refused by a key's quota"),
        ]
        .into_iter()
        .chain(self.upgrades.rows())
    }
}
