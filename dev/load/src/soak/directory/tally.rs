//! The counts at the directory.

use crate::soak::upgrade::Upgrades;

/// The counts.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Updates without outcome that were found in the log.
    pub landed: u64,
    /// Calls with updates that a kill cut off.
    pub cut: u64,
    /// Updates that were confirmed.
    pub confirmed: u64,
    /// Registrations that another owner won.
    pub lost: u64,
    /// Updates refused because the label had one in the open epoch.
    pub pending: u64,
    /// Updates sent anew that had been executed.
    pub repeated: u64,
    /// Look-ups that proved an entry.
    pub present: u64,
    /// Look-ups that proved absence.
    pub absent: u64,
    /// Look-ups at a ratified head.
    pub ratified: u64,
    /// Versions that histories proved.
    pub versions: u64,
    /// Bundles that were confirmed.
    pub bundles: u64,
    /// Bundles that were read and verified.
    pub bundles_shown: u64,
    /// Cosignatures by verifiers.
    pub cosigned: u64,
    /// Restarts of verifiers from their folders.
    pub reopened: u64,
    /// Upgrades.
    pub upgrades: Upgrades,
}

impl Tally {
    /// The counts in words.
    pub fn rows(&self) -> impl Iterator<Item = (u64, &'static str)> {
        [
            (self.confirmed, "updates confirmed"),
            (self.cut, "updates that a kill cut off"),
            (self.landed, "updates without outcome that were found in the log"),
            (self.repeated, "updates sent anew that had been executed"),
            (self.pending, "updates refused, as the label had one in the open epoch"),
            (self.lost, "registrations that another owner won"),
            (self.present, "look-ups that proved an entry"),
            (self.absent, "look-ups that proved absence"),
            (self.ratified, "look-ups at a cosigned head"),
            (self.versions, "versions proved by histories"),
            (self.bundles, "bundles confirmed"),
            (self.bundles_shown, "bundles read and verified"),
            (self.cosigned, "logs cosigned by a verifier"),
            (self.reopened, "restarts of a verifier from its folder"),
        ]
        .into_iter()
        .chain(self.upgrades.rows())
    }
}
