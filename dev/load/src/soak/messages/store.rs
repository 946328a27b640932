//! The reads of `verify`, while nobody adds and nobody kills the network.

use std::future::Future;

use candid::Principal;
use client::request::{self, Request};
use message_canister::api::{
    CheckCursor, CheckReport, Cursor, Id, KeyCursor, KeyHead, Order, Page, PageError, Role, Setting, Start,
};
use serde_bytes::ByteBuf;

use crate::draft::{KEYS, SHARED_KEYS, key_id};
use crate::inbox::Inbox;
use crate::soak::caller::ask;
use crate::violation::{Verdict, Violation, ensure};

/// The messages that pages show.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// Those with ids from the first to the second.
    Range(Id, Id),
    /// Those of a key.
    Key(u16),
    /// Those stored from the first to the second time, in seconds.
    Time(u32, u32),
}

/// The status of the store, from the canister and the network.
#[derive(Clone, Debug)]
pub struct Glance {
    /// The first message's id.
    pub first_id: Id,
    /// The id after the last message's.
    pub next_id: Id,
    /// Number of messages.
    pub messages: u32,
    /// The id through which each owned key is acknowledged.
    pub acknowledged: Vec<Id>,
    /// The principals with roles.
    pub roles: Vec<(Principal, Role)>,
    /// The canister's settings.
    pub settings: Vec<Setting>,
    /// The canister's version.
    pub version: u64,
}

/// A store that nobody uses.
pub trait Store {
    /// The status of the store.
    fn glance(&self) -> impl Future<Output = Verdict<Glance>>;
    /// A page.
    fn page(&self, of: Of, cursor: Cursor) -> impl Future<Output = Verdict<Page>>;
    /// The heads of all keys.
    fn heads(&self) -> impl Future<Output = Verdict<Vec<Option<KeyHead>>>>;
    /// A part of the canister's own check.
    fn check(&self, cursor: CheckCursor) -> impl Future<Output = Verdict<CheckReport>>;
}

impl Store for Inbox {
    async fn glance(&self) -> Verdict<Glance> {
        let status = ask(self, &request::get_status()).await?;
        let store = status.store.ok_or_else(|| Violation("the controller sees no store".into()))?;
        let version = self.version().await;
        let version = version.map_err(|error| Violation(format!("canister_status failed: {error}")))?;
        let heads = self.heads().await?;
        let owned = heads.iter().skip(SHARED_KEYS.into());
        Ok(Glance {
            first_id: store.first_id,
            next_id: store.next_id,
            messages: store.messages,
            acknowledged: owned.map(|head| head.map_or(0, |head| head.acknowledged_id)).collect(),
            roles: ask(self, &request::get_roles(None)).await?,
            settings: status.settings.settings,
            version,
        })
    }

    async fn page(&self, of: Of, cursor: Cursor) -> Verdict<Page> {
        ask(self, &of.page(cursor)).await
    }

    async fn heads(&self) -> Verdict<Vec<Option<KeyHead>>> {
        let keys: Vec<ByteBuf> = (0..KEYS).map(key_id).collect();
        Ok(ask(self, &request::get_key_heads(&keys, false)).await?.heads)
    }

    async fn check(&self, cursor: CheckCursor) -> Verdict<CheckReport> {
        ask(self, &request::check(cursor)).await
    }
}

impl Of {
    /// Asks for a page.
    pub fn page(self, cursor: Cursor) -> Request<Page, PageError> {
        let Cursor { after, order, limit } = cursor;
        match self {
            Self::Range(first, last) => request::get_messages_by_range(first, last, cursor),
            Self::Time(from, until) => request::get_messages_by_time(from, until, cursor),
            Self::Key(key) => {
                let start = if after == 0 { Start::beginning } else { Start::after(after) };
                request::get_messages_by_key(&key_id(key), KeyCursor { start, order, limit, prove: false })
            }
        }
    }

    /// Checks where a page says that the next one starts: after its last message. In pages with messages of several keys, it
    /// may start after a later message that is acknowledged and so was not shown.
    ///
    /// # Errors
    ///
    /// If it starts elsewhere.
    pub fn check_next(self, cursor: Cursor, page: &Page) -> Verdict<()> {
        let follows = |from: Id, id: Id| match cursor.order {
            _ if from == 0 => true,
            Order::ascending => id > from,
            Order::descending => id < from,
        };
        let (last, next) = (page.messages.last().map(|message| message.id), page.next);
        let is_past = || follows(cursor.after, next) && last.is_none_or(|last| follows(last, next));
        let is_right = next == 0 || last == Some(next) || (!matches!(self, Self::Key(_)) && is_past());
        ensure(is_right, || {
            format!("{self:?}: a page from {cursor:?} ends with {last:?}, but the next starts after {next}")
        })
    }
}
