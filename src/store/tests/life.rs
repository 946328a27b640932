//! Random lives of a store: its operations, and the questions that it is asked.

use super::model::KEYS;
use crate::api::Order;
use proptest::prelude::*;

/// One operation of a store.
#[derive(Clone, Debug)]
pub enum Event {
    Add {
        key: u8,
        content: u8,
    },
    Acknowledge {
        key: u8,
        share: u8,
    },
    /// An admin names an owner or none, and keeps the key or does not.
    Open {
        key: u8,
        owned: bool,
        kept: bool,
    },
    Pass(u32),
    MaxMessages(Option<u32>),
    MaxBytes(Option<u64>),
    MaxAge(Option<u32>),
    /// Messages and bytes of a key.
    Quota(Option<u32>, Option<u64>),
    Idle(Option<u32>),
    /// The timer drops messages.
    Drop,
    /// The timer sweeps so many messages.
    Sweep(u32),
    /// The timer overwrites so many ciphertexts.
    Erase(u32),
    /// The timer forgets so many keys.
    Forget(u32),
    Reopen,
}

/// A question. Its numbers are scaled to the store.
#[derive(Clone, Debug)]
pub struct Asked {
    pub key: u8,
    pub start: (u8, u32),
    pub order: Order,
    pub limit: u32,
}

fn event() -> impl Strategy<Value = Event> {
    let key = || 0..KEYS;
    let at_most = |range: std::ops::Range<u32>| prop::option::weighted(0.8, range);
    prop_oneof![
        24 => (key(), 0..24u8).prop_map(|(key, content)| Event::Add { key, content }),
        6 => (key(), any::<u8>()).prop_map(|(key, share)| Event::Acknowledge { key, share }),
        4 => (key(), any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(key, not_owned, kept)| Event::Open { key, owned: !not_owned, kept }),
        6 => (0..30u32).prop_map(Event::Pass),
        2 => at_most(1..12).prop_map(Event::MaxMessages),
        1 => at_most(100..2_000).prop_map(|bytes| Event::MaxBytes(bytes.map(u64::from))),
        2 => at_most(1..60).prop_map(Event::MaxAge),
        1 => (prop::option::of(4..40u32), prop::option::of(100..2_000u64))
            .prop_map(|(messages, bytes)| Event::Quota(messages, bytes)),
        1 => at_most(1..60).prop_map(Event::Idle),
        2 => Just(Event::Drop),
        4 => (1..20u32).prop_map(Event::Sweep),
        3 => (1..9u32).prop_map(Event::Erase),
        3 => (1..4u32).prop_map(Event::Forget),
        2 => Just(Event::Reopen),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    let order = prop_oneof![Just(Order::ascending), Just(Order::descending)];
    (0..KEYS, (0..4u8, any::<u32>()), order, 1..9u32).prop_map(|(key, start, order, limit)| Asked {
        key,
        start,
        order,
        limit,
    })
}

pub fn life() -> impl Strategy<Value = Vec<(Event, Asked, Asked)>> {
    prop::collection::vec((event(), asked(), asked()), 1..60)
}
