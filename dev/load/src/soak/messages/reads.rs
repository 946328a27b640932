//! The reads of a client. They check the answers while other clients write.

use std::collections::BTreeSet;

use client::request::{self, Request};
use message_canister::api::{Cursor, Found, GetError, Id, Message, Order};
use serde_bytes::ByteBuf;

use super::client::{Client, pair};
use super::operation::Operation;
use super::show::{Seen, check_links, check_messages};
use super::store::Of;
use crate::draft::{Draft, KEYS, key_id, owner_of};
use crate::soak::caller::failed;
use crate::violation::{Verdict, Violation, ensure};

/// Successive pages.
pub struct Walk {
    /// The messages of each page, in the requested order.
    pub pages: Vec<Vec<Seen>>,
    /// Where the next page starts; 0: no more pages. Acknowledged messages are not shown, so this may lie behind the last shown
    /// message, even if none was shown.
    pub next: Id,
}

impl Walk {
    /// The messages of all pages.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Seen> {
        self.pages.iter().flatten()
    }
}

impl Client {
    /// Makes a read.
    pub(super) async fn read(&mut self, operation: Operation) -> Verdict<()> {
        let stored = |pick| self.model().pick(pick);
        match operation {
            Operation::PagesOfKey { key, after, order, limit, pages } => {
                let known = self.model().ids_of(key);
                let cursor = Cursor { after: one_of(&known, after), order, limit };
                self.walk_of_key(key, cursor, pages).await.map(drop)
            }
            Operation::PagesOfRange { ends, order, limit } => {
                let (Some(one), Some(other)) = (stored(ends[0]), stored(ends[1])) else { return Ok(()) };
                // Limits the number of pages.
                let low = one.0.min(other.0);
                let high = one.0.max(other.0).min(low + 4 * limit);
                self.pages_of_range(low, high, order, limit).await
            }
            Operation::PagesOfTime { from, seconds, after, order, limit, pages } => {
                // The time of a message is unknown if it was confirmed but never shown.
                let Some(from) = stored(from).and_then(|(_, sent)| sent.timestamp) else { return Ok(()) };
                self.pages_of_time(from, from.saturating_add(seconds), after, order, limit, pages).await
            }
            Operation::GetById(pick) => {
                let Some((id, _)) = stored(pick) else { return Ok(()) };
                self.get(id, &request::get_message_by_id(id, false)).await
            }
            Operation::GetByHash(pick) => {
                let Some((id, sent)) = stored(pick) else { return Ok(()) };
                // Each key's messages have different bytes, so the hash identifies one message.
                self.get(id, &request::get_message_by_hash(&sent.hash)).await
            }
            Operation::HasMessages(picks, absent) => self.has_messages(&picks, absent).await,
            Operation::GetHeads => self.heads().await,
            write => unreachable!("{write:?} is made elsewhere"),
        }
    }

    /// Gets a stored message. It must be there unless it is acknowledged.
    async fn get(&self, id: Id, request: &Request<Found, GetError>) -> Verdict<()> {
        let was_acknowledged = self.model().is_acknowledged(id);
        let method = request.method;
        match self.caller.ask(request).await? {
            Ok(Found { message, .. }) => {
                ensure(!was_acknowledged, || format!("{method} shows {id}, which is acknowledged"))?;
                self.check_one(id, &message)
            }
            Err(error) => ensure(self.model().may_be_acknowledged(id), || {
                format!("{method} lacks message {id}, which is there: {error}")
            }),
        }
    }

    fn check_one(&self, id: Id, message: &Message) -> Verdict<()> {
        ensure(message.id == id, || format!("{id} was asked for, {} answered", message.id))?;
        check_messages(&self.caller.shared.messages.model, std::slice::from_ref(message)).map(drop)
    }

    async fn has_messages(&self, picks: &[u64], absent: Draft) -> Verdict<()> {
        let asked = {
            let model = self.model();
            picks.iter().filter_map(|&pick| model.pick(pick)).collect::<Vec<_>>()
        };
        let mut pairs: Vec<_> = asked.iter().map(|(_, sent)| pair(&sent.draft, sent.hash)).collect();
        pairs.push(pair(&absent, absent.message().1));
        let ids = self.caller.ask(&request::has_messages(&pairs)).await?.map_err(failed)?;
        let expected: Vec<_> = asked.iter().map(|(id, _)| Some(*id)).chain([None]).collect();
        ensure(ids == expected, || format!("has_messages answers {ids:?}, it should be {expected:?}"))
    }

    async fn heads(&self) -> Verdict<()> {
        let (known, acknowledged): (Vec<BTreeSet<Id>>, Vec<Id>) = {
            let model = self.model();
            (0..KEYS).map(|key| (model.ids_of(key), model.acknowledged(key))).unzip()
        };
        let keys: Vec<ByteBuf> = (0..KEYS).map(key_id).collect();
        let heads = self.caller.ask(&request::get_key_heads(&keys, false)).await?.map_err(failed)?.heads;
        ensure(heads.len() == known.len(), || format!("{} heads for {} keys", heads.len(), known.len()))?;
        let model = self.model();
        for (key, ((mut ids, acknowledged), head)) in (0..KEYS).zip(known.into_iter().zip(acknowledged).zip(&heads)) {
            let through = head.map_or(0, |head| head.acknowledged_id);
            let was_asked = through == acknowledged || (through > acknowledged && model.was_asked(key, through));
            ensure(was_asked, || {
                format!("key {key} is acknowledged through {through}, it was through {acknowledged}")
            })?;
            ids.retain(|&id| !model.may_be_acknowledged(id));
            let (Some(first), Some(last)) = (ids.first(), ids.last()) else { continue };
            let covers = head
                .is_some_and(|head| head.min_id <= *first && head.max_id >= *last && head.count as usize >= ids.len());
            ensure(covers, || format!("a key's head is {head:?}, but it has {} from {first} to {last}", ids.len()))?;
        }
        Ok(())
    }

    /// Pages through a key. Checks the messages, their order and their links.
    pub(super) async fn walk_of_key(&self, key: u16, cursor: Cursor, pages: u32) -> Verdict<Walk> {
        let known = self.model().ids_of(key);
        let walk = self.walk(Of::Key(key), cursor, Some(pages)).await?;
        self.check_walk(known, cursor, &walk, |seen| seen.key == key)?;
        if owner_of(key).is_some() {
            // The messages after a page may be acknowledged before the next page is read.
            for page in &walk.pages {
                check_links(std::slice::from_ref(page), cursor.order)?;
            }
        } else {
            check_links(&walk.pages, cursor.order)?;
        }
        Ok(walk)
    }

    /// As [`check_walk`], except that messages may be acknowledged meanwhile.
    fn check_walk(
        &self,
        mut known: BTreeSet<Id>,
        from: Cursor,
        walk: &Walk,
        belongs: impl Fn(&Seen) -> bool,
    ) -> Verdict<()> {
        let model = self.model();
        known.retain(|&id| !model.may_be_acknowledged(id));
        check_walk(&known, from, walk, belongs)
    }

    async fn pages_of_time(
        &self,
        from: u32,
        until: u32,
        after: Option<u64>,
        order: Order,
        limit: u32,
        pages: u32,
    ) -> Verdict<()> {
        let known = self.model().ids_by_time(from, until);
        let cursor = Cursor { after: one_of(&known, after), order, limit };
        let walk = self.walk(Of::Time(from, until), cursor, Some(pages)).await?;
        self.check_walk(known, cursor, &walk, |seen| (from..=until).contains(&seen.timestamp))?;
        let ids: Vec<Id> = walk.messages().map(|seen| seen.id).collect();
        let model = self.model();
        let mut between = ids.windows(2).flat_map(|pair| pair[0].min(pair[1]) + 1..pair[0].max(pair[1]));
        let whole = between.all(|id| model.may_be_acknowledged(id));
        ensure(whole, || format!("between ids of one time there is another: {ids:?}"))
    }

    async fn pages_of_range(&self, low: Id, high: Id, order: Order, limit: u32) -> Verdict<()> {
        let walk = self.walk(Of::Range(low, high), Cursor { after: 0, order, limit }, None).await?;
        let ids: Vec<Id> = walk.messages().map(|seen| seen.id).collect();
        let ascending = ids.windows(2).all(|pair| (pair[0] < pair[1]) == (order == Order::ascending));
        let shown: BTreeSet<Id> = ids.iter().copied().collect();
        let within = shown.iter().all(|id| (low..=high).contains(id));
        // Every id up to the greatest known one has a message.
        let model = self.model();
        let whole = (low..=high).all(|id| shown.contains(&id) || model.may_be_acknowledged(id));
        ensure(ascending && within && whole, || format!("the ids from {low} to {high} are {ids:?}"))
    }

    /// Asks for at most `pages` pages, until there are no more.
    ///
    /// # Errors
    ///
    /// If a message is not as it was sent, or a page makes no progress.
    pub async fn walk(&self, of: Of, cursor: Cursor, pages: Option<u32>) -> Verdict<Walk> {
        let (mut cursor, mut shown) = (cursor, Vec::new());
        for _ in 0..pages.unwrap_or(u32::MAX) {
            let page = self.caller.ask(&of.page(cursor)).await?;
            let page = page.map_err(|error| Violation(format!("{of:?} from {cursor:?} failed: {error}")))?;
            ensure(!page.gap && page.first_id <= 1, || {
                format!("{of:?} from {cursor:?} claims that messages were dropped")
            })?;
            ensure(page.messages.len() <= cursor.limit as usize, || format!("{of:?}: a page beyond its limit"))?;
            of.check_next(cursor, &page)?;
            shown.push(check_messages(&self.caller.shared.messages.model, &page.messages)?);
            if page.next == 0 {
                return Ok(Walk { pages: shown, next: 0 });
            }
            cursor.after = page.next;
        }
        Ok(Walk { pages: shown, next: cursor.after })
    }
}

/// The chosen id, or 0.
fn one_of(known: &BTreeSet<Id>, pick: Option<u64>) -> Id {
    let pick = pick.filter(|_| !known.is_empty());
    pick.and_then(|pick| known.iter().nth((pick % known.len() as u64) as usize)).copied().unwrap_or_default()
}

/// Checks that a walk neither skipped nor repeated an id that was known before it began, and that every shown message `belongs`
/// to the request.
fn check_walk(known: &BTreeSet<Id>, from: Cursor, walk: &Walk, belongs: impl Fn(&Seen) -> bool) -> Verdict<()> {
    let Cursor { after, order, .. } = from;
    let stray = walk.messages().find(|seen| !belongs(seen));
    ensure(stray.is_none(), || format!("pages in {order:?} order from {after} have {stray:?}"))?;
    let ids: Vec<Id> = walk.messages().map(|seen| seen.id).collect();
    let ascending = order == Order::ascending;
    let ordered = ids.windows(2).all(|pair| if ascending { pair[0] < pair[1] } else { pair[0] > pair[1] });
    ensure(ordered, || format!("pages in {order:?} order have {ids:?}"))?;
    // The messages between the walk's start and its end.
    let expected = known.iter().copied().filter(|&id| {
        let behind_start = after == 0 || if ascending { id > after } else { id < after };
        let before_end = walk.next == 0 || if ascending { id <= walk.next } else { id >= walk.next };
        behind_start && before_end
    });
    let shown: BTreeSet<Id> = ids.iter().copied().collect();
    let skipped: Vec<Id> = expected.filter(|id| !shown.contains(id)).collect();
    ensure(skipped.is_empty(), || format!("pages in {order:?} order from {after} skipped {skipped:?}"))?;
    let beyond =
        ids.first().is_some_and(|&first| after != 0 && if ascending { first <= after } else { first >= after });
    ensure(!beyond, || format!("pages in {order:?} order from {after} begin with {:?}", ids.first()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(ids: &[Id], next: Id) -> Walk {
        let page = ids.iter().map(|&id| Seen { id, prev: 0, next: 0, key: 7, timestamp: 0, bytes: 1 });
        Walk { pages: vec![page.collect()], next }
    }

    #[test]
    fn a_message_outside_the_request_is_noticed() {
        let (known, cursor) = (BTreeSet::new(), Cursor { after: 0, order: Order::ascending, limit: 9 });
        assert_eq!(check_walk(&known, cursor, &walk(&[1], 0), |seen| seen.key == 7), Ok(()));
        assert!(check_walk(&known, cursor, &walk(&[1], 0), |seen| seen.key == 8).is_err());
    }

    #[test]
    fn pages_that_skip_or_repeat_are_noticed() {
        let known = BTreeSet::from([2, 4, 6, 8]);
        let (up, down) = (Order::ascending, Order::descending);
        let check = |after, order, ids: &[Id], next| {
            check_walk(&known, Cursor { after, order, limit: 9 }, &walk(ids, next), |_| true)
        };
        // Newer messages may be there too. Messages behind the last page may be missing.
        for (after, order, ids, next) in [
            (0, up, &[2, 4, 6, 8, 9][..], 0),
            (4, up, &[6][..], 6),
            (0, down, &[9, 8, 6, 4, 2][..], 0),
            (6, down, &[4][..], 4),
            (8, up, &[][..], 0),
            // All of the page's messages are acknowledged.
            (0, up, &[][..], 1),
            (0, down, &[][..], 9),
        ] {
            assert_eq!(check(after, order, ids, next), Ok(()), "{after} {order:?} {ids:?}");
        }
        for (after, order, ids, next) in [
            (0, up, &[2, 6, 8][..], 0),
            (0, up, &[2, 4, 6][..], 0),
            (0, up, &[2, 4, 4, 6, 8][..], 0),
            (4, up, &[8][..], 8),
            (4, up, &[4, 6, 8][..], 0),
            (0, down, &[8, 6, 2][..], 0),
            (0, down, &[2, 4, 6, 8][..], 0),
            (6, down, &[6, 4, 2][..], 0),
            (0, down, &[][..], 0),
            (0, up, &[][..], 2),
            (0, up, &[2][..], 5),
        ] {
            assert!(check(after, order, ids, next).is_err(), "{after} {order:?} {ids:?}");
        }
    }
}
