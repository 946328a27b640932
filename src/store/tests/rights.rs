//! Owners, roles and closed reads: a caller who may not see a key gets the same bytes as if the key did not exist.

use super::*;
use crate::api::{
    ClaimError, Cursor, Heads, KeyError, OwnerProof, Reads, Role, RoleError, Setting, StatusError, Writes,
};
use crate::codec::general::encode;
use crate::codec::replies;
use crate::store::StoredRef;
use ::proofs::page::PageProof;
use ::proofs::trie::{End, Witness};
use ::proofs::verify::{self, Entry, Key, Question, Refused};

const KEY: &[u8] = b"key";
const ABSENT: &[u8] = b"yek";

/// A store with closed reads; `filled`: with messages of keys whose owner is `person(1)`, and of other keys.
fn closed(filled: bool) -> Store {
    let mut store = create(&SparseMemory::default());
    store.set_settings(&[Setting::reads(Reads::owners)], EPOCH).unwrap();
    if filled {
        let owner = [owned_by(&person(1))];
        store.change_key(KEY, &owner, &admin(), EPOCH).unwrap();
        store.claim_key(&salted_key_id(&person(1)), &salt(), &person(1), EPOCH).unwrap();
        for key_id in keys() {
            for number in 0..5u32 {
                add(&mut store, &key_id, &[&key_id[..], &number.to_le_bytes()].concat(), EPOCH + number).unwrap();
            }
        }
        store.acknowledge_one(KEY, 2, &person(1), EPOCH + 5).unwrap();
    }
    store
}

/// The keys of the store: a name, a salted one, a principal, and one without an owner.
fn keys() -> [Vec<u8>; 4] {
    [KEY.to_vec(), salted_key_id(&person(1)), person(1).principal().as_slice().to_vec(), b"nobody's".to_vec()]
}

fn salt() -> OwnerProof {
    OwnerProof::salt(vec![3; 16].into())
}

fn view<'a>(store: &'a Store, caller: &Caller) -> View<'a, SparseMemory> {
    store.view(Sight::new(store.settings().reads, caller), || EPOCH + 5)
}

/// The replies of every read method to every kind of question, as bytes.
fn replies(store: &Store, caller: &Caller) -> Vec<(String, Vec<u8>)> {
    let view = view(store, caller);
    let mut replies = Vec::new();
    let mut note = |question: String, bytes: &[u8]| replies.push((question, bytes.to_vec()));
    let hashes = keys().map(|key_id| Sha256::digest([&key_id[..], &4u32.to_le_bytes()].concat()));
    for id in 0..25 {
        let record = view.record_by_id(id);
        let proof = record.as_ref().ok().and_then(|record| view.prove_message(record));
        assert_eq!(proof, None, "message {id}");
        replies::message(&view, record, None, |bytes| note(format!("message {id}"), bytes));
    }
    for hash in hashes {
        replies::message(&view, view.record_by_hash(&hash), None, |bytes| note(format!("hash {hash:x?}"), bytes));
    }
    for order in [Order::ascending, Order::descending] {
        for (after, limit) in [(0, 100), (3, 1), (99, 5), (0, 0)] {
            let cursor = Cursor { after, order, limit };
            let question = format!("{cursor:?}");
            for (from, until) in [(1, 100), (3, 3), (9, 3), (0, 9)] {
                let page = view.records_by_range(from, until, cursor);
                replies::page(&view, page, None, |bytes| note(format!("range {from} to {until}, {question}"), bytes));
            }
            for (from, until) in [(0, u32::MAX), (EPOCH, EPOCH + 1), (9, 3)] {
                let page = view.records_by_time(from, until, cursor);
                replies::page(&view, page, None, |bytes| note(format!("time {from} to {until}, {question}"), bytes));
            }
        }
    }
    for key_id in keys() {
        let of = format!("of {key_id:x?}");
        for start in [Start::beginning, Start::after(2), Start::after(99), Start::time(EPOCH + 2), Start::rank(2)] {
            for (order, limit) in [(Order::ascending, 2), (Order::descending, 100), (Order::ascending, 0)] {
                let cursor = KeyCursor { start, order, limit, prove: true };
                let page = view.records_by_key(&key_id, cursor);
                let proof = page.as_ref().ok().and_then(|page| view.prove_page(&key_id, &cursor, page));
                assert_eq!(proof, None, "{cursor:?} {of}");
                replies::page(&view, page, None, |bytes| note(format!("{cursor:?} {of}"), bytes));
            }
        }
        let heads = view.get_key_heads(&[&key_id]);
        let heads = heads.map(|heads| Heads { heads, first_id: view.shown_first_id(), proof: None });
        replies::heads(heads, |bytes| note(format!("head {of}"), bytes));
        assert_eq!(view.prove_heads(&[&key_id]), None);
        note(format!("min {of}"), &encode(view.get_min_message_id_by_key(&key_id)));
        note(format!("max {of}"), &encode(view.get_max_message_id_by_key(&key_id)));
        let pairs: Vec<_> = hashes.iter().map(|hash| StoredRef { key_id: &key_id, hash }).collect();
        note(format!("has {of}"), &encode(view.has_messages(&pairs)));
    }
    note("min".to_string(), &encode(Ok::<_, StatusError>(view.get_min_message_id())));
    note("max".to_string(), &encode(Ok::<_, StatusError>(view.get_max_message_id())));
    note("status".to_string(), &encode(Ok::<_, StatusError>(view.get_status())));
    replies
}

/// Strangers, members and the anonymous caller see an empty store.
#[test]
fn a_full_store_looks_empty_to_strangers() {
    let member = Caller::new(person(3).principal(), Some(Role::writer), false, false);
    for caller in [person(2), anonymous(), member] {
        let (full, empty) = (replies(&closed(true), &caller), replies(&closed(false), &caller));
        assert_eq!(full.len(), empty.len());
        for ((question, full), (_, empty)) in full.iter().zip(&empty) {
            assert!(full == empty, "{question}: {full:02x?} instead of {empty:02x?}");
        }
    }
}

/// The reply to a stranger's add has neither the id nor whether the message was already stored.
#[test]
fn an_add_tells_strangers_nothing() {
    let mut store = closed(true);
    let told = Ok(Added { id: 0, duplicate: false });
    for key_id in keys().iter().map(Vec::as_slice).chain([ABSENT]) {
        for _ in 0..2 {
            assert_eq!(add(&mut store, key_id, b"from a stranger", EPOCH), told);
        }
    }
    let add_by = |store: &mut Store, caller: &Caller, key_id| {
        store.add_message(NewMessageRef { key_id, ciphertext: b"from a stranger", send_key: None }, caller, EPOCH)
    };
    assert_eq!(add_by(&mut store, &person(1), KEY), Ok(Added { id: 21, duplicate: true }), "its owner");
    assert_eq!(add_by(&mut store, &person(1), b"nobody's"), told);
    assert_eq!(add_by(&mut store, &admin(), b"nobody's"), Ok(Added { id: 24, duplicate: true }));
}

#[test]
fn an_owner_sees_its_keys_and_a_reader_sees_all() {
    let store = closed(true);
    let reader = Caller::new(person(4).principal(), Some(Role::reader), false, false);
    let ids = |caller: &Caller, key_id: &[u8]| {
        let cursor = KeyCursor { start: Start::beginning, order: Order::ascending, limit: 100, prove: false };
        let page = view(&store, caller).get_messages_by_key(key_id, cursor).unwrap();
        page.messages.iter().map(|message| message.id).collect::<Vec<_>>()
    };
    let by_id = |caller: &Caller, id| view(&store, caller).get_message_by_id(id).map(|found| found.message.id);
    for (at, key_id) in keys().iter().enumerate() {
        let all: Vec<Id> = (0..5).map(|number| at as u32 * 5 + number + 1).filter(|id| *id > 2).collect();
        let owned = at < 3;
        for (caller, sees) in [(person(1), owned), (person(2), false), (reader, true), (admin(), true)] {
            assert_eq!(ids(&caller, key_id), if sees { all.clone() } else { Vec::new() }, "key {at}");
            for id in &all {
                let last = 0;
                assert_eq!(
                    by_id(&caller, *id),
                    if sees { Ok(*id) } else { Err(GetError::UnknownId { id: *id, last }) }
                );
            }
            assert_eq!(view(&store, &caller).get_key_head(key_id).unwrap().is_some(), sees);
        }
    }
    assert_eq!(by_id(&person(1), 1), Err(GetError::Dropped { first_id: 1 }), "its own, acknowledged");
    assert_eq!(by_id(&person(2), 1), Err(GetError::UnknownId { id: 1, last: 0 }));
    assert_eq!(status_seen(&store, &reader), Some(20));
    assert_eq!(status_seen(&store, &person(1)), None);
}

fn status_seen(store: &Store, caller: &Caller) -> Option<u32> {
    view(store, caller).get_status().store.map(|seen| seen.messages)
}

/// The salt is not public where reads are closed. An owner verifies with the label that its claim returns.
#[test]
fn an_owner_verifies_by_its_label() {
    let mut store = closed(true);
    let (owner, root) = (person(1), store.take_changed_root().unwrap());
    let own = person(1).principal();
    for (key_id, proof) in [(salted_key_id(&owner), salt()), (own.as_slice().to_vec(), OwnerProof::own)] {
        let claimed = store.claim_key(&key_id, &proof, &owner, EPOCH).unwrap();
        assert_eq!(store.take_changed_root(), None, "claiming again changes nothing");
        let label = claimed.label.as_slice().try_into().unwrap();
        let cursor = KeyCursor { start: Start::beginning, order: Order::descending, limit: 2, prove: true };
        let page = view(&store, &owner).records_by_key(&key_id, cursor).unwrap();
        let proof = view(&store, &owner).prove_page(&key_id, &cursor, &page).expect("it is the owner's");
        let shown: Vec<_> = page.records().rev().map(told).collect();
        let verify = |key| {
            let question = Question { key, order: verify::Order::Descending, entry: Entry::Start };
            PageProof::from_bytes(&proof).unwrap().verify(&question, &shown, &root, EPOCH.into())
        };
        assert_eq!(verify(Key::Label(label)).map(|verified| verified.more), Ok(true));
        assert_eq!(verify(Key::Id(&key_id)).map(|verified| verified.more), Err(Refused::LabelUnknown));
        let record = page.records().next().unwrap();
        assert!(view(&store, &owner).prove_message(record).is_some());
        assert!(view(&store, &owner).prove_heads(&[&key_id]).is_some());
        assert_eq!(view(&store, &owner).prove_heads(&[&key_id, b"nobody's"]), None, "one of them is not its own");
    }
}

/// A caller can make identities, and so own any number of key ids. A proof that one of them is absent would show the leaf
/// beside it. Then anybody could see whose leaf changes when somebody gets a message.
#[test]
fn absence_proofs_of_ground_key_ids_enumerate_nothing() {
    let open = {
        let mut store = closed(true);
        store.set_settings(&[Setting::reads(Reads::anyone)], EPOCH).unwrap();
        store
    };
    let closed = closed(true);
    let shown = |store: &Store| {
        let mut leaves = std::collections::BTreeSet::new();
        for number in 2..=255 {
            let own = person(number).principal();
            let cursor = KeyCursor { start: Start::beginning, order: Order::ascending, limit: 1, prove: true };
            let view = view(store, &person(number));
            let page = view.records_by_key(own.as_slice(), cursor).unwrap();
            let page = view.prove_page(own.as_slice(), &cursor, &page);
            let heads = view.prove_heads(&[own.as_slice()]);
            assert_eq!(page.is_some(), heads.is_some());
            if let Some(Witness { end: End::Other { label, .. }, .. }) =
                page.map(|page| PageProof::from_bytes(&page).unwrap().witness)
            {
                leaves.insert(label);
            }
        }
        leaves.len()
    };
    assert_eq!(shown(&open), keys().len(), "where everybody reads, absence is proved by the leaf beside");
    assert_eq!(shown(&closed), 0);
    // A proof of an existing key does not come together with one of an absent key either.
    let owner = person(1);
    let view = view(&closed, &owner);
    assert!(view.prove_heads(&[KEY]).is_some());
    assert_eq!(view.prove_heads(&[KEY, ABSENT]), None);
}

fn told(record: &Record) -> verify::Shown {
    verify::Shown {
        id: record.id(),
        prev_id: record.prev_id(),
        timestamp: record.timestamp(),
        len: record.ciphertext_len() as u32,
        hash: *record.hash(),
    }
}

/// Refused claims and settings change nothing, not even the root.
#[test]
fn refused_calls_change_nothing() {
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    let salted = salted_key_id(&person(1));
    store.change_key(&salted, &[owned_by(&person(5))], &admin(), EPOCH).unwrap();
    store.take_changed_root();
    let before = memory.snapshot();
    assert_eq!(store.claim_key(&salted, &salt(), &person(1), EPOCH), Err(ClaimError::Owned));
    assert!(matches!(store.claim_key(&salted, &salt(), &person(2), EPOCH), Err(ClaimError::NotThatKey { .. })));
    assert_eq!(store.claim_key(KEY, &salt(), &person(1), EPOCH), Err(ClaimError::NotClaimable { length: 3 }));
    for (settings, caller) in [
        (vec![KeySetting::owner(NewOwner::claimant)], person(5)),
        (vec![KeySetting::kept(true)], person(5)),
        (vec![send_key()], admin()),
        (vec![KeySetting::kept(true), send_key()], admin()),
    ] {
        assert_eq!(store.change_key(&salted, &settings, &caller, EPOCH), Err(KeyError::NotAllowed), "{settings:?}");
        assert_eq!(store.change_key(ABSENT, &settings[..1], &person(6), EPOCH), Err(KeyError::NotAllowed));
    }
    assert_eq!(
        store.change_key(ABSENT, &[KeySetting::owner(NewOwner::claimant)], &admin(), EPOCH),
        Ok(()),
        "it says nothing"
    );
    assert_eq!(store.set_role(Principal::anonymous(), Some(Role::reader)), Err(RoleError::Anonymous));
    assert!(memory.snapshot() == before);
    assert_eq!(store.take_changed_root(), None);
    assert_eq!(status(&store, EPOCH).keys, 1);
}

/// The key's record has the owner's rights. They outlive its messages and upgrades, until the key is forgotten.
#[test]
fn rights_last_as_long_as_the_key() {
    use crate::api::Bound;
    let memory = SparseMemory::default();
    let mut store = create(&memory);
    let salted = salted_key_id(&person(1));
    store.claim_key(&salted, &salt(), &person(1), EPOCH).unwrap();
    store.change_key(&salted, &[send_key()], &person(1), EPOCH).unwrap();
    add(&mut store, &salted, b"x", EPOCH + 1).unwrap();
    let settings = [Setting::max_age_seconds(Bound::AtMost(10)), Setting::idle_seconds(Bound::AtMost(100))];
    store.set_settings(&settings, EPOCH + 50).unwrap();
    store.sweep(9);
    let rights = |store: &Store| store.find_key(&salted).map(|(_, key)| (key.rights.owner, key.rights.send_key));
    let expected = Some((Some(person(1).principal()), Some([7; 32])));
    let mut store = open(&memory);
    assert_eq!(rights(&store), expected);
    store.forget_while(EPOCH + 100, || true).unwrap();
    assert_eq!(rights(&store), expected, "a second too early");
    store.forget_while(EPOCH + 101, || true).unwrap();
    assert_eq!(rights(&store), None);
    add(&mut store, &salted, b"x", EPOCH + 102).unwrap();
    assert_eq!(rights(&store), Some((None, None)), "it starts again");
    assert_eq!(store.links.rank_and_bytes(2), (1, 1));
    assert_eq!(violations(&store), Vec::<String>::new());
}

/// The policy decides who may add. A removed role counts at once.
#[test]
fn policies_decide_who_adds() {
    let mut store = create(&SparseMemory::default());
    let may = |store: &mut Store, principal, text: &[u8]| {
        let caller = store.caller(principal, false);
        let new = NewMessageRef { key_id: KEY, ciphertext: text, send_key: None };
        store.add_message(new, &caller, EPOCH).map(|added| added.id)
    };
    let (member, stranger) = (person(1).principal(), person(2).principal());
    store.set_role(member, Some(Role::writer)).unwrap();
    for (writes, allowed) in [
        (Writes::anyone, [true, true, true]),
        (Writes::identified, [true, true, false]),
        (Writes::members, [true, false, false]),
    ] {
        store.set_settings(&[Setting::writes(writes)], EPOCH).unwrap();
        for (principal, allowed) in [member, stranger, Principal::anonymous()].into_iter().zip(allowed) {
            let text = [&[writes as u8], principal.as_slice()].concat();
            let id = store.inbox.next_id();
            let expected = if allowed { Ok(id) } else { Err(AddError::NotAllowed) };
            assert_eq!(may(&mut store, principal, &text), expected, "{writes:?}");
        }
    }
    store.set_role(member, None).unwrap();
    assert_eq!(may(&mut store, member, b"no member any more"), Err(AddError::NotAllowed));
}
