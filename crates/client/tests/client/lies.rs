//! Lies of a replica. The client must detect and name each of them.

use client::api::*;
use client::proofs::page::PageProof;
use client::proofs::seen::{Broken, Seen};
use client::{CallError, Client, Lie};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};
use test_support::now;

use crate::honest::{Change, filled};
use crate::stored::{FRESH, Stored, key, now as seconds};

const ORDERS: [Order; 2] = [Order::ascending, Order::descending];

/// A lie and its name.
type Told<T> = (fn(&mut T), &'static str);

/// In words, the lie in the page of this question.
fn caught(client: &Client<Stored>, order: Order, start: Start) -> String {
    match now(client.messages_of_key(&key(), order, start).with_limit(4).next()) {
        Err(CallError::Lie(lie)) => lie.to_string(),
        other => panic!("{order:?} {start:?}: {other:?}"),
    }
}

/// A client that is told this lie for every page.
fn liar(lie: impl Fn(&mut Page) + 'static) -> Client<Stored> {
    let stored = filled();
    stored.lie(lie);
    stored.client()
}

fn proof(page: &mut Page) -> &mut Proof {
    page.proof.as_mut().expect("it was asked for")
}

/// The page of another question, changed.
fn instead(key_id: &[u8], cursor: KeyCursor, change: impl Fn(&mut Page)) -> Client<Stored> {
    let stored = filled();
    let arg = candid::encode_args((ByteBuf::from(key_id), cursor)).expect("it encodes");
    let other = candid::decode_one::<Result<Page, PageError>>(&stored.reply("get_messages_by_key", &arg));
    let mut other = other.expect("it is a page").expect("the question is legal");
    change(&mut other);
    stored.lie(move |page: &mut Page| page.clone_from(&other));
    stored.client()
}

fn cursor(start: Start, order: Order) -> KeyCursor {
    KeyCursor { start, order, limit: 4, prove: true }
}

#[test]
fn forged_messages() {
    let broken = "a message was forged, left out, added or exchanged";
    let lies: [Told<Message>; 7] = [
        (|message| message.ciphertext[0] ^= 1, "hash of message {id} is false"),
        (|message| message.hash[0] ^= 1, "hash of message {id} is false"),
        (|message| message.timestamp += 1, broken),
        (|message| message.key_id[0] ^= 1, "message {id} is said to be of another key"),
        (|message| message.next_id += 1, "next_id of message {id} is false"),
        (|message| message.prev_id += 2, "message {id} is not in the order of its key's list"),
        (
            |message| {
                message.ciphertext = ByteBuf::from(*b"forged");
                message.hash = ByteBuf::from(sha256(b"forged"));
            },
            broken,
        ),
    ];
    for (forge, expected) in lies {
        for order in ORDERS {
            let client = liar(move |page| forge(&mut page.messages[2]));
            let id = if order == Order::ascending { 5 } else { 15 };
            assert_eq!(caught(&client, order, Start::beginning), expected.replace("{id}", &id.to_string()));
        }
        let stored = filled();
        stored.lie(move |found: &mut Found| forge(&mut found.message));
        let error = now(stored.client().read_message(5)).expect_err("it is forged");
        assert!(matches!(error, CallError::Lie(_)), "{error}");
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[test]
fn messages_left_out_added_and_reordered() {
    let lies: [fn(&mut Vec<Message>); 6] = [
        |messages| drop(messages.remove(0)),
        |messages| drop(messages.remove(1)),
        |messages| drop(messages.pop()),
        |messages| messages.clear(),
        |messages| messages.insert(1, messages[0].clone()),
        |messages| messages.extend(messages.last().cloned()),
    ];
    for lie in lies {
        for order in ORDERS {
            let client = liar(move |page| {
                lie(&mut page.messages);
                page.next = page.messages.last().map_or(0, |message| message.id);
            });
            match now(client.messages_of_key(&key(), order, Start::beginning).with_limit(4).next()) {
                Err(CallError::Lie(Lie::Page(_))) | Err(CallError::Malformed { .. }) => {}
                other => panic!("{order:?}: {other:?}"),
            }
        }
    }
}

/// The page was cut before it was proved. So only the question shows that it is wrong.
#[test]
fn pages_of_other_questions() {
    use Order::*;
    for (asked, order, answered, expected) in [
        (Start::beginning, ascending, Start::after(3), "messages before rank 3 may have been left out"),
        (Start::after(3), ascending, Start::after(7), "messages before rank 5 may have been left out"),
        (Start::rank(3), ascending, Start::rank(4), "messages before rank 4 may have been left out"),
        (Start::rank(4), ascending, Start::rank(3), "message 5 was not asked for"),
        (Start::time(1), ascending, Start::rank(2), "messages before rank 2 may have been left out"),
        (Start::beginning, descending, Start::after(15), "messages before rank 4 may have been left out"),
        (Start::after(15), descending, Start::after(11), "messages before rank 2 may have been left out"),
        (Start::rank(6), descending, Start::rank(7), "message 13 was not asked for"),
        (Start::beginning, ascending, Start::after(19), "no messages, and nothing shows that there are none"),
        (Start::beginning, descending, Start::after(1), "no messages, and nothing shows that there are none"),
    ] {
        let client = instead(&key(), cursor(answered, order), |_| ());
        assert_eq!(caught(&client, order, asked), expected, "{asked:?} {order:?} answered as {answered:?}");
    }
    // The end of a list is cut off by claiming that nothing follows.
    for order in ORDERS {
        assert_eq!(caught(&liar(|page| page.next = 0), order, Start::beginning), "next of the answer is false");
    }
    assert_eq!(caught(&liar(|page| page.first_id = 0), ORDERS[0], Start::beginning), "first_id of the answer is false");
    assert_eq!(caught(&liar(|page| page.first_id = 2), ORDERS[0], Start::beginning), "first_id of the answer is false");
    assert_eq!(caught(&liar(|page| page.gap = true), ORDERS[0], Start::after(3)), "gap of the answer is false");
}

/// Otherwise a replica that has nothing to show could still claim, or hide, that messages were dropped.
#[test]
fn a_false_gap_of_an_empty_page() {
    // Of all messages, only the newest is left. It is not one of the key's.
    let drop: Change = |stored| stored.set(Setting::max_messages(Bound::AtMost(1)));
    let own = &key()[..];
    let phases: [(Change, &[u8], Start, bool); 7] = [
        (|_| (), own, Start::after(19), false),
        (|_| (), b"nobody", Start::beginning, false),
        (|_| (), b"nobody", Start::after(1), false),
        (|stored| stored.acknowledge(19), own, Start::after(5), false),
        (drop, own, Start::after(5), true),
        (drop, own, Start::after(19), false),
        (drop, b"nobody", Start::after(5), true),
    ];
    for (change, key_id, start, gap) in phases {
        let stored = filled();
        change(&stored);
        let client = stored.client();
        let read = || now(client.messages_of_key(key_id, Order::ascending, start).next());
        let honest = read().expect("it is the truth").map(|page| (page.value.messages.len(), page.value.gap));
        assert_eq!(honest, gap.then_some((0, true)), "{start:?}");
        client.transport().lie(|page: &mut Page| page.gap = !page.gap);
        match read() {
            Err(CallError::Lie(lie)) => assert_eq!(lie.to_string(), "gap of the answer is false"),
            other => panic!("{start:?}: {other:?}"),
        }
    }
}

#[test]
fn answers_for_other_keys_and_denied_keys() {
    for order in ORDERS {
        let other = instead(b"other", cursor(Start::beginning, order), |_| ());
        assert!(caught(&other, order, Start::beginning).ends_with("is said to be of another key"));
        let renamed = instead(b"other", cursor(Start::beginning, order), |page| {
            page.messages.iter_mut().for_each(|message| message.key_id = ByteBuf::from(key()));
        });
        assert_eq!(
            caught(&renamed, order, Start::beginning),
            "the proof belongs to another state than the certified one"
        );
        let absent = instead(b"nobody", cursor(Start::beginning, order), |_| ());
        let denied = caught(&absent, order, Start::beginning);
        assert!(
            denied == "the proof belongs to another state than the certified one"
                || denied.starts_with("the witness is not one of this key"),
            "{denied}"
        );
    }
}

#[test]
fn false_heads() {
    let lies: [Told<Heads>; 8] = [
        (|heads| heads.heads[0] = None, "a key is denied or invented: number 0"),
        (|heads| heads.heads[1] = heads.heads[0], "a key is denied or invented: number 1"),
        (|heads| head(heads).rank -= 1, "rank of key number 0 is false"),
        (|heads| head(heads).acknowledged_id = 1, "acknowledged_id of key number 0 is false"),
        (|heads| head(heads).max_id -= 2, "max_id of key number 0 is false"),
        (|heads| head(heads).max_id = 0, "max_id of key number 0 is false"),
        (|heads| head(heads).count = 11, "count of key number 0 is false"),
        (|heads| heads.heads.truncate(1), "heads of the answer is false"),
    ];
    for (lie, expected) in lies {
        let stored = filled();
        stored.lie(lie);
        match now(stored.client().read_key_heads(&[&key()[..], b"nobody"])) {
            Err(CallError::Lie(lie)) => assert_eq!(lie.to_string(), expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

fn head(heads: &mut Heads) -> &mut KeyHead {
    heads.heads[0].as_mut().expect("the key is there")
}

#[test]
fn proofs_that_are_none() {
    let beginning = |client: Client<Stored>| caught(&client, Order::ascending, Start::beginning);
    assert_eq!(beginning(liar(|page| page.proof = None)), "the proof is missing");
    let truncated = liar(|page| {
        proof(page).bytes.pop();
    });
    assert_eq!(beginning(truncated), "the proof ends in the middle of a field");
    let longer = liar(|page| proof(page).bytes.push(0));
    assert_eq!(beginning(longer), "1 bytes follow the proof");
    let other_state = liar(|page| proof(page).certificate[0] ^= 1);
    assert_eq!(beginning(other_state), "the proof belongs to another state than the certified one");
    let too_old = liar(|page| {
        let time = u64::from(seconds()) - FRESH - 60;
        proof(page).certificate[32..].copy_from_slice(&time.to_le_bytes());
    });
    assert_eq!(beginning(too_old), "its certificate proves nothing: it is too old");
}

/// The certificate of the recorded reply is recent enough. Only a reader that remembers can detect the lie.
#[test]
fn an_older_state() {
    let stored = filled();
    let arg = candid::encode_args((ByteBuf::from(key()), cursor(Start::beginning, Order::descending)));
    let older = stored.reply("get_messages_by_key", &arg.expect("it encodes"));
    stored.add(&key(), "one more");
    let client = stored.client();
    let read = |seen| {
        let mut pages = client.messages_of_key(&key(), Order::descending, Start::beginning).with_limit(4);
        if let Some(seen) = seen {
            pages = pages.with_seen(seen);
        }
        now(pages.next()).map(|_| pages.seen())
    };
    let seen = read(None).expect("it is the truth");
    client.transport().lie_in_bytes(move |_| older.clone());
    assert!(read(None).is_ok(), "who remembers nothing believes it: it was true then");
    match read(seen) {
        Err(CallError::Lie(lie)) => {
            assert_eq!(lie.to_string(), "the newest message has rank 10, but rank 11 was seen before: an older state")
        }
        other => panic!("{other:?}"),
    }
}

/// If a message's two links lead to the same message, either may be taken: both are true.
#[test]
fn every_bit_of_a_proof_that_is_flipped_is_caught_or_says_the_same() {
    let stored = filled();
    let arg = candid::encode_args((ByteBuf::from(key()), cursor(Start::after(5), Order::ascending)));
    let page =
        candid::decode_one::<Result<Page, PageError>>(&stored.reply("get_messages_by_key", &arg.expect("it encodes")));
    let bytes = page.expect("it is a page").expect("the question is legal").proof.expect("it was asked for").bytes;
    let client = stored.client();
    for bit in 0..bytes.len() * 8 {
        client.transport().lie(move |page: &mut Page| proof(page).bytes[bit / 8] ^= 1 << (bit % 8));
        match now(client.messages_of_key(&key(), Order::ascending, Start::after(5)).with_limit(4).next()) {
            Err(CallError::Lie(_)) => {}
            Ok(Some(page)) => {
                let flipped = &page.value.proof.as_ref().expect("it was asked for").bytes;
                let mut flipped = PageProof::from_bytes(flipped).expect("it verified");
                let honest = PageProof::from_bytes(&bytes).expect("it is a proof");
                for (step, honest) in flipped.steps.iter_mut().zip(&honest.steps) {
                    step.taken = honest.taken;
                }
                assert_eq!(flipped, honest, "bit {bit}");
            }
            other => panic!("bit {bit}: {other:?}"),
        }
    }
}

/// The reader's memory, and the true list afterwards. Only a list that continues it is accepted.
#[test]
fn lists_that_do_not_go_on_from_what_was_seen() {
    let client = filled().client();
    let read = |seen: Option<Seen>| {
        let mut pages = client.messages_of_key(&key(), Order::descending, Start::beginning).with_limit(4);
        if let Some(seen) = seen {
            pages = pages.with_seen(seen);
        }
        match now(pages.next()) {
            Ok(_) => Ok(pages.seen().expect("the key has messages")),
            Err(CallError::Lie(Lie::Seen(broken))) => Err(broken),
            other => panic!("{other:?}"),
        }
    };
    let seen = read(None).expect("it is the truth");
    assert_eq!(read(Some(seen)), Ok(seen));
    let forked = Seen { chain: [7; 32], ..seen };
    assert_eq!(read(Some(forked)), Err(Broken::Forked { rank: 10 }));
    let later = Seen { rank: 11, id: 21, ..seen };
    assert_eq!(read(Some(later)), Err(Broken::RolledBack { seen: 11, found: 10 }));
    let epoch = seen.epoch;
    let other_epoch = Seen { epoch: epoch + 1, ..seen };
    assert_eq!(read(Some(other_epoch)), Err(Broken::Epoch { seen: epoch + 1, found: epoch }));
    // Under a later epoch the operator may have restored an earlier state.
    assert_eq!(read(Some(Seen { epoch: epoch - 1, ..later })), Ok(seen));
    // Ranks that start again are accepted only if all seen messages are dropped: ids below 9 are.
    client.transport().set(Setting::max_messages(Bound::AtMost(12)));
    let dropped = Seen { rank: 90, id: 8, ..seen };
    assert_eq!(read(Some(dropped)), Ok(seen));
    let live = Seen { id: 9, ..dropped };
    assert_eq!(read(Some(live)), Err(Broken::RolledBack { seen: 90, found: 10 }));
}

/// The page behind the message that was seen says which message its first one follows.
#[test]
fn a_longer_list_in_which_what_was_seen_is_another_is_refused() {
    let client = filled().client();
    let mut pages = client.messages_of_key(&key(), Order::ascending, Start::after(19));
    assert!(now(pages.next()).expect("it is the truth").is_none());
    let seen = pages.seen().expect("the key has messages");
    for number in 0..30 {
        client.transport().add(&key(), &format!("more {number}"));
    }
    let forked = Seen { chain: [7; 32], ..seen };
    let behind = |seen: Seen| {
        let pages = client.messages_of_key(&key(), Order::ascending, Start::after(seen.id));
        now(pages.with_limit(5).with_seen(seen).next())
    };
    assert!(behind(seen).is_ok());
    assert!(matches!(behind(forked), Err(CallError::Lie(Lie::Seen(Broken::Forked { rank: 10 })))));
    // Where it was read less far than seen, a later page shows it.
    let mut pages = client.messages_of_key(&key(), Order::ascending, Start::beginning).with_limit(2).with_seen(forked);
    let broken = loop {
        match now(pages.next()) {
            Ok(page) => assert!(page.is_some(), "the list was read to its end"),
            Err(CallError::Lie(Lie::Seen(broken))) => break broken,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(broken, Broken::Forked { rank: 10 });
}
