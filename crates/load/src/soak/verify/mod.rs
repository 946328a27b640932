//! The whole store against the model, while nothing else happens.

use std::collections::BTreeMap;

use message_canister::api::{
    CheckCursor, CheckError, CheckReport, Cursor, Id, KeyHead, Order, Page, PageError, Status, StatusError,
};
use serde_bytes::ByteBuf;

use super::show::{check_links, check_messages, lock};
use super::{Shared, client::MayBeUnavailable};
use crate::draft::{KEYS, key_id};
use crate::inbox::Inbox;
use crate::violation::{Verdict, Violation, ensure};

/// Messages that are looked at again where not all are.
const OVERLAP: Id = 5_000;
/// Up to so many messages, all are looked at each time.
const SMALL: Id = 50_000;
/// How long a rebuild is waited for: tries, and milliseconds between them.
const REBUILD_TRIES: u32 = 6_000;
const REBUILD_WAIT: u64 = 20;

/// How far the store was looked at.
#[derive(Default)]
pub struct Verifier {
    /// The last id when all of it was.
    complete: Id,
}

/// How much to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All messages and links, unless there are many and hardly more than last time: then the newest.
    Restart,
    /// All messages and links, and the canister's own check, and every key's pages in both directions.
    Everything,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Messages in the store.
    pub messages: u32,
    /// Calls without outcome that have stored their messages.
    pub landed: usize,
}

impl Verifier {
    /// Checks that the store has what is known, and nothing that was not sent.
    ///
    /// # Errors
    ///
    /// If it has not, or has.
    pub async fn verify(&mut self, shared: &Shared, depth: Depth) -> Verdict<Found> {
        let inbox = &shared.controller;
        let status = ask_ready::<Status, StatusError>(inbox, "get_status", ()).await?;
        let last = status.next_id - 1;
        ensure(status.first_id == 1 && status.messages == last, || format!("ids are not dense: {status:?}"))?;
        let lost = lock(&shared.model).last_id();
        ensure(lost <= last, || format!("{lost} is known, but the last id is {last}"))?;

        let all = depth == Depth::Everything || last <= SMALL || last - self.complete > self.complete / 4;
        let from = if all { 1 } else { self.complete.saturating_sub(OVERLAP).max(1) };
        let keys = walk_ids(shared, from, last).await?;
        {
            let model = lock(&shared.model);
            let known = model.known();
            ensure(known == last as usize, || format!("{known} messages are known of {last}"))?;
            for (key, ids) in keys.iter().filter(|_| all) {
                let walked = ids.iter().map(|&(_, id, _)| id);
                ensure(walked.eq(model.ids_of(*key)), || format!("key {key} has other messages than are known"))?;
            }
        }
        let landed = lock(&shared.model).check_open()?;
        for (key, list) in &keys {
            check_links(list).map_err(|Violation(what)| Violation(format!("key {key}: {what}")))?;
            ensure(list.last().is_none_or(|&(_, _, next)| next == 0), || format!("key {key}: the list does not end"))?;
        }
        check_heads(shared).await?;
        if all {
            check(inbox, last).await?;
            self.complete = last;
        }
        if depth == Depth::Everything {
            for (key, list) in &keys {
                check_pages(inbox, *key, list).await?;
            }
        }
        Ok(Found { messages: status.messages, landed })
    }
}

/// A key's messages: of each the id, between those of its neighbours.
type List = Vec<(Id, Id, Id)>;

/// Walks all ids from `from` on, and sorts what is there by keys.
async fn walk_ids(shared: &Shared, from: Id, last: Id) -> Verdict<BTreeMap<u16, List>> {
    let mut keys: BTreeMap<u16, List> = BTreeMap::new();
    let mut next = from;
    while next <= last {
        let cursor = Cursor { after: 0, order: Order::ascending, limit: u32::MAX };
        let page =
            ask_ready::<Page, PageError>(&shared.controller, "get_messages_by_range", (next, last, cursor)).await?;
        ensure(!page.messages.is_empty(), || format!("nothing is stored from {next} to {last}"))?;
        let sent = check_messages(&shared.model, &page.messages)?;
        for (message, sent) in page.messages.iter().zip(sent) {
            ensure(message.id == next, || format!("{next} is missing: {} comes instead", message.id))?;
            keys.entry(sent.draft.key).or_default().push((message.prev_id, message.id, message.next_id));
            next += 1;
        }
    }
    Ok(keys)
}

/// Checks what the index by keys says of every key.
async fn check_heads(shared: &Shared) -> Verdict<()> {
    let keys: Vec<ByteBuf> = (0..KEYS).map(key_id).collect();
    let heads = ask_ready::<Vec<Option<KeyHead>>, message_canister::api::LookupError>(
        &shared.controller,
        "get_key_heads",
        (&keys,),
    );
    for (key, head) in (0..KEYS).zip(heads.await?) {
        let ids = lock(&shared.model).ids_of(key);
        let expected = ids.first().zip(ids.last()).map(|(&min_id, &max_id)| KeyHead {
            min_id,
            max_id,
            count: u32::try_from(ids.len()).expect("ids have 32 bits"),
        });
        ensure(head == expected, || format!("the head of key {key} is {head:?}, it should be {expected:?}"))?;
    }
    Ok(())
}

/// The canister's own check.
async fn check(inbox: &Inbox, messages: Id) -> Verdict<()> {
    let (mut cursor, mut checked) = (CheckCursor::default(), 0);
    loop {
        let report = ask_ready::<CheckReport, CheckError>(inbox, "check", (cursor,)).await?;
        ensure(report.violations.is_empty(), || format!("the canister's check: {:?}", report.violations))?;
        checked += report.checked;
        match report.next {
            Some(next) => cursor = next,
            None => return ensure(checked >= messages, || format!("of {messages} messages {checked} were checked")),
        }
    }
}

/// Pages through a key in both directions.
async fn check_pages(inbox: &Inbox, key: u16, list: &List) -> Verdict<()> {
    for order in [Order::ascending, Order::descending] {
        let mut expected: Vec<Id> = list.iter().map(|&(_, id, _)| id).collect();
        if order == Order::descending {
            expected.reverse();
        }
        let (mut ids, mut after) = (Vec::new(), 0);
        loop {
            let cursor = Cursor { after, order, limit: u32::MAX };
            let page = ask_ready::<Page, PageError>(inbox, "get_messages_by_key", (key_id(key), cursor)).await?;
            ids.extend(page.messages.iter().map(|message| message.id));
            if page.next == 0 {
                break;
            }
            ensure(ids.len() < expected.len(), || format!("key {key} has more pages than messages, {order:?}"))?;
            after = page.next;
        }
        ensure(ids == expected, || format!("key {key} in {order:?} order is {ids:?}, it should be {expected:?}"))?;
    }
    Ok(())
}

/// Asks until the indexes are rebuilt. Nobody kills the network meanwhile.
async fn ask_ready<T, E>(
    inbox: &Inbox,
    method: &str,
    arguments: impl candid::utils::ArgumentEncoder + Clone,
) -> Verdict<T>
where
    T: candid::CandidType + for<'a> candid::Deserialize<'a> + std::fmt::Debug,
    E: candid::CandidType + for<'a> candid::Deserialize<'a> + std::fmt::Debug,
    Result<T, E>: MayBeUnavailable,
{
    for _ in 0..REBUILD_TRIES {
        let answer = inbox.ask::<Result<T, E>>(method, arguments.clone()).await;
        match answer.map_err(|error| Violation(format!("{method} failed: {error}")))? {
            Ok(answer) => return Ok(answer),
            unavailable if unavailable.is_unavailable() => {
                tokio::time::sleep(std::time::Duration::from_millis(REBUILD_WAIT)).await;
            }
            Err(error) => return Err(Violation(format!("{method} failed: {error:?}"))),
        }
    }
    Err(Violation(format!("{method} stays unavailable")))
}
