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
//!     56   32  budget of strangers (bounds 7 to 10)
//!     88   32  budget of members (bounds 11 to 14)
//!    120   32  budget of owners (bounds 15 to 18); canister-base has a budget's bytes
//!    152    8  reserves.strangers
//!    160    8  reserves.all
//! ```

#![allow(clippy::indexing_slicing, reason = "offsets are constants within an array of fixed length")]

use crate::api::{Bound, Budget, MaxKeys, Quota, Rate, Reads, Reserves, Setting, SettingsError, Writes};
use crate::limits::{
    MAX_ARGUMENT_BYTES, MAX_BATCH_MESSAGES, MAX_KEYS, MAX_REBUILD_PAGES, MESSAGE_OVERHEAD, MIN_MAX_BYTES,
    MIN_REBUILD_PAGES, MIN_RETAINED,
};
use canister_base::budget::{BUDGET_BOUNDS, BUDGET_BYTES, TooLow};
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
const STRANGERS: usize = QUOTA_BYTES + 8;
const MEMBERS: usize = STRANGERS + BUDGET_BYTES;
const OWNERS: usize = MEMBERS + BUDGET_BYTES;
const RESERVES: usize = OWNERS + BUDGET_BYTES;
/// Bytes of the durable form.
pub const CONFIGURATION_BYTES: usize = RESERVES + 16;
/// Where the budgets lie, and the first bound of each.
const BUDGETS: [(usize, u32); 3] = [(STRANGERS, 7), (MEMBERS, 7 + BUDGET_BOUNDS), (OWNERS, 7 + 2 * BUDGET_BOUNDS)];
/// Bounds of the durable form.
const BOUNDS: u32 = 19;

/// The amounts that strangers can add within `min_age_seconds`, as errors name them.
const STRANGERS_MESSAGES: &str = "strangers.items.per_second × min_age_seconds + strangers.items.burst + 999";
const STRANGERS_BYTES: &str =
    "strangers.bytes.per_second × min_age_seconds + strangers.bytes.burst + 10 MiB + 125 bytes for each message";
const _: () = assert!(MAX_BATCH_MESSAGES == 1_000 && MAX_ARGUMENT_BYTES == 10 << 20 && MESSAGE_OVERHEAD == 125);

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
    pub strangers: Budget,
    pub members: Budget,
    pub owners: Budget,
    pub reserves: Reserves,
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
            strangers: Budget::default(),
            members: Budget::default(),
            owners: Budget::default(),
            reserves: Reserves::default(),
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
            Setting::strangers(self.strangers),
            Setting::members(self.members),
            Setting::owners(self.owners),
            Setting::reserves(self.reserves),
        ]
    }

    /// Replaces the named settings. An error changes nothing.
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
            Setting::strangers(budget) => self.strangers = budget,
            Setting::members(budget) => self.members = budget,
            Setting::owners(budget) => self.owners = budget,
            Setting::reserves(reserves) => self.reserves = reserves,
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
        at_most("max_keys.strangers", self.max_keys.strangers, self.max_keys.all)?;
        for (name, budget) in [("strangers", self.strangers), ("members", self.members), ("owners", self.owners)] {
            budget.check().map_err(|TooLow { field, value, min }| SettingsError::TooLow {
                setting: format!("{name}.{field}"),
                value: value.into(),
                min: min.into(),
            })?;
        }
        at_most("reserves.all", self.reserves.all, self.reserves.strangers)?;
        self.check_youth()
    }

    /// The messages that strangers can add while a message is too young to be dropped may take at most half of the store.
    /// Otherwise they could fill it with young messages, and members' adds would be refused.
    fn check_youth(&self) -> Result<(), SettingsError> {
        if self.min_age_seconds == 0 || self.writes == Writes::members {
            return Ok(());
        }
        // A call is admitted while something is left, and may use more.
        let sent = |rate: Bound<Rate>, more: u64| {
            rate.limit().map_or(u64::MAX, |rate| {
                u64::from(rate.per_second) * u64::from(self.min_age_seconds) + u64::from(rate.burst) + more
            })
        };
        let added = sent(self.strangers.items, MAX_BATCH_MESSAGES as u64 - 1);
        if let Bound::AtMost(messages) = self.max_messages {
            at_most(STRANGERS_MESSAGES, added, messages / 2)?;
        }
        if let Bound::AtMost(bytes) = self.max_bytes {
            // The ciphertext is part of the argument. Record and key tail come on top of it.
            let records = added.saturating_mul(MESSAGE_OVERHEAD);
            let sent = sent(self.strangers.bytes, MAX_ARGUMENT_BYTES).saturating_add(records);
            at_most(STRANGERS_BYTES, sent, bytes / 2)?;
        }
        Ok(())
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
        for ((at, first), budget) in BUDGETS.into_iter().zip([self.strangers, self.members, self.owners]) {
            let (bytes, bounds) = budget.to_bytes();
            limited |= bounds << first;
            put(at, &bytes);
        }
        put(RESERVES, &self.reserves.strangers.to_le_bytes());
        put(RESERVES + 8, &self.reserves.all.to_le_bytes());
        put(LIMITED, &limited.to_le_bytes());
        bytes
    }

    /// Reads the durable form; `None`: this release cannot have written it.
    pub fn from_bytes(bytes: &[u8; CONFIGURATION_BYTES]) -> Option<Self> {
        let limited = nat32(bytes, LIMITED);
        let short = |number: u32, at: usize| Bound::from((limited >> number & 1 == 1).then(|| nat32(bytes, at)));
        let long = |number: u32, at: usize| Bound::from((limited >> number & 1 == 1).then(|| nat64(bytes, at)));
        if limited >> BOUNDS != 0 {
            return None;
        }
        let budgets = BUDGETS.map(|(at, first)| {
            let mut budget = [0; BUDGET_BYTES];
            budget.copy_from_slice(&bytes[at..at + BUDGET_BYTES]);
            Budget::from_bytes(&budget, limited >> first)
        });
        let [strangers, members, owners] = budgets;
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
            strangers,
            members,
            owners,
            reserves: Reserves { strangers: nat64(bytes, RESERVES), all: nat64(bytes, RESERVES + 8) },
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
        Setting::strangers(_) => "strangers",
        Setting::members(_) => "members",
        Setting::owners(_) => "owners",
        Setting::reserves(_) => "reserves",
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
            strangers: Budget {
                items: Bound::AtMost(Rate { per_second: 1, burst: 2 }),
                bytes: Bound::AtMost(Rate { per_second: 3, burst: 4 }),
                each: Bound::AtMost(Rate { per_second: 5, burst: 6 }),
                cycles_a_day: Bound::AtMost(7),
            },
            members: Budget { each: Bound::AtMost(Rate { per_second: 8, burst: 9 }), ..Budget::default() },
            owners: Budget { cycles_a_day: Bound::AtMost(0), ..Budget::default() },
            reserves: Reserves { strangers: 0x8182_8384_8586_8788, all: 0x0192_9394_9596_9798 },
        }
    }

    #[test]
    fn the_durable_form_stays_byte_for_byte() {
        let golden = [
            "ef270400",
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
            "0100000002000000",
            "0300000004000000",
            "0500000006000000",
            "0700000000000000",
            "00000000000000000000000000000000",
            "0800000009000000",
            "0000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "8887868584838281",
            "9897969594939201",
        ];
        let hex: String = example().to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, golden.concat());
        let default: String = Configuration::default().to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(default, format!("{}ffffff7fffffff7f{}", "00".repeat(36), "00".repeat(124)));
    }

    #[test]
    fn the_durable_form_is_read_back() {
        for configuration in [example(), Configuration::default()] {
            assert_eq!(Configuration::from_bytes(&configuration.to_bytes()), Some(configuration));
        }
    }

    #[test]
    fn values_of_later_releases_are_refused() {
        for (at, value) in [(READS, 2), (WRITES, 3), (LIMITED + 2, 0x08)] {
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
        let (no, rate) = (Budget::default(), |per_second, burst| Bound::AtMost(Rate { per_second, burst }));
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
            (vec![Setting::owners(Budget { items: rate(0, 1), ..no })], low("owners.items.per_second", 0, 1)),
            (vec![Setting::members(Budget { each: rate(1, 0), ..no })], low("members.each.burst", 0, 1)),
            (vec![Setting::reserves(Reserves { strangers: 4, all: 5 })], high("reserves.all", 5, 4)),
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

    #[test]
    fn strangers_cannot_fill_half_of_the_store_with_the_young() {
        let rate = |per_second, burst| Bound::AtMost(Rate { per_second, burst });
        let with = |items, bytes| {
            let mut configuration = Configuration::default();
            configuration.apply(&[
                Setting::min_age_seconds(100),
                Setting::max_messages(Bound::AtMost(4_000)),
                Setting::max_bytes(Bound::AtMost(40_000_000)),
                Setting::strangers(Budget { items, bytes, ..Budget::default() }),
            ])
        };
        let high = |what: &str, value, max| Err(SettingsError::TooHigh { setting: what.to_string(), value, max });
        assert_eq!(with(rate(9, 101), rate(90_000, 264_240)), Ok(()));
        assert_eq!(with(rate(9, 102), rate(90_000, 1)), high(STRANGERS_MESSAGES, 2_001, 2_000));
        assert_eq!(with(rate(9, 101), rate(90_000, 264_241)), high(STRANGERS_BYTES, 20_000_001, 20_000_000));
        assert_eq!(with(Bound::Unlimited, rate(1, 1)), high(STRANGERS_MESSAGES, u64::MAX, 2_000));
        let mut members = Configuration::default();
        let alone =
            [Setting::writes(Writes::members), Setting::max_messages(Bound::AtMost(9)), Setting::min_age_seconds(9)];
        assert_eq!(members.apply(&alone), Ok(()), "strangers send nothing");
    }
}
