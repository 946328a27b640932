//! Reading a list of messages to its end, page by page.

use std::collections::VecDeque;

use crate::api::{Cursor, Id, KeyCursor, Message, Order, Page, PageError, Start};
use crate::client::Client;
use crate::error::CallError;
use crate::read::{Lie, Read, Trust, Unverified};
use crate::request::{self, Request};
use crate::transport::Transport;
use crate::verify::{self, Asked};
use proofs::seen::{Continued, Seen};
use proofs::verify::Verified;

/// Reads a list of messages, a page at a time.
///
/// Store [`Pages::position`] in the same transaction as the messages of the page, and start after it next time. It is
/// the id of the last message and not the `next` of the page, which is 0 at the end of the list.
///
/// A page with `gap` set says that messages before it were dropped unread, or may have been. The error
/// `PageError::UnknownCursor` says that the position belongs to another store: start again at the beginning.
///
/// Pages of a key are verified where the transport has certificates. Store [`Pages::seen`] beside the position and hand it
/// to the next reader: then a list that was rolled back or exchanged in between is a lie too. If the operator has restored
/// an earlier state, an ascending reader starts again at the beginning: its position goes back, `seen` has a later epoch,
/// and messages that were read may come again.
#[derive(Debug)]
pub struct Pages<'c, T> {
    client: &'c Client<T>,
    list: List,
    cursor: Cursor,
    seen: Option<Seen>,
    ended: bool,
}

/// A page that was checked.
struct Answer {
    page: Page,
    trust: Trust,
    /// The message to remember from now on.
    seen: Option<Seen>,
    /// Under a later epoch the page does not show the message that was seen. So the position may belong to another list.
    is_restored: bool,
}

/// The list that is read.
#[derive(Clone, Debug)]
enum List {
    /// Where the first page starts. It applies until a message has been read.
    Key(Vec<u8>, Start),
    Range(Id, Id),
    Time(u32, u32),
}

impl List {
    /// Behind `cursor.after`, or where the list starts.
    fn request(&self, cursor: Cursor, prove: bool) -> Request<Page, PageError> {
        match self {
            Self::Key(key_id, start) => {
                let Cursor { after, order, limit } = cursor;
                let start = start_behind(after, *start);
                request::get_messages_by_key(key_id, KeyCursor { start, order, limit, prove })
            }
            Self::Range(min, max) => request::get_messages_by_range(*min, *max, cursor),
            Self::Time(from, until) => request::get_messages_by_time(*from, *until, cursor),
        }
    }
}

/// The start of the page after a message; 0: no message has been read.
fn start_behind(after: Id, start: Start) -> Start {
    if after == 0 { start } else { Start::after(after) }
}

impl<'c, T: Transport> Pages<'c, T> {
    pub(crate) fn of_key(client: &'c Client<T>, key_id: &[u8], order: Order, start: Start) -> Self {
        let (start, after) = match start {
            Start::after(after) => (Start::beginning, after),
            start => (start, 0),
        };
        Self::of(client, List::Key(key_id.to_vec(), start), order, after)
    }

    pub(crate) fn in_range(client: &'c Client<T>, min_id: Id, max_id: Id, order: Order, after: Id) -> Self {
        Self::of(client, List::Range(min_id, max_id), order, after)
    }

    pub(crate) fn in_time(client: &'c Client<T>, from: u32, until: u32, order: Order, after: Id) -> Self {
        Self::of(client, List::Time(from, until), order, after)
    }

    fn of(client: &'c Client<T>, list: List, order: Order, after: Id) -> Self {
        // The canister reduces a larger limit to its maximum.
        Self { client, list, cursor: Cursor { after, order, limit: u32::MAX }, seen: None, ended: false }
    }

    /// The same, with at most so many messages in a page.
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.cursor.limit = limit;
        self
    }

    /// The same, for a reader that has seen the key before.
    pub fn with_seen(mut self, seen: Seen) -> Self {
        self.seen = Some(seen);
        self
    }

    /// The newest message of the key that was verified. Store it beside the position.
    pub fn seen(&self) -> Option<Seen> {
        self.seen
    }

    /// The messages one at a time.
    pub fn messages(self) -> Messages<'c, T> {
        let position = self.cursor.after;
        Messages { pages: self, items: VecDeque::new(), position }
    }

    /// The id of the last message that was returned; before the first, the position that the reader started after, or 0.
    pub fn position(&self) -> Id {
        self.cursor.after
    }

    /// The next page. `None`: no messages are left. After an error the same page can be asked for again.
    ///
    /// The last page may be empty if it reports a gap.
    ///
    /// # Errors
    ///
    /// Those of [`Client::send`], an error if the canister's pages do not advance, and a lie if a page does not verify.
    pub async fn next(&mut self) -> Result<Option<Read<Page>>, CallError<PageError>> {
        if self.ended {
            return Ok(None);
        }
        let mut after = self.cursor.after;
        let mut answer = self.ask(after).await;
        if self.may_be_restored(&answer) {
            let first = self.ask(0).await?;
            if first.is_restored || answer.is_ok() {
                (after, answer) = (0, Ok(first));
            }
        }
        let Answer { page, trust, seen, .. } = answer?;
        self.seen = seen;
        self.cursor.after = page.messages.last().map_or(after, |last| last.id);
        self.ended = page.next == 0;
        Ok((!page.messages.is_empty() || page.gap).then_some(Read { value: page, trust }))
    }

    /// Whether the operator has, or may have, restored a state without the messages up to the position. An ascending reader
    /// would then miss messages below it.
    fn may_be_restored(&self, answer: &Result<Answer, CallError<PageError>>) -> bool {
        let may_be = match answer {
            Ok(answer) => answer.is_restored,
            // One replica says this. A verified page at the beginning decides.
            Err(error) => self.seen.is_some() && matches!(error, CallError::Refused(PageError::UnknownCursor { .. })),
        };
        may_be && self.cursor.after != 0 && self.cursor.order == Order::ascending
    }

    /// The page behind an id, checked; 0: where the list starts.
    async fn ask(&self, after: Id) -> Result<Answer, CallError<PageError>> {
        let prove = self.client.transport().certificates().is_some();
        let request = self.list.request(Cursor { after, ..self.cursor }, prove);
        let method = request.method;
        let page = self.client.send(request).await?;
        if let Some(reason) = self.contradiction(after, &page) {
            return Err(CallError::Malformed { method, reason });
        }
        self.verified(after, page).map_err(CallError::Lie)
    }

    /// Verifies a page, and compares it with the message that was seen.
    fn verified(&self, after: Id, mut page: Page) -> Result<Answer, Lie> {
        let unverified =
            |page, why| Ok(Answer { page, trust: Trust::Unverified { why }, seen: self.seen, is_restored: false });
        let List::Key(key_id, start) = &self.list else {
            return unverified(page, Unverified::Unprovable);
        };
        let Some(certificates) = self.client.transport().certificates() else {
            return unverified(page, Unverified::NoCertificates);
        };
        let start = start_behind(after, *start);
        let asked = Asked { key_id, label: self.client.label(key_id), order: self.cursor.order, start };
        let (as_of, verified) = verify::page(certificates, &asked, &mut page)?;
        let trust = Trust::Verified { as_of };
        let newest = Seen::newest(&verified);
        let Some(seen) = self.seen else {
            return Ok(Answer { page, trust, seen: newest, is_restored: false });
        };
        let how = seen.continued_by(&verified).map_err(Lie::Seen)?;
        let is_before = how == Continued::Unlinked && self.is_before(&seen, &verified, page.messages.len());
        // A page before the message that was seen may be of a list that no longer has that message.
        let is_restored = how == Continued::Restored || is_before && verified.state.epoch > seen.epoch;
        let seen = if is_before && !is_restored { seen } else { newest.unwrap_or(seen) };
        Ok(Answer { page, trust, seen: Some(seen), is_restored })
    }

    /// Whether a page ends before the message that was seen, in ascending order. In the same epoch a later page shows whether
    /// that one is the same, so it is remembered until then.
    fn is_before(&self, seen: &Seen, page: &Verified, messages: usize) -> bool {
        let next = u64::from(page.first_rank) + messages as u64;
        self.cursor.order == Order::ascending && messages > 0 && next <= u64::from(seen.rank)
    }

    /// Faults of a page that would make a reader miss messages, read some twice, or read for ever.
    fn contradiction(&self, after: Id, page: &Page) -> Option<String> {
        let mut before = after;
        for message in &page.messages {
            let forward = match self.cursor.order {
                Order::ascending => message.id > before,
                Order::descending => message.id != 0 && (message.id < before || before == 0),
            };
            if !forward {
                return Some(format!("message {} comes behind message {before}", message.id));
            }
            before = message.id;
        }
        let last = page.messages.last().map_or(0, |message| message.id);
        (page.next != 0 && page.next != last)
            .then(|| format!("the page goes on behind {}, but its last message is {last}", page.next))
    }
}

/// Reads a list of messages, a message at a time. [`Pages::messages`] makes it.
#[derive(Debug)]
pub struct Messages<'c, T> {
    pages: Pages<'c, T>,
    items: VecDeque<Read<Item>>,
    position: Id,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Messages at this place of the list were dropped unread, or may have been.
    Gap {
        /// All messages below this id have been dropped.
        first_id: Id,
    },
    /// A message.
    Message(Message),
}

impl<T: Transport> Messages<'_, T> {
    /// The id of the last message that was returned; before the first, the position that the reader started after, or 0.
    pub fn position(&self) -> Id {
        self.position
    }

    /// The next message or gap. `None`: no messages are left. After an error the same entry can be asked for again.
    ///
    /// # Errors
    ///
    /// Those of [`Pages::next`].
    pub async fn next(&mut self) -> Result<Option<Read<Item>>, CallError<PageError>> {
        if self.items.is_empty()
            && let Some(Read { value: page, trust }) = self.pages.next().await?
        {
            let gap = page.gap.then_some(Item::Gap { first_id: page.first_id });
            let items = gap.into_iter().chain(page.messages.into_iter().map(Item::Message));
            self.items.extend(items.map(|value| Read { value, trust }));
        }
        let item = self.items.pop_front();
        if let Some(Read { value: Item::Message(message), .. }) = &item {
            self.position = message.id;
        }
        Ok(item)
    }
}
