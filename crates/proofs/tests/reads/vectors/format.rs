//! The form of a vector, as JSON: bytes in hex, an epoch in decimal as a text, everything else a number.
//!
//! `expected` is `{"verified": …}` or `{"refused": {"kind": …}}`, the latter named and filled as the errors of this crate.

use proofs::hash::Hash;
use proofs::head::{Head, State};
use proofs::heads::{HeadsProof, HeadsRefused};
use proofs::page::PageProof;
use proofs::seen::{Broken, Continued, Seen};
use proofs::trie::WitnessError;
use proofs::verify::{Entry, Key, Order, Question, Refused, Shown, Verified};
use proofs::wire::Malformed;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A question for a page, its answer, the data and time of the certificate, the clock, and the verdict.
#[derive(Clone, Serialize, Deserialize)]
pub struct PageVector {
    pub name: String,
    pub key: KeyText,
    #[serde(with = "OrderText")]
    pub order: Order,
    #[serde(with = "EntryText")]
    pub entry: Entry,
    pub root: String,
    /// The certificate's time, unix seconds.
    pub time: u64,
    /// The reader's clock, unix seconds.
    pub clock: u64,
    pub shown: Vec<Message>,
    pub proof: String,
    pub expected: Value,
}

/// A question for heads.
#[derive(Clone, Serialize, Deserialize)]
pub struct HeadsVector {
    pub name: String,
    pub keys: Vec<KeyText>,
    pub root: String,
    pub proof: String,
    pub expected: Value,
}

/// A reader's memory, and a true page.
#[derive(Clone, Serialize, Deserialize)]
pub struct SeenVector {
    pub epoch: String,
    pub id: u32,
    pub rank: u32,
    pub chain: String,
    pub page: PageVector,
    pub expected: Value,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyText {
    Id(String),
    Label(String),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Order", rename_all = "snake_case")]
enum OrderText {
    Ascending,
    Descending,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Entry", rename_all = "snake_case")]
enum EntryText {
    Start,
    After(u32),
    Time(u32),
    Rank(u32),
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Message {
    id: u32,
    prev_id: u32,
    timestamp: u32,
    len: u32,
    hash: String,
}

impl From<&Shown> for Message {
    fn from(&Shown { id, prev_id, timestamp, len, hash }: &Shown) -> Self {
        Self { id, prev_id, timestamp, len, hash: hex::encode(hash) }
    }
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).expect("it is hex")
}

fn hash(text: &str) -> Hash {
    bytes(text).try_into().expect("a hash")
}

impl KeyText {
    fn bytes(&self) -> Vec<u8> {
        let (Self::Id(text) | Self::Label(text)) = self;
        bytes(text)
    }

    fn over<'a>(&self, bytes: &'a [u8]) -> Key<'a> {
        match self {
            Self::Id(_) => Key::Id(bytes),
            Self::Label(text) => Key::Label(hash(text)),
        }
    }
}

impl PageVector {
    /// The page, verified or refused for another reason than its form.
    pub fn verify(&self) -> Result<Result<Verified, Refused>, Malformed> {
        let bytes_of_key = self.key.bytes();
        let key = self.key.over(&bytes_of_key);
        let shown: Vec<_> = self.shown.iter().map(Message::shown).collect();
        let question = Question { key, order: self.order, entry: self.entry };
        let proof = PageProof::from_bytes(&bytes(&self.proof))?;
        Ok(proof.verify(&question, &shown, &hash(&self.root), self.time.max(self.clock)))
    }

    pub fn verdict(&self) -> Value {
        match self.verify() {
            Err(error) => malformed(error),
            Ok(Err(error)) => refused(error),
            Ok(Ok(Verified { head, state, first_rank, more, .. })) => verified(head, state, first_rank, more),
        }
    }
}

impl HeadsVector {
    pub fn verdict(&self) -> Value {
        let proof = match HeadsProof::from_bytes(&bytes(&self.proof)) {
            Ok(proof) => proof,
            Err(error) => return malformed(error),
        };
        let all: Vec<_> = self.keys.iter().map(KeyText::bytes).collect();
        let keys: Vec<_> = self.keys.iter().zip(&all).map(|(key, bytes)| key.over(bytes)).collect();
        match proof.verify(&keys, &hash(&self.root)) {
            Ok(heads) => verified_heads(&heads),
            Err(error) => refused_heads(error),
        }
    }
}

impl SeenVector {
    pub fn verdict(&self) -> Value {
        let Self { epoch, id, rank, chain, .. } = self;
        let seen = Seen { epoch: epoch.parse().expect("an epoch"), id: *id, rank: *rank, chain: hash(chain) };
        let page = self.page.verify().expect("it has the form").expect("it is true");
        match seen.continued_by(&page) {
            Ok(how) => continued(how, seen.missed(&page)),
            Err(how) => broken(how),
        }
    }
}

impl Message {
    fn shown(&self) -> Shown {
        let Self { id, prev_id, timestamp, len, ref hash } = *self;
        Shown { id, prev_id, timestamp, len, hash: self::hash(hash) }
    }
}

pub fn verified(head: Option<Head>, state: State, first_rank: u32, more: bool) -> Value {
    let State { epoch, first_id, max_age, layout, salt } = state;
    let state = json!({
        "epoch": epoch.to_string(), "first_id": first_id, "max_age": max_age, "layout": layout, "salt": hex::encode(salt),
    });
    json!({ "verified": { "head": head.map(head_value), "state": state, "first_rank": first_rank, "more": more } })
}

pub fn verified_heads(heads: &[Option<Head>]) -> Value {
    json!({ "verified": heads.iter().map(|head| head.map(head_value)).collect::<Vec<_>>() })
}

fn head_value(Head { last_id, last_time, rank, chain, acknowledged_id, acknowledged_rank }: Head) -> Value {
    json!({
        "last_id": last_id, "last_time": last_time, "rank": rank, "chain": hex::encode(chain),
        "acknowledged_id": acknowledged_id, "acknowledged_rank": acknowledged_rank,
    })
}

pub fn refused(error: Refused) -> Value {
    let refused = match error {
        Refused::LabelUnknown => json!({ "kind": "label-unknown" }),
        Refused::Witness(error) => json!({ "kind": "witness", "error": witness(error) }),
        Refused::Root => json!({ "kind": "root" }),
        Refused::Count { shown, proved } => json!({ "kind": "count", "shown": shown, "proved": proved }),
        Refused::BelowMissing => json!({ "kind": "below-missing" }),
        Refused::NoSuchKey => json!({ "kind": "no-such-key" }),
        Refused::JumpOutside { id } => json!({ "kind": "jump-outside", "id": id }),
        Refused::Order { id } => json!({ "kind": "order", "id": id }),
        Refused::Chain => json!({ "kind": "chain" }),
        Refused::BeforeEntry { id } => json!({ "kind": "before-entry", "id": id }),
        Refused::Start { rank } => json!({ "kind": "start", "rank": rank }),
        Refused::Empty => json!({ "kind": "empty" }),
    };
    json!({ "refused": refused })
}

pub fn refused_heads(error: HeadsRefused) -> Value {
    let refused = match error {
        HeadsRefused::Count { asked, proved } => json!({ "kind": "count", "asked": asked, "proved": proved }),
        HeadsRefused::LabelUnknown { at } => json!({ "kind": "label-unknown", "at": at }),
        HeadsRefused::Witness { at, error } => json!({ "kind": "witness", "at": at, "error": witness(error) }),
        HeadsRefused::Root { at } => json!({ "kind": "root", "at": at }),
    };
    json!({ "refused": refused })
}

fn witness(error: WitnessError) -> &'static str {
    match error {
        WitnessError::Positions => "positions",
        WitnessError::OffTheWay => "off-the-way",
        WitnessError::NotAbsent => "not-absent",
        WitnessError::Nothing => "nothing",
    }
}

pub fn malformed(error: Malformed) -> Value {
    let error = match error {
        Malformed::Truncated => json!({ "kind": "truncated" }),
        Malformed::TrailingBytes { count } => json!({ "kind": "trailing-bytes", "count": count }),
        Malformed::Version { found } => json!({ "kind": "version", "found": found }),
        Malformed::Case { found } => json!({ "kind": "case", "found": found }),
        Malformed::Number => json!({ "kind": "number" }),
        Malformed::Count { found, max } => json!({ "kind": "count", "found": found, "max": max }),
    };
    json!({ "refused": { "kind": "malformed", "error": error } })
}

pub fn continued(how: Continued, missed: u32) -> Value {
    let how = match how {
        Continued::Extends => "extends",
        Continued::Unlinked => "unlinked",
        Continued::Restarted => "restarted",
        Continued::Restored => "restored",
    };
    json!({ "continued": how, "missed": missed })
}

pub fn broken(how: Broken) -> Value {
    let how = match how {
        Broken::Epoch { seen, found } => {
            json!({ "kind": "epoch", "seen": seen.to_string(), "found": found.to_string() })
        }
        Broken::RolledBack { seen, found } => json!({ "kind": "rolled-back", "seen": seen, "found": found }),
        Broken::Forked { rank } => json!({ "kind": "forked", "rank": rank }),
    };
    json!({ "broken": how })
}
