//! The store while nobody adds and nobody kills the network: what `verify` asks it.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use candid::utils::ArgumentEncoder;
use candid::{CandidType, Deserialize};
use message_canister::api::{
    CheckCursor, CheckError, CheckReport, Cursor, Heads, Id, KeyCursor, KeyHead, LookupError, Page, PageError, Setting,
    Start, Status, StatusError,
};
use serde_bytes::ByteBuf;

use super::client::MayBeUnavailable;
use crate::draft::{KEYS, key_id};
use crate::inbox::Inbox;
use crate::violation::{Verdict, Violation};

/// How long a rebuild is waited for: tries, and the time between them.
const REBUILD_TRIES: u32 = 6_000;
const REBUILD_WAIT: Duration = Duration::from_millis(20);

/// Pages of what.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// Of ids, both ends included.
    Range(Id, Id),
    /// Of a key.
    Key(u16),
    /// Of a time in seconds, both ends included.
    Time(u32, u32),
}

/// What the canister and the network say of the store.
#[derive(Clone, Debug)]
pub struct Glance {
    /// The first id.
    pub first_id: Id,
    /// The one after the last.
    pub next_id: Id,
    /// How many messages there are.
    pub messages: u32,
    /// The canister's settings.
    pub settings: Vec<Setting>,
    /// The canister's version.
    pub version: u64,
}

/// A store at rest.
pub trait Store {
    /// What is said of it.
    fn glance(&self) -> impl Future<Output = Verdict<Glance>>;
    /// A page.
    fn page(&self, of: Of, cursor: Cursor) -> impl Future<Output = Verdict<Page>>;
    /// The heads of all keys.
    fn heads(&self) -> impl Future<Output = Verdict<Vec<Option<KeyHead>>>>;
    /// A part of its own check.
    fn check(&self, cursor: CheckCursor) -> impl Future<Output = Verdict<CheckReport>>;
}

impl Store for Inbox {
    async fn glance(&self) -> Verdict<Glance> {
        let Status { settings, store, .. } = ask::<_, StatusError>(self, "get_status", ()).await?;
        let store = store.ok_or_else(|| Violation("the controller sees no store".into()))?;
        let version = self.version().await;
        let version = version.map_err(|error| Violation(format!("canister_status failed: {error}")))?;
        Ok(Glance {
            first_id: store.first_id,
            next_id: store.next_id,
            messages: store.messages,
            settings: settings.settings,
            version,
        })
    }

    async fn page(&self, of: Of, cursor: Cursor) -> Verdict<Page> {
        match of {
            Of::Range(first, last) => ask::<_, PageError>(self, "get_messages_by_range", (first, last, cursor)).await,
            Of::Key(key) => ask::<_, PageError>(self, "get_messages_by_key", (key_id(key), of_key(cursor))).await,
            Of::Time(from, until) => ask::<_, PageError>(self, "get_messages_by_time", (from, until, cursor)).await,
        }
    }

    async fn heads(&self) -> Verdict<Vec<Option<KeyHead>>> {
        let keys: Vec<ByteBuf> = (0..KEYS).map(key_id).collect();
        let Heads { heads, .. } = ask::<_, LookupError>(self, "get_key_heads", (&keys,)).await?;
        Ok(heads)
    }

    async fn check(&self, cursor: CheckCursor) -> Verdict<CheckReport> {
        ask::<_, CheckError>(self, "check", (cursor,)).await
    }
}

/// The cursor of a key's pages that starts where another cursor does.
pub fn of_key(cursor: Cursor) -> KeyCursor {
    let Cursor { after, order, limit } = cursor;
    let start = if after == 0 { Start::beginning } else { Start::after(after) };
    KeyCursor { start, order, limit, prove: false }
}

/// Asks until the indexes are rebuilt.
async fn ask<T, E>(inbox: &Inbox, method: &str, arguments: impl ArgumentEncoder + Clone) -> Verdict<T>
where
    T: CandidType + for<'a> Deserialize<'a> + Debug,
    E: CandidType + for<'a> Deserialize<'a> + Debug,
    Result<T, E>: MayBeUnavailable,
{
    for _ in 0..REBUILD_TRIES {
        let answer = inbox.ask::<Result<T, E>>(method, arguments.clone()).await;
        match answer.map_err(|error| Violation(format!("{method} failed: {error}")))? {
            Ok(answer) => return Ok(answer),
            unavailable if unavailable.is_unavailable() => tokio::time::sleep(REBUILD_WAIT).await,
            Err(error) => return Err(Violation(format!("{method} failed: {error:?}"))),
        }
    }
    Err(Violation(format!("{method} stays unavailable")))
}
