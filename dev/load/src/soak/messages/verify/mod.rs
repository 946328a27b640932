//! Compares the whole store with the model, while nothing else happens.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Mutex;

use message_canister::api::{CheckCursor, Cursor, Id, KeyHead, Order};

use super::model::Model;
use super::rights::{self, QUOTA, STRANGERS_SHARE, quota_of};
use super::show::{Seen, check_list, check_messages};
use super::store::{Glance, Of, Store};
use crate::draft::{KEYS, SHARED_KEYS, owner_of};
use crate::soak::{Depth, lock};
use crate::violation::{Verdict, Violation, ensure};

/// Number of random times by which pages are read in each comparison.
const TIMES: usize = 8;

/// Maximum number of looks at a store that still executes calls from before a kill. There are fewer such calls.
const LOOKS: usize = 10;

/// Compares the store repeatedly.
#[derive(Default)]
pub struct Verifier {
    /// The last id at the canister's last check of itself.
    checked: Id,
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Messages in the store.
    pub messages: u32,
    /// Number of calls without an outcome that were newly found to be executed.
    pub landed: usize,
}

impl Verifier {
    /// Checks that the store has all known messages, and none that nobody sent.
    ///
    /// A call from before a kill may still reach the restarted network. If it is executed during the comparison, the store is
    /// compared once more.
    ///
    /// # Errors
    ///
    /// If a known message is missing, or there is one that nobody sent.
    pub async fn verify(&mut self, model: &Mutex<Model>, store: &impl Store, depth: Depth) -> Verdict<Found> {
        let mut landed = 0;
        for _ in 0..LOOKS {
            let changes = |glance: Glance| (glance.next_id, glance.acknowledged);
            let before = changes(store.glance().await?);
            let found = self.look(model, store, depth).await;
            landed += found.as_ref().map_or(0, |found| found.landed);
            if changes(store.glance().await?) == before {
                return found.map(|found| Found { landed, ..found });
            }
        }
        Err(Violation(format!("in each of {LOOKS} looks at the store, new messages came though no client sends")))
    }

    async fn look(&mut self, model: &Mutex<Model>, store: &impl Store, depth: Depth) -> Verdict<Found> {
        let glance = store.glance().await?;
        let last = glance.next_id - 1;
        ensure(glance.first_id == 1 && glance.messages == last, || format!("ids are not dense: {glance:?}"))?;
        let lost = lock(model).last_id();
        ensure(lost <= last, || format!("{lost} is known, but the last id is {last}"))?;
        lock(model).installs.check(&glance.settings, glance.version)?;
        ensure(glance.roles == rights::roles(), || format!("the roles are {:?}", glance.roles))?;
        for (key, &through) in (SHARED_KEYS..KEYS).zip(&glance.acknowledged) {
            lock(model).acknowledged_shown(key, through)?;
        }

        let all = walk(model, store, Of::Range(1, last), Order::ascending, last).await?;
        let live: Vec<Id> = {
            let model = lock(model);
            (1..=last).filter(|&id| !model.is_acknowledged(id)).collect()
        };
        let dense = all.iter().map(|seen| seen.id).eq(live.iter().copied());
        ensure(dense, || {
            format!("of the live ids from 1 to {last} some are missing, or come twice: {}", gap(&all, &live))
        })?;
        let mut lists: BTreeMap<u16, Vec<Seen>> = BTreeMap::new();
        for seen in &all {
            lists.entry(seen.key).or_default().push(*seen);
        }
        for (key, list) in &lists {
            let acknowledged = lock(model).acknowledged(*key);
            check_list(list, acknowledged).map_err(|Violation(what)| Violation(format!("key {key}: {what}")))?;
        }
        check_heads(model, &lists, &store.heads().await?)?;
        check_times(model, store, &all).await?;
        let landed = lock(model).check_open()?;
        let deep = depth == Depth::Everything;
        if deep || last - self.checked > self.checked / 4 {
            check(store, last).await?;
            self.checked = last;
        }
        if deep {
            for (&key, list) in &lists {
                check_pages(model, store, Of::Key(key), list, list.len() as u32).await?;
            }
            check_pages(model, store, Of::Time(0, u32::MAX), &all, last).await?;
        }
        Ok(Found { messages: glance.messages, landed })
    }
}

/// The first difference between the ids that were shown and those of the live messages.
fn gap(all: &[Seen], live: &[Id]) -> String {
    let at = all.iter().zip(live).find(|(seen, id)| seen.id != **id);
    at.map_or_else(
        || format!("the last is {:?}", all.last()),
        |(seen, id)| format!("in place of {id} there is {seen:?}"),
    )
}

/// Reads all pages. There must be at most `most` messages.
async fn walk(model: &Mutex<Model>, store: &impl Store, of: Of, order: Order, most: u32) -> Verdict<Vec<Seen>> {
    let mut all = Vec::new();
    if most == 0 {
        return Ok(all);
    }
    let mut after = 0;
    loop {
        let cursor = Cursor { after, order, limit: u32::MAX };
        let page = store.page(of, cursor).await?;
        of.check_next(cursor, &page)?;
        all.extend(check_messages(model, &page.messages)?);
        if page.next == 0 {
            return Ok(all);
        }
        ensure(all.len() < most as usize, || format!("{of:?} has more pages than messages, {order:?}"))?;
        after = page.next;
    }
}

/// Checks the head of every key. No message was ever dropped. A key with an owner has a quota, so it has a head from the
/// beginning.
fn check_heads(model: &Mutex<Model>, lists: &BTreeMap<u16, Vec<Seen>>, heads: &[Option<KeyHead>]) -> Verdict<()> {
    ensure(heads.len() == usize::from(KEYS), || format!("{} heads for {KEYS} keys", heads.len()))?;
    let model = lock(model);
    for (key, head) in (0..KEYS).zip(heads) {
        let list = lists.get(&key).map_or(&[][..], Vec::as_slice);
        let number = |length: usize| u32::try_from(length).expect("ids have 32 bits");
        let (count, rank, owned) = (number(list.len()), number(model.ids_of(key).len()), owner_of(key).is_some());
        // Since when a key is full depends on the order of calls. Only whether it can be full is checked.
        let full_since = head.map_or(0, |head| head.full_since);
        let may_be_full = owned && count * 10 >= STRANGERS_SHARE * 7;
        let expected = (rank > 0 || owned).then(|| KeyHead {
            min_id: list.first().map_or(0, |seen| seen.id),
            max_id: list.last().map_or(0, |seen| seen.id),
            count,
            bytes: list.iter().map(|seen| u64::from(seen.bytes)).sum(),
            rank,
            acknowledged_id: model.acknowledged(key),
            quota: quota_of(key),
            full_since: if may_be_full { full_since } else { 0 },
        });
        ensure(*head == expected, || format!("the head of key {key} is {head:?}, it should be {expected:?}"))?;
        ensure(!owned || count <= QUOTA, || format!("key {key} holds {count} messages, its quota is {QUOTA}"))?;
    }
    Ok(())
}

/// Looks up the first and the last message of some periods.
async fn check_times(model: &Mutex<Model>, store: &impl Store, all: &[Seen]) -> Verdict<()> {
    for number in 0..TIMES.min(all.len()) {
        let part = &all[all.len() * number / TIMES.min(all.len())..];
        let from = part[0].timestamp;
        for until in [from, part[part.len() / 2].timestamp] {
            let within = |seen: &&Seen| (from..=until).contains(&seen.timestamp);
            // Times ascend with ids, which the model has checked.
            let ends = [all.iter().find(within), all.iter().rfind(within)];
            for (order, end) in [Order::ascending, Order::descending].into_iter().zip(ends) {
                let seen = first_of(model, store, Of::Time(from, until), order).await?;
                ensure(seen.as_ref() == end, || {
                    format!("from {from} to {until} in {order:?} order comes {seen:?}, it should be {end:?}")
                })?;
            }
        }
    }
    Ok(())
}

/// The first message of a list. Pages of one message are empty where it is acknowledged.
async fn first_of(model: &Mutex<Model>, store: &impl Store, of: Of, order: Order) -> Verdict<Option<Seen>> {
    let mut cursor = Cursor { after: 0, order, limit: 1 };
    loop {
        let page = store.page(of, cursor).await?;
        of.check_next(cursor, &page)?;
        let seen = check_messages(model, &page.messages)?;
        if page.next == 0 || !seen.is_empty() {
            return Ok(seen.first().copied());
        }
        cursor.after = page.next;
    }
}

/// The canister's own check.
async fn check(store: &impl Store, messages: Id) -> Verdict<()> {
    let (mut cursor, mut checked) = (CheckCursor::default(), 0);
    loop {
        let report = store.check(cursor).await?;
        ensure(report.violations.is_empty(), || format!("the canister's check: {:?}", report.violations))?;
        checked += report.checked;
        match report.next {
            Some(next) => cursor = next,
            None => return ensure(checked >= messages, || format!("of {messages} messages {checked} were checked")),
        }
    }
}

/// Reads all pages of these live messages in both directions. With the acknowledged ones there are at most `most` messages.
async fn check_pages(model: &Mutex<Model>, store: &impl Store, of: Of, list: &[Seen], most: u32) -> Verdict<()> {
    for order in [Order::ascending, Order::descending] {
        let mut shown = walk(model, store, of, order, most).await?;
        if order == Order::descending {
            shown.reverse();
        }
        let differs = || shown.iter().zip(list).find(|(one, other)| one != other);
        ensure(shown == list, || {
            let lengths = (shown.len(), list.len());
            format!("pages of {of:?} in {order:?} order differ from those by ids: {lengths:?}, {:?}", differs())
        })?;
    }
    Ok(())
}
