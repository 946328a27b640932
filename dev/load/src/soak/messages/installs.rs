//! The upgrades that were installed. Each one has different settings, so the canister's settings tell which upgrade was the
//! last.

use message_canister::api::{Bound, Setting};

use crate::violation::{Verdict, ensure};

/// Pages of stable memory that one message of a rebuild may touch. They are few, so that a rebuild takes many messages and
/// kills hit it.
const REBUILD_PAGES: u32 = 64;
/// The lowest limit of live bytes in the settings. No soak reaches it.
const UNREACHED_BYTES: u64 = 1 << 60;

/// The settings of the installation with this number.
pub fn settings(number: usize) -> [Setting; 2] {
    let max_bytes = Bound::AtMost(UNREACHED_BYTES + number as u64);
    [Setting::rebuild_pages(Bound::AtMost(REBUILD_PAGES)), Setting::max_bytes(max_bytes)]
}

/// An installation: two points in the order of events.
struct Installation {
    /// When it was requested.
    begun: u64,
    /// When it was confirmed or seen, if it was.
    done: Option<u64>,
}

/// All installations, by number.
#[derive(Default)]
pub struct Installs {
    all: Vec<Installation>,
    now: u64,
    /// The greatest version of the canister that the network has shown.
    version: u64,
}

impl Installs {
    /// Notes an installation before it is requested. Returns its number.
    pub fn begin(&mut self) -> usize {
        self.now += 1;
        self.all.push(Installation { begun: self.now, done: None });
        self.all.len() - 1
    }

    /// Notes that an installation was confirmed.
    pub fn confirm(&mut self, number: usize) {
        self.now += 1;
        self.all[number].done = Some(self.now);
    }

    /// Notes the canister's version, which every installation raises.
    pub fn note_version(&mut self, version: u64) {
        self.version = self.version.max(version);
    }

    /// Checks the installed settings and version while nothing else happens.
    ///
    /// # Errors
    ///
    /// If an installation that was confirmed or seen is lost.
    pub fn check(&mut self, shown: &[Setting], version: u64) -> Verdict<()> {
        let least = self.version;
        ensure(version >= least, || format!("the canister has version {version}, but version {least} was shown"))?;
        self.note_version(version);
        let number = (0..self.all.len()).find(|&number| settings(number).iter().all(|setting| shown.contains(setting)));
        ensure(number.is_some(), || format!("no installation has the settings {shown:?}"))?;
        let Some(number) = number else { return Ok(()) };
        self.now += 1;
        let done = *self.all[number].done.get_or_insert(self.now);
        // An installation without an outcome may have happened after any other.
        let lost = self.all.iter().rposition(|other| other.begun > done && other.done.is_some());
        ensure(lost.is_none(), || {
            format!("installation {lost:?} was begun after {number} was done, and was confirmed, but {number} is shown")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmed_installation_that_is_lost_is_noticed() {
        let mut installs = Installs::default();
        let first = installs.begin();
        installs.confirm(first);
        assert_eq!(installs.check(&settings(first), 1), Ok(()));
        let second = installs.begin();
        // Without an outcome it may be there or not.
        assert_eq!(installs.check(&settings(first), 1), Ok(()));
        installs.confirm(second);
        assert!(installs.check(&settings(first), 2).is_err());
        assert_eq!(installs.check(&settings(second), 2), Ok(()));
    }

    #[test]
    fn an_installation_without_outcome_counts_once_it_is_seen() {
        let mut installs = Installs::default();
        let (open, other) = (installs.begin(), installs.begin());
        installs.confirm(other);
        assert_eq!(installs.check(&settings(open), 1), Ok(()));
        let third = installs.begin();
        installs.confirm(third);
        assert!(installs.check(&settings(open), 1).is_err());
    }

    #[test]
    fn settings_that_nobody_sent_and_an_older_version_are_noticed() {
        let mut installs = Installs::default();
        let first = installs.begin();
        installs.confirm(first);
        assert!(installs.check(&[], 1).is_err());
        installs.note_version(7);
        assert!(installs.check(&settings(first), 6).is_err());
        assert_eq!(installs.check(&settings(first), 7), Ok(()));
    }
}
