//! The next operation of a client. It follows from the seed, the client and the operation's number. Only the choice among
//! existing messages depends on the other clients.

use message_canister::api::Order;

use crate::draft::{Draft, OWNERS, SHARED_KEYS, key_owned_by};
use crate::soak::actor::Named;
use test_support::Random;

/// Messages with this number or a greater one are sent by several clients.
const CONTESTED: u64 = 1 << 48;

/// A random choice: the index, modulo the number of things to choose from.
pub type Pick = u64;

/// A message of a batch.
#[derive(Clone, Copy, Debug)]
pub enum Item {
    /// A new one.
    New(Draft),
    /// The previous one again.
    Again,
    /// A message that is stored.
    Stored(Pick),
}

/// An operation.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Adds a message that nobody else sends.
    Add(Draft),
    /// Adds a message that all clients send at about this time.
    AddContested(Draft),
    /// Adds a stored message.
    AddStored(Pick),
    /// Adds a batch.
    AddBatch(Vec<Item>),
    /// Pages through a key's messages, from the start or from one of them.
    PagesOfKey {
        /// The key.
        key: u16,
        /// The message to start after. `None`: from the start.
        after: Option<Pick>,
        /// The order.
        order: Order,
        /// Messages in a page.
        limit: u32,
        /// Maximum number of pages.
        pages: u32,
    },
    /// Pages through the ids between two stored messages.
    PagesOfRange {
        /// The messages at both ends.
        ends: [Pick; 2],
        /// The order.
        order: Order,
        /// Messages in a page.
        limit: u32,
    },
    /// Pages through some seconds, from the start or from one of their messages.
    PagesOfTime {
        /// A message of the first second.
        from: Pick,
        /// Number of further seconds.
        seconds: u32,
        /// The message to start after. `None`: from the start.
        after: Option<Pick>,
        /// The order.
        order: Order,
        /// Messages in a page.
        limit: u32,
        /// Maximum number of pages.
        pages: u32,
    },
    /// Gets a message by its id.
    GetById(Pick),
    /// Gets a message by its hash.
    GetByHash(Pick),
    /// Asks whether messages are there, and one that is not.
    HasMessages(Vec<Pick>, Draft),
    /// Asks for messages that are stored, and for one that is not.
    GetHeads,
    /// Acknowledges the messages in the oldest pages of a key. The client may not own the key.
    Acknowledge {
        /// The key.
        key: u16,
        /// Messages in a page.
        limit: u32,
        /// Maximum number of pages.
        pages: u32,
    },
    /// Sends the envelope of an answered call again.
    Replay(Pick),
    /// Upgrades the canister.
    Upgrade,
}

impl Operation {
    /// The operation of this client with this number.
    pub fn draw(seed: u64, client: u64, number: u64) -> Self {
        let mut random = Random::of(&[seed, client, number]);
        let random = &mut random;
        if number % 25 == 24 {
            let mut shared = Random::of(&[seed, CONTESTED, number]);
            return Self::AddContested(Draft { key: key(&mut shared), number: CONTESTED + number, length: 300 });
        }
        let own = u8::try_from(client).ok().and_then(key_owned_by);
        if random.per_mille(if own.is_some() { 60 } else { 6 }) {
            let key = own.unwrap_or_else(|| owned_key(random));
            let (limit, pages) = (random.between(1, 100) as u32, random.between(1, 3) as u32);
            return Self::Acknowledge { key, limit, pages };
        }
        // The numbers of two operations of one client never overlap.
        let new = (client << 40) + (number << 8);
        match random.below(1_000) {
            0..400 => {
                let length = match random.below(250) {
                    0 => 1_000_000,
                    1..200 => random.between(180, 400),
                    _ => random.between(400, 4_096),
                };
                Self::Add(Draft { key: key(random), number: new, length: length as usize })
            }
            400..450 => Self::AddStored(random.word()),
            450..590 => Self::AddBatch(batch(random, new)),
            590..680 => Self::PagesOfKey {
                key: key(random),
                after: random.per_mille(700).then(|| random.word()),
                order: order(random),
                limit: random.between(1, 100) as u32,
                pages: random.between(2, 6) as u32,
            },
            680..740 => Self::PagesOfRange {
                ends: [random.word(), random.word()],
                order: order(random),
                limit: random.between(20, 200) as u32,
            },
            740..800 => Self::PagesOfTime {
                from: random.word(),
                seconds: random.below(4) as u32,
                after: random.per_mille(300).then(|| random.word()),
                order: order(random),
                limit: random.between(1, 100) as u32,
                pages: random.between(2, 6) as u32,
            },
            800..870 => Self::GetById(random.word()),
            870..910 => Self::GetByHash(random.word()),
            910..945 => {
                let picks = (0..random.between(1, 50)).map(|_| random.word()).collect();
                Self::HasMessages(picks, Draft { key: key(random), number: new, length: 200 })
            }
            945..970 => Self::GetHeads,
            970..997 => Self::Replay(random.word()),
            _ => Self::Upgrade,
        }
    }
}

impl Named for Operation {
    fn name(&self) -> &'static str {
        match self {
            Self::Add(_) => "adds",
            Self::AddContested(_) => "adds by all clients of one message",
            Self::AddStored(_) => "adds of a stored message",
            Self::AddBatch(_) => "batches",
            Self::PagesOfKey { .. } => "walks through a key",
            Self::PagesOfRange { .. } => "walks through a range",
            Self::PagesOfTime { .. } => "walks through a time",
            Self::GetById(_) => "gets by id",
            Self::GetByHash(_) => "gets by hash",
            Self::HasMessages(..) => "lookups of messages",
            Self::GetHeads => "lookups of keys",
            Self::Acknowledge { .. } => "walks through a key to acknowledge it",
            Self::Replay(_) => "answered calls sent again",
            Self::Upgrade => "upgrades",
        }
    }
}

fn batch(random: &mut Random, new: u64) -> Vec<Item> {
    let count = if random.per_mille(800) { random.between(2, 20) } else { random.between(21, 200) };
    // Some batches have many bytes.
    let longest = if random.per_mille(40) { 1_800_000 / count } else { 500 }.min(60_000);
    let item = |at: u64| {
        if at > 0 && random.per_mille(40) {
            return Item::Again;
        }
        if random.per_mille(60) {
            return Item::Stored(random.word());
        }
        Item::New(Draft { key: key(random), number: new + at, length: random.between(180, longest) as usize })
    };
    (0..count).map(item).collect()
}

/// Some keys get more messages than others. Owned keys get most.
fn key(random: &mut Random) -> u16 {
    if random.per_mille(150) {
        return owned_key(random);
    }
    let keys = u64::from(SHARED_KEYS);
    random.below(keys).min(random.below(keys)) as u16
}

fn owned_key(random: &mut Random) -> u16 {
    SHARED_KEYS + random.below(u16::from(OWNERS))
}

fn order(random: &mut Random) -> Order {
    if random.per_mille(500) { Order::ascending } else { Order::descending }
}
