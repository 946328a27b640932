//! The parts of the generated sequences (keys, texts and calls that print short), and how they are drawn.

use message_canister::api::*;
use message_canister::limits::{
    MAX_CIPHERTEXT_BYTES, MAX_KEY_ID_BYTES, MAX_REBUILD_PAGES, MAX_SEND_KEY_BYTES, MIN_MAX_BYTES, MIN_REBUILD_PAGES,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_bytes::ByteBuf;

use crate::model::{Who, salted_key_id};
use crate::support::{bytes, sha256};

/// A key id, by its number in [`Key::bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub u8);

impl Key {
    /// So many keys are well formed; the [`Key::BAD`] after them are not.
    pub const GOOD: u8 = 18;
    const BAD: u8 = 3;

    /// The well-formed ones.
    pub fn good() -> impl Iterator<Item = Self> {
        (0..Self::GOOD).map(Self)
    }

    /// Keys that differ only in their length, or in one byte before or behind the part in the record, or that are
    /// prefixes of one another; principals; keys that persons can claim with [`SALT`].
    pub fn bytes(self) -> Vec<u8> {
        let group = |place: usize| {
            let mut key = bytes(5, 41);
            key[place] ^= 1;
            key
        };
        match self.0 {
            0 => vec![7; 20],
            1 => [vec![7; 20], vec![0]].concat(),
            2 => vec![7; 23],
            3 => [vec![7; 23], vec![1]].concat(),
            4 => [vec![7; 23], vec![2]].concat(),
            5 => bytes(5, 41),
            6 => group(40),
            7 => group(0),
            8 => group(22),
            9 => group(23),
            10 => vec![0],
            11 => vec![0, 0],
            12 => bytes(12, MAX_KEY_ID_BYTES),
            13 => bytes(13, MAX_KEY_ID_BYTES - 1),
            14 => Who::Person(0).principal().as_slice().to_vec(),
            15 => Who::Person(1).principal().as_slice().to_vec(),
            16 => salted_key_id(Who::Person(1).principal(), &SALT),
            17 => salted_key_id(Who::Person(2).principal(), &SALT),
            18 => Vec::new(),
            19 => bytes(19, MAX_KEY_ID_BYTES + 1),
            _ => bytes(16, 5_000),
        }
    }
}

/// The salt of claimable keys.
const SALT: [u8; 16] = [3; 16];

/// The persons that call.
pub const PERSONS: u8 = 4;

/// Keys that belong to persons, two of them once they are claimed.
const OWNED: [(Key, Who); 4] =
    [(Key(14), Who::Person(0)), (Key(15), Who::Person(1)), (Key(16), Who::Person(1)), (Key(17), Who::Person(2))];

/// Number of send keys. The last one is too long.
const SECRETS: u8 = 3;

fn secret(number: u8) -> Vec<u8> {
    bytes(number.into(), if number + 1 == SECRETS { MAX_SEND_KEY_BYTES + 1 } else { 16 })
}

/// A message of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub key: Key,
    pub text: Text,
    /// The number of the send key that it shows.
    pub send_key: Option<u8>,
}

impl Item {
    pub fn message(&self) -> NewMessage {
        NewMessage {
            key_id: ByteBuf::from(self.key.bytes()),
            ciphertext: ByteBuf::from(self.text.bytes()),
            send_key: self.send_key.map(|number| ByteBuf::from(secret(number))),
        }
    }
}

/// A ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    pub seed: u32,
    pub length: usize,
}

impl Text {
    pub fn bytes(self) -> Vec<u8> {
        bytes(self.seed, self.length)
    }
}

/// A hash to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Of(Text),
    Exactly([u8; 32]),
    OfLength(u8),
}

impl Hash {
    pub fn bytes(self) -> Vec<u8> {
        match self {
            Self::Of(text) => sha256(&text.bytes()).to_vec(),
            Self::Exactly(hash) => hash.to_vec(),
            Self::OfLength(length) => vec![0; usize::from(length)],
        }
    }
}

/// One step of a sequence.
#[derive(Clone, Debug)]
pub enum Op {
    AddMessage(Key, Text),
    AddMessages(Vec<Item>),
    /// A batch of so many items, more of them than are worth printing.
    AddMany(usize),
    GetMessageById(Id),
    GetMessageByHash(Hash),
    GetMessagesByRange(Id, Id, Cursor),
    GetMessagesByKey(Key, KeyCursor),
    GetMessagesByTime(u32, u32, Cursor),
    GetMinMessageId,
    GetMaxMessageId,
    GetMinMessageIdByKey(Key),
    GetMaxMessageIdByKey(Key),
    GetKeyHeads(Vec<Key>),
    HasMessages(Vec<(Key, Hash)>),
    GetStatus,
    Claim(Key, OwnerProof),
    SetKey(Key, Vec<KeySetting>),
    SetRole(Who, Option<Role>),
    Acknowledge(Key, Id),
    SetSettings(Vec<Setting>),
    /// `None` keeps the settings.
    Upgrade(Option<Vec<Setting>>),
    /// So many seconds after [`crate::support::START_SECONDS`], forward or back.
    SetClock(u32),
}

/// The items of [`Op::AddMany`]: among them duplicates, and some that are refused.
pub fn many(items: usize) -> Vec<NewMessage> {
    let item = |place: usize| {
        let seed = u32::try_from(place % 700).expect("a small number");
        let length = 1 + place % 50;
        let key = Key((place % usize::from(Key::GOOD + 1)) as u8);
        Item { key, text: Text { seed, length }, send_key: None }.message()
    };
    (0..items).map(item).collect()
}

/// As many of the items as an ingress message has room for.
fn within_ingress(items: Vec<Item>) -> Vec<Item> {
    let mut room = MAX_CIPHERTEXT_BYTES + 50_000;
    let fits = |item: &Item| {
        let size = item.key.bytes().len() + item.text.length + 100;
        let fits = size <= room;
        room = room.saturating_sub(size);
        fits
    };
    items.into_iter().take_while(fits).collect()
}

/// A sequence of steps, each with its caller.
pub fn sequence(steps: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(Who, Op)>> {
    vec(step(), steps)
}

fn step() -> impl Strategy<Value = (Who, Op)> {
    let by_the_controller = |op| (Who::Controller, op);
    prop_oneof![
        30 => (who(), updates()),
        16 => of_owners(),
        30 => (who(), queries()),
        4 => settings().prop_map(Op::SetSettings).prop_map(by_the_controller),
        1 => bad_settings().prop_map(Op::SetSettings).prop_map(by_the_controller),
        4 => (0u32..30).prop_map(Op::SetClock).prop_map(by_the_controller),
        2 => upgrades().prop_map(by_the_controller),
    ]
}

/// Operations on an owned key. The owner claims it, gives it a send key and acknowledges. An admin gives it a small quota.
/// Others add, mostly with the right send key.
fn of_owners() -> impl Strategy<Value = (Who, Op)> {
    let number = prop_oneof![6 => Just(0_u8), 1 => Just(1)];
    let parts = (prop::sample::select(OWNED.to_vec()), who(), 0..12, id(), vec(text(), 1..4), number, 4..12_u32);
    parts.prop_map(|((key, owner), other, kind, through, texts, number, messages)| {
        let send_key = NewSendKey::sha256(ByteBuf::from(sha256(&secret(number))));
        let shown = |text| Item { key, text, send_key: Some(number) };
        let quota = Quota { messages: Bound::AtMost(messages), bytes: Bound::Unlimited };
        match kind {
            0 | 1 => (owner, Op::Claim(key, OwnerProof::salt(ByteBuf::from(SALT)))),
            2 | 3 => (owner, Op::SetKey(key, vec![KeySetting::send_key(send_key)])),
            4 => (owner, Op::Acknowledge(key, through)),
            5 | 6 => (Who::Controller, Op::SetKey(key, vec![KeySetting::quota(OwnQuota::own(quota))])),
            _ => (other, Op::AddMessages(within_ingress(texts.into_iter().map(shown).collect()))),
        }
    })
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        8 => Just(Who::Controller),
        8 => person(),
        1 => Just(Who::Anonymous),
    ]
}

fn person() -> impl Strategy<Value = Who> {
    (0..PERSONS).prop_map(Who::Person)
}

fn updates() -> impl Strategy<Value = Op> {
    prop_oneof![
        40 => (key(), text()).prop_map(|(key, text)| Op::AddMessage(key, text)),
        20 => vec(item(), 0..12).prop_map(|items| Op::AddMessages(within_ingress(items))),
        1 => prop_oneof![Just(100), Just(1_000), Just(1_001)].prop_map(Op::AddMany),
        8 => (key(), vec(key_setting(), 1..3)).prop_map(|(key, settings)| Op::SetKey(key, settings)),
        6 => (key(), proof()).prop_map(|(key, proof)| Op::Claim(key, proof)),
        4 => (prop_oneof![9 => person(), 1 => Just(Who::Anonymous)], role()).prop_map(|(who, role)| Op::SetRole(who, role)),
        14 => (key(), id()).prop_map(|(key, through)| Op::Acknowledge(key, through)),
    ]
}

fn item() -> impl Strategy<Value = Item> {
    let send_key = prop::option::weighted(0.3, 0..SECRETS);
    (key(), text(), send_key).prop_map(|(key, text, send_key)| Item { key, text, send_key })
}

fn role() -> impl Strategy<Value = Option<Role>> {
    prop::option::weighted(0.7, prop::sample::select(vec![Role::reader, Role::writer, Role::admin]))
}

fn proof() -> impl Strategy<Value = OwnerProof> {
    let salt = |salt: &[u8]| Just(OwnerProof::salt(ByteBuf::from(salt)));
    prop_oneof![
        3 => Just(OwnerProof::own),
        5 => salt(&SALT),
        1 => salt(&[4; 16]),
        1 => salt(&SALT[1..]),
    ]
}

fn key_setting() -> impl Strategy<Value = KeySetting> {
    let owner = prop_oneof![
        2 => Just(NewOwner::claimant),
        6 => who().prop_map(|who| NewOwner::principal(who.principal())),
    ];
    let send_key = prop_oneof![
        1 => Just(NewSendKey::none),
        6 => (0..SECRETS).prop_map(|number| NewSendKey::sha256(ByteBuf::from(sha256(&secret(number))))),
        1 => Just(NewSendKey::sha256(ByteBuf::from([7; 31]))),
    ];
    let quota = prop_oneof![1 => Just(OwnQuota::store), 3 => quota().prop_map(OwnQuota::own)];
    prop_oneof![
        4 => owner.prop_map(KeySetting::owner),
        6 => send_key.prop_map(KeySetting::send_key),
        3 => quota.prop_map(KeySetting::quota),
        1 => any::<bool>().prop_map(KeySetting::kept),
    ]
}

fn upgrades() -> impl Strategy<Value = Op> {
    prop_oneof![2 => Just(None), 1 => settings().prop_map(Some)].prop_map(Op::Upgrade)
}

/// Limits that a sequence reaches, and none: some of them, or all. Each is valid together with any others. The two
/// ages, one of which bounds the other, come together.
fn settings() -> impl Strategy<Value = Vec<Setting>> {
    use Bound::{AtMost, Unlimited};
    let max_messages =
        prop_oneof![2 => Just(Unlimited), 1 => (1u32..30).prop_map(AtMost), 1 => (1u32..900).prop_map(AtMost)];
    let max_bytes = prop_oneof![3 => Just(Unlimited), 1 => (MIN_MAX_BYTES..3_000_000).prop_map(AtMost)];
    let max_age = prop_oneof![2 => Just(Unlimited), 1 => (1u32..25).prop_map(AtMost)];
    let min_age = prop_oneof![2 => Just(0), 1 => 1u32..25];
    let writes = prop_oneof![4 => Just(Writes::anyone), 1 => Just(Writes::identified), 1 => Just(Writes::members)];
    let reads = prop_oneof![2 => Just(Reads::anyone), 1 => Just(Reads::owners)];
    let ages = (max_age, min_age, writes).prop_map(|(max, min, writes)| {
        let min = max.limit().map_or(min, |max| min.min(max));
        // Strangers without a budget could fill a store with young messages, so such settings are refused.
        let writes = if min == 0 { writes } else { Writes::members };
        vec![Setting::max_age_seconds(max), Setting::writes(writes), Setting::min_age_seconds(min)]
    });
    let all = (
        ages,
        reads.prop_map(|reads| vec![Setting::reads(reads)]),
        quota().prop_map(|quota| vec![Setting::key_quota(quota)]),
        rebuild_pages().prop_map(|pages| vec![Setting::rebuild_pages(pages)]),
        max_messages.prop_map(|max| vec![Setting::max_messages(max)]),
        max_bytes.prop_map(|max| vec![Setting::max_bytes(max)]),
    );
    (all, 0usize..12).prop_map(|((ages, reads, quota, pages, messages, bytes), kept)| {
        [ages, reads, quota, pages, messages, bytes].into_iter().take(kept).flatten().collect()
    })
}

/// The quota of a key: often anything, else so little that a sequence fills it.
fn quota() -> impl Strategy<Value = Quota> {
    use Bound::{AtMost, Unlimited};
    let messages = prop_oneof![1 => Just(Unlimited), 2 => (0u32..24).prop_map(AtMost)];
    let bytes = prop_oneof![1 => Just(Unlimited), 1 => (0u64..6_000).prop_map(AtMost)];
    let limited = (messages, bytes).prop_map(|(messages, bytes)| Quota { messages, bytes });
    prop_oneof![2 => Just(Quota::default()), 1 => limited]
}

fn bad_settings() -> impl Strategy<Value = Vec<Setting>> {
    prop_oneof![
        prop_oneof![Just(0), Just(MIN_REBUILD_PAGES - 1), Just(MAX_REBUILD_PAGES + 1)]
            .prop_map(|pages| vec![Setting::rebuild_pages(Bound::AtMost(pages))]),
        Just(vec![Setting::max_messages(Bound::AtMost(0))]),
        prop_oneof![Just(0), Just(MIN_MAX_BYTES - 1)].prop_map(|bytes| vec![Setting::max_bytes(Bound::AtMost(bytes))]),
        // A good setting before a bad one changes nothing.
        Just(vec![Setting::max_messages(Bound::AtMost(1)), Setting::max_age_seconds(Bound::AtMost(0))]),
        Just(vec![Setting::idle_seconds(Bound::Unlimited); 2]),
    ]
}

fn rebuild_pages() -> impl Strategy<Value = Bound<u32>> {
    prop_oneof![
        Just(Bound::Unlimited),
        Just(Bound::AtMost(MIN_REBUILD_PAGES)),
        Just(Bound::AtMost(MAX_REBUILD_PAGES)),
        (MIN_REBUILD_PAGES..100).prop_map(Bound::AtMost),
    ]
}

fn queries() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => id().prop_map(Op::GetMessageById),
        4 => hash().prop_map(Op::GetMessageByHash),
        6 => (id(), id(), cursor()).prop_map(|(min, max, cursor)| Op::GetMessagesByRange(min, max, cursor)),
        12 => (key(), key_cursor()).prop_map(|(key, cursor)| Op::GetMessagesByKey(key, cursor)),
        6 => (time(), time(), cursor()).prop_map(|(from, until, cursor)| Op::GetMessagesByTime(from, until, cursor)),
        1 => Just(Op::GetMinMessageId),
        1 => Just(Op::GetMaxMessageId),
        1 => key().prop_map(Op::GetMinMessageIdByKey),
        1 => key().prop_map(Op::GetMaxMessageIdByKey),
        2 => vec(key(), 0..10).prop_map(Op::GetKeyHeads),
        2 => vec((key(), hash()), 0..10).prop_map(Op::HasMessages),
        1 => Just(Op::GetStatus),
    ]
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        30 => (0..Key::GOOD).prop_map(Key),
        12 => prop::sample::select(OWNED.to_vec()).prop_map(|(key, _)| key),
        1 => (Key::GOOD..Key::GOOD + Key::BAD).prop_map(Key),
    ]
}

/// A few short texts, so that they repeat; some long ones; some that are refused.
fn text() -> impl Strategy<Value = Text> {
    let of = |seed: u32, length: usize| Text { seed, length };
    prop_oneof![
        60 => (0u32..12, prop_oneof![Just(1), Just(63), Just(64), Just(65), Just(180)])
            .prop_map(move |(seed, length)| of(seed, length)),
        20 => (0u32..1_000, 1usize..600).prop_map(move |(seed, length)| of(seed, length)),
        6 => (0u32..3, prop_oneof![Just(4_096), Just(65_536), Just(100_000)])
            .prop_map(move |(seed, length)| of(seed, length)),
        1 => (0u32..4, prop_oneof![Just(700_000), Just(MAX_CIPHERTEXT_BYTES)])
            .prop_map(move |(seed, length)| of(seed, length)),
        1 => prop_oneof![Just(0), Just(MAX_CIPHERTEXT_BYTES + 1)].prop_map(move |length| of(0, length)),
    ]
}

fn hash() -> impl Strategy<Value = Hash> {
    prop_oneof![
        20 => text().prop_map(Hash::Of),
        1 => prop_oneof![Just(0u8), Just(31), Just(32), Just(33), Just(64)].prop_map(Hash::OfLength),
    ]
}

fn id() -> impl Strategy<Value = Id> {
    prop_oneof![
        20 => 1u32..80,
        4 => 80u32..1_500,
        1 => prop_oneof![Just(0), Just(u32::MAX - 1), Just(u32::MAX)],
    ]
}

fn time() -> impl Strategy<Value = u32> {
    let start = crate::support::START_SECONDS;
    prop_oneof![
        20 => start.saturating_sub(2)..start + 35,
        1 => prop_oneof![Just(0), Just(u32::MAX)],
    ]
}

fn cursor() -> impl Strategy<Value = Cursor> {
    let after = prop_oneof![4 => Just(0), 6 => id()];
    (after, order(), limit()).prop_map(|(after, order, limit)| Cursor { after, order, limit })
}

fn key_cursor() -> impl Strategy<Value = KeyCursor> {
    let start = prop_oneof![
        3 => Just(Start::beginning),
        6 => prop_oneof![1 => Just(0), 9 => id()].prop_map(Start::after),
        4 => time().prop_map(Start::time),
        4 => prop_oneof![9 => 0u32..30, 1 => Just(u32::MAX)].prop_map(Start::rank),
    ];
    (start, order(), limit()).prop_map(|(start, order, limit)| KeyCursor { start, order, limit, prove: false })
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::ascending), Just(Order::descending)]
}

fn limit() -> impl Strategy<Value = u32> {
    prop_oneof![
        1 => Just(0),
        12 => 1u32..6,
        6 => prop_oneof![Just(100), Just(1_000), Just(1_001), Just(u32::MAX)],
    ]
}
