//! Quotas, shares and hysteresis.

use crate::access::Share;
use crate::access::quota::{KeyFull, Level, admit, full_since};
use crate::api::{Bound, Quota};
use proptest::prelude::*;

fn quota(messages: u32, bytes: u64) -> Quota {
    Quota { messages: Bound::AtMost(messages), bytes: Bound::AtMost(bytes) }
}

/// A key with a clock that advances with each add.
struct Key {
    quota: Quota,
    level: Level,
    now: u32,
}

impl Key {
    fn new(quota: Quota) -> Self {
        Self { quota, level: Level::default(), now: 0 }
    }

    fn add(&mut self, share: Share, bytes: u64) -> Result<(), KeyFull> {
        self.now += 1;
        let full_since = admit(&self.quota, share, &self.level, bytes, self.now)?;
        let Level { messages, bytes: held, .. } = self.level;
        self.level = Level { messages: messages + 1, bytes: held + bytes, newest: self.now, full_since };
        Ok(())
    }

    /// Adds until the first refusal, and returns the number admitted.
    fn fill(&mut self, share: Share, bytes: u64) -> u32 {
        (0..).find(|_| self.add(share, bytes).is_err()).expect("a refusal")
    }

    fn acknowledge(&mut self, messages: u32, bytes: u64) {
        self.level.messages -= messages;
        self.level.bytes -= bytes;
    }

    fn full_since(&self) -> u32 {
        full_since(&self.quota, &self.level)
    }
}

#[test]
fn strangers_fill_a_quarter_members_half_and_friends_all() {
    for quota in [quota(1_000, 1 << 40), quota(1 << 30, 100_000)] {
        let mut key = Key::new(quota);
        assert_eq!(key.fill(Share::Strangers, 100), 250);
        assert_eq!(key.fill(Share::Members, 100), 250);
        assert_eq!(key.fill(Share::Friends, 100), 500);
    }
}

#[test]
fn no_stranger_closes_a_mailbox_to_members_or_to_the_owners_friends() {
    let mut key = Key::new(quota(100, 1 << 40));
    key.fill(Share::Strangers, 10);
    for _ in 0..25 {
        // A stranger keeps trying.
        assert!(key.add(Share::Strangers, 1).is_err());
        assert_eq!(key.add(Share::Members, 10), Ok(()));
    }
    for _ in 0..50 {
        assert!(key.add(Share::Strangers, 1).is_err() && key.add(Share::Members, 1).is_err());
        assert_eq!(key.add(Share::Friends, 10), Ok(()));
    }
    // When the owner has acknowledged some messages, other strangers are not admitted early either.
    key.acknowledge(60, 600);
    assert_eq!(key.add(Share::Members, 10), Ok(()));
    assert!(key.add(Share::Strangers, 1).is_err());
}

#[test]
fn a_full_key_reopens_for_strangers_below_70_percent_of_their_share() {
    let mut key = Key::new(quota(400, 1 << 40));
    assert_eq!(key.fill(Share::Strangers, 10), 100);
    assert_eq!(key.full_since(), 100);
    key.acknowledge(30, 300);
    assert_eq!(key.add(Share::Strangers, 10), Err(KeyFull { since: 100 }));
    key.acknowledge(1, 10);
    assert_eq!(key.full_since(), 0);
    assert_eq!(key.fill(Share::Strangers, 10), 31);
    assert!(key.full_since() > 100);
}

#[test]
fn bytes_fill_and_reopen_a_share_like_messages() {
    let mut key = Key::new(quota(1_000_000, 4_000));
    assert_eq!(key.fill(Share::Strangers, 300), 3);
    // A message of 100 bytes would fit, but the key is full.
    assert_eq!(key.add(Share::Strangers, 100), Err(KeyFull { since: 3 }));
    assert_eq!(key.add(Share::Members, 100), Ok(()));
    key.acknowledge(1, 300);
    assert_eq!(key.add(Share::Strangers, 100), Err(KeyFull { since: 3 }));
    key.acknowledge(1, 1);
    assert_eq!(key.add(Share::Strangers, 100), Ok(()));
}

#[test]
fn a_message_too_large_for_what_is_left_does_not_close_the_key_to_smaller_ones() {
    let mut key = Key::new(quota(1_000_000, 4_000));
    assert_eq!(key.add(Share::Strangers, 600), Ok(()));
    assert_eq!(key.add(Share::Strangers, 600), Err(KeyFull { since: 0 }));
    assert_eq!(key.add(Share::Strangers, 2_000_000), Err(KeyFull { since: 0 }));
    assert_eq!(key.add(Share::Strangers, 10), Ok(()));
}

#[test]
fn a_time_that_members_adds_have_outdated_is_forgotten() {
    let mut key = Key::new(quota(400, 1 << 40));
    key.fill(Share::Strangers, 10);
    key.acknowledge(100, 1_000);
    for _ in 0..80 {
        assert_eq!(key.add(Share::Members, 10), Ok(()));
    }
    assert_eq!(key.full_since(), 0);
    assert_eq!(key.fill(Share::Strangers, 10), 20);
}

#[test]
fn messages_of_friends_close_the_strangers_share_as_well() {
    let mut key = Key::new(quota(400, 1 << 40));
    for _ in 0..100 {
        assert_eq!(key.add(Share::Friends, 10), Ok(()));
    }
    assert_eq!(key.full_since(), 100);
    assert_eq!(key.add(Share::Strangers, 10), Err(KeyFull { since: 100 }));
}

#[test]
fn a_lowered_quota_refuses_at_once_and_says_since_when() {
    let mut key = Key::new(quota(400, 1 << 40));
    for _ in 0..50 {
        assert_eq!(key.add(Share::Strangers, 10), Ok(()));
    }
    key.quota = quota(100, 1 << 40);
    assert_eq!(key.full_since(), 50);
    assert_eq!(key.add(Share::Strangers, 10), Err(KeyFull { since: 50 }));
    assert_eq!(key.add(Share::Members, 10), Err(KeyFull { since: 50 }));
    assert_eq!(key.add(Share::Friends, 10), Ok(()));
}

#[test]
fn a_quota_of_0_closes_the_key_to_everybody_and_one_of_3_to_strangers() {
    for share in [Share::Strangers, Share::Members, Share::Friends] {
        assert!(Key::new(quota(0, 1 << 40)).add(share, 1).is_err());
        assert!(Key::new(quota(1_000, 0)).add(share, 1).is_err());
    }
    assert!(Key::new(quota(3, 1 << 40)).add(Share::Strangers, 1).is_err());
    assert_eq!(Key::new(quota(3, 1 << 40)).fill(Share::Members, 1), 1);
}

#[test]
fn without_a_quota_nobody_is_refused() {
    let unlimited = Quota { messages: Bound::Unlimited, bytes: Bound::Unlimited };
    let level = Level { messages: u32::MAX - 1, bytes: u64::MAX - 1, newest: 1, full_since: 7 };
    for share in [Share::Strangers, Share::Members, Share::Friends] {
        assert_eq!(admit(&unlimited, share, &level, u64::MAX, 9), Ok(0));
    }
    assert_eq!(full_since(&unlimited, &level), 0);
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let quota = quota(u32::MAX, u64::MAX);
    let level = Level { messages: u32::MAX, bytes: u64::MAX, newest: 5, full_since: 3 };
    for share in [Share::Strangers, Share::Members] {
        assert_eq!(admit(&quota, share, &level, u64::MAX, 9), Err(KeyFull { since: 3 }));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Add(Share, u64),
    Acknowledge(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let share = prop_oneof![4 => Just(Share::Strangers), 1 => Just(Share::Members), 1 => Just(Share::Friends)];
    prop_oneof![
        8 => (share, 1..400_u64).prop_map(|(share, bytes)| Step::Add(share, bytes)),
        1 => any::<u8>().prop_map(Step::Acknowledge),
    ]
}

proptest! {
    /// The rules of the module's documentation, restated over all messages that a key holds.
    #[test]
    fn whatever_strangers_do_the_shares_hold(
        messages in 0..60_u32,
        bytes in 0..8_000_u64,
        steps in proptest::collection::vec(step(), 0..300),
    ) {
        let mut key = Key::new(quota(messages, bytes));
        let mut held: Vec<u64> = Vec::new();
        for step in steps {
            match step {
                Step::Add(share, size) => {
                    let part = match share { Share::Strangers => 4, Share::Members => 2, Share::Friends => 1 };
                    let fits = (held.len() as u32) < messages / part
                        && held.iter().sum::<u64>() + size <= bytes / u64::from(part);
                    let before = key.level;
                    let was_full = key.full_since() != 0;
                    let answer = key.add(share, size);
                    // Members and contacts: exactly the messages that fit. Strangers: no others, and none while the key
                    // is full.
                    prop_assert_eq!(answer.is_ok(), fits && !(share == Share::Strangers && was_full));
                    match answer {
                        Ok(()) => held.push(size),
                        Err(error) => {
                            prop_assert_eq!(key.level, before);
                            prop_assert_eq!(error.since, key.full_since().min(error.since));
                        }
                    }
                }
                Step::Acknowledge(part) => {
                    let through = held.len() * usize::from(part) / 255;
                    let freed = held.drain(..through).sum();
                    key.acknowledge(through as u32, freed);
                }
            }
            // The head tells the owner what strangers meet: all their adds are refused, or not.
            let knock = admit(&key.quota, Share::Strangers, &key.level, 1, key.now);
            if key.level.newest != 0 {
                prop_assert_eq!(key.full_since() != 0, knock.is_err());
            }
            // A full key has at least 70 % of the strangers' share, in messages or in bytes.
            if key.level.full_since != 0 && key.full_since() != 0 {
                let (count, sum) = (held.len() as u32, held.iter().sum::<u64>());
                prop_assert!(f64::from(count) >= 0.7 * f64::from(messages / 4) || sum as f64 >= 0.7 * (bytes / 4) as f64);
            }
        }
    }
}
