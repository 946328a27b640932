//! Checks what the store shows: each message was sent, is whole, and has its known id.

use std::sync::Mutex;

use message_canister::api::{Id, Message, Order};

use super::model::Model;
use crate::soak::lock;
use crate::violation::{Verdict, ensure};

/// A message that the store showed, but for its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: Id,
    /// The message before it under its key.
    pub prev: Id,
    /// The one after it.
    pub next: Id,
    /// Its key.
    pub key: u16,
    /// When it was stored.
    pub timestamp: u32,
    /// Bytes of its ciphertext.
    pub bytes: u32,
}

/// Checks messages that the store showed, and notes where they are and when they were stored.
///
/// # Errors
///
/// If one is not as it was sent, or not where it was, or not of the same time.
pub fn check_messages(model: &Mutex<Model>, messages: &[Message]) -> Verdict<Vec<Seen>> {
    let places: Vec<_> = {
        let model = lock(model);
        messages
            .iter()
            .map(|message| model.place(message).map(|place| (place, model.sent(place))))
            .collect::<Verdict<_>>()?
    };
    // The message was found by its hash. The check is that its bytes have this hash.
    for (message, (_, sent)) in messages.iter().zip(&places) {
        let id = message.id;
        ensure(message.ciphertext == sent.draft.ciphertext(), || {
            format!("the bytes of message {id} are not {sent:?}")
        })?;
    }
    let mut model = lock(model);
    let note = |(message, (place, sent)): (&Message, &(_, super::model::Sent))| {
        let &Message { id, timestamp, prev_id, next_id, .. } = message;
        model.shown(*place, id, timestamp)?;
        let bytes = u32::try_from(message.ciphertext.len()).expect("messages are short");
        Ok(Seen { id, prev: prev_id, next: next_id, key: sent.draft.key, timestamp, bytes })
    };
    messages.iter().zip(&places).map(note).collect()
}

/// Checks the links between successive messages of one key, in pages that were read in this order beside writers.
///
/// # Errors
///
/// If a link leads elsewhere.
pub fn check_links(pages: &[Vec<Seen>], order: Order) -> Verdict<()> {
    let numbered =
        |(number, page): (usize, &Vec<Seen>)| page.iter().map(move |seen| (number, *seen)).collect::<Vec<_>>();
    let mut messages: Vec<(usize, Seen)> = pages.iter().enumerate().flat_map(numbered).collect();
    if order == Order::descending {
        messages.reverse();
    }
    for pair in messages.windows(2) {
        let ((page, one), (following_page, following)) = (pair[0], pair[1]);
        // The last message of a page may have been the last of all, and may have a successor by the next page.
        let grown = one.next == 0 && page < following_page;
        check_link(one, following, grown)?;
    }
    Ok(())
}

/// Checks all links of one key's live messages, in ascending order, while nothing is added. Before them everything
/// through `acknowledged` was acknowledged.
///
/// # Errors
///
/// If a link leads elsewhere.
pub fn check_list(list: &[Seen], acknowledged: Id) -> Verdict<()> {
    for pair in list.windows(2) {
        check_link(pair[0], pair[1], false)?;
    }
    let (first, last) = (list.first(), list.last());
    ensure(first.is_none_or(|first| first.prev == acknowledged), || {
        format!("before the first message there is one: {first:?}")
    })?;
    ensure(last.is_none_or(|last| last.next == 0), || format!("after the last message there is one: {last:?}"))
}

fn check_link(one: Seen, following: Seen, grown: bool) -> Verdict<()> {
    ensure((one.next == following.id || grown) && following.prev == one.id, || {
        format!("a message follows another under their key, but not by its links: {one:?}, {following:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(links: &[(Id, Id, Id)]) -> Vec<Seen> {
        links.iter().map(|&(prev, id, next)| Seen { id, prev, next, key: 0, timestamp: 0, bytes: 1 }).collect()
    }

    #[test]
    fn links_that_lead_elsewhere_are_noticed() {
        let check =
            |pages: &[&[(Id, Id, Id)]], order| check_links(&pages.iter().copied().map(list).collect::<Vec<_>>(), order);
        let (up, down) = (Order::ascending, Order::descending);
        assert_eq!(check(&[&[(0, 1, 4), (1, 4, 0)]], up), Ok(()));
        assert_eq!(check(&[&[(0, 1, 4), (1, 4, 0)], &[(4, 9, 0)]], up), Ok(()), "9 came between the pages");
        assert_eq!(check(&[&[(4, 9, 0)], &[(1, 4, 9), (0, 1, 4)]], down), Ok(()));
        assert!(check(&[&[(0, 1, 4), (1, 5, 0)]], up).is_err());
        assert!(check(&[&[(0, 1, 4), (0, 4, 0)]], up).is_err());
        assert!(check(&[&[(0, 1, 4), (1, 4, 0), (4, 9, 0)]], up).is_err(), "a page is of one moment");
        assert!(check(&[&[(4, 9, 0)], &[(1, 4, 0), (0, 1, 4)]], down).is_err(), "9 was there before 4 was shown");
    }

    #[test]
    fn lists_that_are_cut_or_do_not_end_are_noticed() {
        assert_eq!(check_list(&list(&[(0, 1, 4), (1, 4, 9), (4, 9, 0)]), 0), Ok(()));
        assert_eq!(check_list(&list(&[(1, 4, 9), (4, 9, 0)]), 1), Ok(()), "1 is acknowledged");
        assert!(check_list(&list(&[(1, 4, 9), (4, 9, 0)]), 0).is_err());
        for cut in [
            [(0, 1, 4), (1, 4, 0), (4, 9, 0)],
            [(0, 1, 4), (1, 4, 9), (0, 9, 0)],
            [(0, 1, 4), (1, 4, 9), (4, 9, 12)],
            [(7, 1, 4), (1, 4, 9), (4, 9, 0)],
        ] {
            assert!(check_list(&list(&cut), 0).is_err(), "{cut:?}");
        }
    }
}
