//! The store's settings: their typed form, their limits and their durable form.
//!
//! ```text
//! offset size
//!      0    4  limited: bit n is set if bound n has a limit; the value of a bound without one is 0
//!      4    1  reads: 0 anyone, 1 owners
//!      5    1  writes: 0 anyone, 1 identified, 2 members
//!      6    2  0
//!      8    4  rebuild_pages (bound 0)
//!     12    4  max_messages (bound 1)
//!     16    8  max_bytes (bound 2)
//!     24    4  max_age_seconds (bound 3)
//!     28    4  min_age_seconds
//!     32    4  idle_seconds (bound 4)
//!     36    4  max_keys.all
//!     40    4  max_keys.strangers
//!     44    4  key_quota.messages (bound 5)
//!     48    8  key_quota.bytes (bound 6)
//! ```

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use crate::api::{Bound, MaxKeys, Quota, Reads, Setting, SettingsError, Writes};
use crate::limits::{MAX_KEYS, MAX_REBUILD_PAGES, MIN_MAX_BYTES, MIN_REBUILD_PAGES, MIN_RETAINED};
use std::mem::discriminant;

const LIMITED: usize = 0;
const READS: usize = LIMITED + 4;
const WRITES: usize = READS + 1;
const REBUILD_PAGES: usize = WRITES + 3;
const MAX_MESSAGES: usize = REBUILD_PAGES + 4;
const MAX_BYTES: usize = MAX_MESSAGES + 4;
const MAX_AGE_SECONDS: usize = MAX_BYTES + 8;
const MIN_AGE_SECONDS: usize = MAX_AGE_SECONDS + 4;
const IDLE_SECONDS: usize = MIN_AGE_SECONDS + 4;
const MAX_KEYS_ALL: usize = IDLE_SECONDS + 4;
const MAX_KEYS_STRANGERS: usize = MAX_KEYS_ALL + 4;
const QUOTA_MESSAGES: usize = MAX_KEYS_STRANGERS + 4;
const QUOTA_BYTES: usize = QUOTA_MESSAGES + 4;
/// Bytes of the durable form.
pub const CONFIGURATION_BYTES: usize = QUOTA_BYTES + 8;
/// Bounds of the durable form.
const BOUNDS: u32 = 7;

/// The settings, one field each. [`Setting`] documents them.
///
/// The default suits a development store: everybody reads and adds, and nothing is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Configuration {
    pub rebuild_pages: Bound<u32>,
    pub max_messages: Bound<u32>,
    pub max_bytes: Bound<u64>,
    pub max_age_seconds: Bound<u32>,
    pub min_age_seconds: u32,
    pub idle_seconds: Bound<u32>,
    pub max_keys: MaxKeys,
    pub reads: Reads,
    pub writes: Writes,
    pub key_quota: Quota,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            rebuild_pages: Bound::Unlimited,
            max_messages: Bound::Unlimited,
            max_bytes: Bound::Unlimited,
            max_age_seconds: Bound::Unlimited,
            min_age_seconds: 0,
            idle_seconds: Bound::Unlimited,
            max_keys: MaxKeys { all: MAX_KEYS, strangers: MAX_KEYS },
            reads: Reads::default(),
            writes: Writes::default(),
            key_quota: Quota::default(),
        }
    }
}

impl Configuration {
    /// One setting of each kind.
    pub fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::rebuild_pages(self.rebuild_pages),
            Setting::max_messages(self.max_messages),
            Setting::max_bytes(self.max_bytes),
            Setting::max_age_seconds(self.max_age_seconds),
            Setting::min_age_seconds(self.min_age_seconds),
            Setting::idle_seconds(self.idle_seconds),
            Setting::max_keys(self.max_keys),
            Setting::reads(self.reads),
            Setting::writes(self.writes),
            Setting::key_quota(self.key_quota),
        ]
    }

    /// Replaces the settings that are named. An error changes nothing.
    pub fn apply(&mut self, settings: &[Setting]) -> Result<(), SettingsError> {
        let mut changed = *self;
        for (at, setting) in settings.iter().enumerate() {
            // The first setting that is named twice ends the loop, so at most all kinds are compared.
            if settings.iter().take(at).any(|earlier| discriminant(earlier) == discriminant(setting)) {
                return Err(SettingsError::Twice { setting: name(setting).to_string() });
            }
            changed.set(*setting);
        }
        changed.check()?;
        *self = changed;
        Ok(())
    }

    fn set(&mut self, setting: Setting) {
        match setting {
            Setting::rebuild_pages(pages) => self.rebuild_pages = pages,
            Setting::max_messages(messages) => self.max_messages = messages,
            Setting::max_bytes(bytes) => self.max_bytes = bytes,
            Setting::max_age_seconds(seconds) => self.max_age_seconds = seconds,
            Setting::min_age_seconds(seconds) => self.min_age_seconds = seconds,
            Setting::idle_seconds(seconds) => self.idle_seconds = seconds,
            Setting::max_keys(keys) => self.max_keys = keys,
            Setting::reads(reads) => self.reads = reads,
            Setting::writes(writes) => self.writes = writes,
            Setting::key_quota(quota) => self.key_quota = quota,
        }
    }

    fn check(&self) -> Result<(), SettingsError> {
        let highest_age = self.max_age_seconds.limit().unwrap_or(u32::MAX);
        if let Bound::AtMost(pages) = self.rebuild_pages {
            at_least("rebuild_pages", pages, MIN_REBUILD_PAGES)?;
            at_most("rebuild_pages", pages, MAX_REBUILD_PAGES)?;
        }
        at_least("max_messages", self.max_messages.limit().unwrap_or(u32::MAX), MIN_RETAINED)?;
        at_least("max_bytes", self.max_bytes.limit().unwrap_or(u64::MAX), MIN_MAX_BYTES)?;
        at_least("max_age_seconds", highest_age, MIN_RETAINED)?;
        at_most("min_age_seconds", self.min_age_seconds, highest_age)?;
        at_least("max_keys.all", self.max_keys.all, MIN_RETAINED)?;
        at_most("max_keys.all", self.max_keys.all, MAX_KEYS)?;
        at_most("max_keys.strangers", self.max_keys.strangers, self.max_keys.all)
    }

    /// The durable form.
    pub fn to_bytes(&self) -> [u8; CONFIGURATION_BYTES] {
        let mut bytes = [0; CONFIGURATION_BYTES];
        let mut limited = 0;
        let mut put = |at: usize, number: &[u8]| bytes[at..at + number.len()].copy_from_slice(number);
        let mut bound = |number: u32, limit: Option<u64>| {
            limited |= u32::from(limit.is_some()) << number;
            limit.unwrap_or(0)
        };
        let short = |limit: Bound<u32>| limit.limit().map(u64::from);
        put(READS, &[self.reads as u8]);
        put(WRITES, &[self.writes as u8]);
        put(REBUILD_PAGES, &(bound(0, short(self.rebuild_pages)) as u32).to_le_bytes());
        put(MAX_MESSAGES, &(bound(1, short(self.max_messages)) as u32).to_le_bytes());
        put(MAX_BYTES, &bound(2, self.max_bytes.limit()).to_le_bytes());
        put(MAX_AGE_SECONDS, &(bound(3, short(self.max_age_seconds)) as u32).to_le_bytes());
        put(MIN_AGE_SECONDS, &self.min_age_seconds.to_le_bytes());
        put(IDLE_SECONDS, &(bound(4, short(self.idle_seconds)) as u32).to_le_bytes());
        put(MAX_KEYS_ALL, &self.max_keys.all.to_le_bytes());
        put(MAX_KEYS_STRANGERS, &self.max_keys.strangers.to_le_bytes());
        put(QUOTA_MESSAGES, &(bound(5, short(self.key_quota.messages)) as u32).to_le_bytes());
        put(QUOTA_BYTES, &bound(6, self.key_quota.bytes.limit()).to_le_bytes());
        put(LIMITED, &limited.to_le_bytes());
        bytes
    }

    /// Reads the durable form; `None`: this release did not write it.
    pub fn from_bytes(bytes: &[u8; CONFIGURATION_BYTES]) -> Option<Self> {
        let limited = nat32(bytes, LIMITED);
        let short = |number: u32, at: usize| Bound::from((limited >> number & 1 == 1).then(|| nat32(bytes, at)));
        let long = |number: u32, at: usize| Bound::from((limited >> number & 1 == 1).then(|| nat64(bytes, at)));
        if limited >> BOUNDS != 0 {
            return None;
        }
        Some(Self {
            rebuild_pages: short(0, REBUILD_PAGES),
            max_messages: short(1, MAX_MESSAGES),
            max_bytes: long(2, MAX_BYTES),
            max_age_seconds: short(3, MAX_AGE_SECONDS),
            min_age_seconds: nat32(bytes, MIN_AGE_SECONDS),
            idle_seconds: short(4, IDLE_SECONDS),
            max_keys: MaxKeys { all: nat32(bytes, MAX_KEYS_ALL), strangers: nat32(bytes, MAX_KEYS_STRANGERS) },
            reads: [Reads::anyone, Reads::owners].get(usize::from(bytes[READS])).copied()?,
            writes: [Writes::anyone, Writes::identified, Writes::members].get(usize::from(bytes[WRITES])).copied()?,
            key_quota: Quota { messages: short(5, QUOTA_MESSAGES), bytes: long(6, QUOTA_BYTES) },
        })
    }
}

fn nat32(bytes: &[u8; CONFIGURATION_BYTES], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn nat64(bytes: &[u8; CONFIGURATION_BYTES], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

/// The name of a setting, as in `canister.did`.
fn name(setting: &Setting) -> &'static str {
    match setting {
        Setting::rebuild_pages(_) => "rebuild_pages",
        Setting::max_messages(_) => "max_messages",
        Setting::max_bytes(_) => "max_bytes",
        Setting::max_age_seconds(_) => "max_age_seconds",
        Setting::min_age_seconds(_) => "min_age_seconds",
        Setting::idle_seconds(_) => "idle_seconds",
        Setting::max_keys(_) => "max_keys",
        Setting::reads(_) => "reads",
        Setting::writes(_) => "writes",
        Setting::key_quota(_) => "key_quota",
    }
}

fn at_least(setting: &str, value: impl Into<u64>, min: impl Into<u64>) -> Result<(), SettingsError> {
    let (value, min) = (value.into(), min.into());
    if value >= min { Ok(()) } else { Err(SettingsError::TooLow { setting: setting.to_string(), value, min }) }
}

fn at_most(setting: &str, value: impl Into<u64>, max: impl Into<u64>) -> Result<(), SettingsError> {
    let (value, max) = (value.into(), max.into());
    if value <= max { Ok(()) } else { Err(SettingsError::TooHigh { setting: setting.to_string(), value, max }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Configuration {
        Configuration {
            rebuild_pages: Bound::AtMost(0x0102_0304),
            max_messages: Bound::AtMost(0x1112_1314),
            max_bytes: Bound::AtMost(0x2122_2324_2526_2728),
            max_age_seconds: Bound::AtMost(0x3132_3334),
            min_age_seconds: 0x0142_4344,
            idle_seconds: Bound::Unlimited,
            max_keys: MaxKeys { all: 0x5152_5354, strangers: 0x0162_6364 },
            reads: Reads::owners,
            writes: Writes::members,
            key_quota: Quota { messages: Bound::AtMost(0), bytes: Bound::AtMost(0x7172_7374_7576_7778) },
        }
    }

    #[test]
    fn the_durable_form_stays_byte_for_byte() {
        let golden = [
            "6f000000",
            "01",
            "02",
            "0000",
            "04030201",
            "14131211",
            "2827262524232221",
            "34333231",
            "44434201",
            "00000000",
            "54535251",
            "64636201",
            "00000000",
            "7877767574737271",
        ];
        let hex: String = example().to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, golden.concat());
        let default: String = Configuration::default().to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(default, format!("{}ffffff7fffffff7f{}", "00".repeat(36), "00".repeat(12)));
    }

    #[test]
    fn the_durable_form_is_read_back() {
        for configuration in [example(), Configuration::default()] {
            assert_eq!(Configuration::from_bytes(&configuration.to_bytes()), Some(configuration));
        }
    }

    #[test]
    fn values_of_later_releases_are_refused() {
        for (at, value) in [(READS, 2), (WRITES, 3), (LIMITED, 0x80)] {
            let mut bytes = Configuration::default().to_bytes();
            bytes[at] = value;
            assert_eq!(Configuration::from_bytes(&bytes), None, "{at}");
        }
    }

    #[test]
    fn settings_replace_only_what_they_name() {
        let mut configuration = example();
        configuration.rebuild_pages = Bound::AtMost(MIN_REBUILD_PAGES);
        let expected = Configuration { max_messages: Bound::Unlimited, reads: Reads::anyone, ..configuration };
        configuration.apply(&[Setting::max_messages(Bound::Unlimited), Setting::reads(Reads::anyone)]).unwrap();
        assert_eq!(configuration, expected);
        let mut copy = Configuration::default();
        copy.apply(&configuration.settings()).unwrap();
        assert_eq!(copy, configuration, "all settings together are the configuration");
    }

    #[test]
    fn a_setting_out_of_bounds_changes_nothing() {
        let low = |setting: &str, value, min| SettingsError::TooLow { setting: setting.to_string(), value, min };
        let high = |setting: &str, value, max| SettingsError::TooHigh { setting: setting.to_string(), value, max };
        let all = u64::from(MAX_KEYS);
        let cases = [
            (vec![Setting::rebuild_pages(Bound::AtMost(15))], low("rebuild_pages", 15, 16)),
            (vec![Setting::rebuild_pages(Bound::AtMost(262_145))], high("rebuild_pages", 262_145, 262_144)),
            (vec![Setting::max_messages(Bound::AtMost(0))], low("max_messages", 0, 1)),
            (vec![Setting::max_bytes(Bound::AtMost(MIN_MAX_BYTES - 1))], low("max_bytes", 2_000_124, 2_000_125)),
            (vec![Setting::max_age_seconds(Bound::AtMost(0))], low("max_age_seconds", 0, 1)),
            (
                vec![Setting::min_age_seconds(11), Setting::max_age_seconds(Bound::AtMost(10))],
                high("min_age_seconds", 11, 10),
            ),
            (vec![Setting::max_keys(MaxKeys { all: 0, strangers: 0 })], low("max_keys.all", 0, 1)),
            (vec![Setting::max_keys(MaxKeys { all: MAX_KEYS + 1, strangers: 0 })], high("max_keys.all", all + 1, all)),
            (vec![Setting::max_keys(MaxKeys { all: 5, strangers: 6 })], high("max_keys.strangers", 6, 5)),
            (
                vec![Setting::writes(Writes::members), Setting::writes(Writes::members)],
                SettingsError::Twice { setting: "writes".to_string() },
            ),
        ];
        for (settings, error) in cases {
            let mut configuration = Configuration::default();
            let settings = [vec![Setting::idle_seconds(Bound::AtMost(7))], settings].concat();
            assert_eq!(configuration.apply(&settings), Err(error));
            assert_eq!(configuration, Configuration::default());
        }
    }
}
