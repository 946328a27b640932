//! Checks the messages that the store shows: each was sent, is whole, and has its known id.

use std::sync::Mutex;

use message_canister::api::{Id, Message, Order};

use super::model::Model;
use crate::soak::lock;
use crate::violation::{Verdict, ensure};

/// A message that the store showed, without its ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: Id,
    /// The id of the previous message under its key.
    pub prev: Id,
    /// The id of the next message under its key.
    pub next: Id,
    /// Its key.
    pub key: u16,
    /// When it was stored.
    pub timestamp: u32,
    /// Length of its ciphertext in bytes.
    pub bytes: u32,
}

/// Checks messages that the store showed, and notes their ids and times.
///
/// # Errors
///
/// If a message is not as it was sent, or its id or time has changed.
pub fn check_messages(model: &Mutex<Model>, messages: &[Message]) -> Verdict<Vec<Seen>> {
    let places: Vec<_> = {
        let model = lock(model);
        messages
            .iter()
            .map(|message| model.place(message).map(|place| (place, model.sent(place))))
            .collect::<Verdict<_>>()?
    };
    // The model found the message by the hash. Its bytes must have this hash.
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

/// Checks the links between successive messages of one key, in pages that were read in this order while others wrote.
///
/// # Errors
///
/// If a link is wrong.
pub fn check_links(pages: &[Vec<Seen>], order: Order) -> Verdict<()> {
    let numbered =
        |(number, page): (usize, &Vec<Seen>)| page.iter().map(move |seen| (number, *seen)).collect::<Vec<_>>();
    let mut messages: Vec<(usize, Seen)> = pages.iter().enumerate().flat_map(numbered).collect();
    if order == Order::descending {
        messages.reverse();
    }
    for pair in messages.windows(2) {
        let ((page, one), (following_page, following)) = (pair[0], pair[1]);
        // The last message of a page may have had no successor yet, and may have one by the next page.
        let grown = one.next == 0 && page < following_page;
        check_link(one, following, grown)?;
    }
    Ok(())
}

/// Checks all links between one key's live messages, in ascending order, while nothing is added. Everything through
/// `acknowledged` was acknowledged.
///
/// # Errors
///
/// If a link is wrong.
pub fn check_list(list: &[Seen], acknowledged: Id) -> Verdict<()> {
    for pair in list.windows(2) {
        check_link(pair[0], pair[1], false)?;
    }
    let (first, last) = (list.first(), list.last());
    ensure(first.is_none_or(|first| first.prev == acknowledged), || {
        format!("the first message has a predecessor: {first:?}")
    })?;
    ensure(last.is_none_or(|last| last.next == 0), || format!("the last message has a successor: {last:?}"))
}

fn check_link(one: Seen, following: Seen, grown: bool) -> Verdict<()> {
    ensure((one.next == following.id || grown) && following.prev == one.id, || {
        format!("two successive messages of a key are not linked: {one:?}, {following:?}")
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
        assert!(check(&[&[(0, 1, 4), (1, 4, 0), (4, 9, 0)]], up).is_err(), "a page is a snapshot");
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
