//! Proofs while a store drops, sweeps, rebuilds and acknowledges: each true answer is verified, and a lie beside it is
//! not.

use super::reader::{Answer, answer, cursor, question, verdict, verified};
use super::*;
use crate::api::{Bound, Setting};
use crate::limits::MIN_REBUILD_PAGES;
use ::proofs::heads::HeadsProof;
use ::proofs::page::{Jump, Taken};
use ::proofs::seen::{Broken, Continued, Seen};
use ::proofs::trie::{End, WitnessError};
use ::proofs::verify::{Key, Refused};
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager};

const MESSAGES: u32 = 400;

/// A key of many messages between those of another key, one a second.
fn long_list(memory: &SparseMemory) -> Store {
    let mut store = create(memory);
    for number in 0..MESSAGES {
        add(&mut store, b"key", &number.to_le_bytes(), EPOCH + number).unwrap();
        if number % 3 == 0 {
            add(&mut store, b"other", &number.to_le_bytes(), EPOCH + number).unwrap();
        }
    }
    store
}

fn now() -> u32 {
    EPOCH + MESSAGES
}

/// Overwrites records and links of the messages below an id, as others do that take their place in the ring.
fn overwrite_below(memory: &SparseMemory, id: Id) {
    let manager = MemoryManager::init(memory.clone());
    for region in [0, 3] {
        let garbage = vec![0xa5; 84 * (id as usize - 1)];
        manager.get(MemoryId::new(region)).write(LEADING_PAGES * 65_536, &garbage);
    }
}

/// Pages of a key from every place of its live list.
fn every_page(store: &Store, live: u32) -> Vec<(KeyCursor, Answer)> {
    let mut pages = Vec::new();
    for order in [Order::ascending, Order::descending] {
        for rank in MESSAGES - live..=MESSAGES {
            for limit in [1, 7] {
                let cursor = cursor(order, Start::rank(rank), limit);
                let (answer, page) = verified(store, b"key", cursor, now());
                let first = rank.max(MESSAGES - live + 1);
                let expected = match order {
                    Order::ascending => limit.min(MESSAGES + 1 - first),
                    Order::descending => limit.min((rank + live).saturating_sub(MESSAGES)),
                };
                assert_eq!(answer.shown.len() as u32, expected, "{cursor:?}");
                assert!(expected == 0 || order == Order::descending || page.first_rank == first, "{cursor:?}");
                pages.push((cursor, answer));
            }
        }
    }
    pages
}

/// Messages jump to targets that were dropped, swept and overwritten since. Their chain values stand in the links of the
/// messages that are left.
#[test]
fn jump_targets_that_were_dropped() {
    let memory = SparseMemory::default();
    let mut store = long_list(&memory);
    for live in [200u32, 70, 3] {
        let total = live + live.div_ceil(3);
        store.set_settings(&[Setting::max_messages(Bound::AtMost(total))], now()).unwrap();
        // As many of the key's are live as were not dropped.
        let first = store.inbox.first_id();
        let live = list(&store, b"key").len() as u32;
        let before = every_page(&store, live);
        store.sweep_while(|| true);
        assert_eq!(store.inbox.reclaimed_id(), first);
        overwrite_below(&memory, first);
        let after = every_page(&store, live);
        let root = store.root();
        let mut beyond = 0;
        for ((cursor, before), (_, mut after)) in before.into_iter().zip(after) {
            assert_eq!(before.proof, after.proof, "sweeping changes no proof: {cursor:?}");
            let ids: Vec<_> = after.shown.iter().map(|message| message.id).collect();
            for (at, id) in ids.into_iter().enumerate() {
                if store.links.jump(id).id >= first {
                    continue;
                }
                // The lie: another chain value of a message that nobody can read any more.
                if let Jump::To(chain) = &mut after.proof.jumps[at] {
                    chain[0] ^= 1;
                    beyond += 1;
                    assert_eq!(verdict(&after, b"key", cursor, &root, now()), Err(Refused::Chain), "{cursor:?}");
                    let Jump::To(chain) = &mut after.proof.jumps[at] else { unreachable!("it was one") };
                    chain[0] ^= 1;
                }
            }
        }
        assert!(beyond > 0, "no message jumps beyond the live list of {live}");
    }
    // The list goes on: where the jump target of the newest message is gone, the next one jumps to the newest.
    let newest = store.inbox.next_id() - 1;
    for number in 0..9 {
        add(&mut store, b"key", &[b'n', number], now()).unwrap();
        overwrite_below(&memory, store.inbox.first_id());
        verified(&store, b"key", cursor(Order::descending, Start::beginning, 9), now());
    }
    assert!(store.links.jump(newest + 1).id >= newest);
}

/// A replica says that a message's jump target is the message below the page, so that the ones between are left out.
#[test]
fn a_jump_over_live_messages_is_no_start_of_a_page() {
    let memory = SparseMemory::default();
    let mut store = long_list(&memory);
    store.set_settings(&[Setting::max_messages(Bound::AtMost(100))], now()).unwrap();
    let mut lies = 0;
    for rank in MESSAGES - 60..MESSAGES {
        let asked = cursor(Order::ascending, Start::rank(rank), 1);
        let (_, truth) = verified(&store, b"key", asked, now());
        // Deeper pages, whose paths jump over the page that was asked for.
        for deeper in (rank.saturating_sub(9)..rank).filter(|rank| *rank > MESSAGES - 74) {
            let (lie, other) = verified(&store, b"key", cursor(Order::ascending, Start::rank(deeper), 1), now());
            if lie.proof.steps.iter().all(|step| step.taken == Taken::Previous) {
                continue;
            }
            assert!(other.first_rank < truth.first_rank);
            let id = lie.shown[0].id;
            assert_eq!(verdict(&lie, b"key", asked, &store.root(), now()), Err(Refused::BeforeEntry { id }));
            lies += 1;
        }
    }
    assert!(lies > 50, "{lies} lies");
}

/// Pages, heads and single messages are proved while the index is rebuilt, in as many steps as it takes.
#[test]
fn a_rebuild_under_way() {
    let memory = SparseMemory::default();
    let mut store = long_list(&memory);
    for number in 0..900 {
        add(&mut store, &key(number, 41), b"one text under many keys", now()).unwrap();
    }
    store.change_key(b"key", &[owned_by(&person(1))], &admin(), now()).unwrap();
    store.set_settings(&[Setting::rebuild_pages(Bound::AtMost(MIN_REBUILD_PAGES))], now()).unwrap();
    let mut root = store.root();
    let mut store = Store::open(memory.clone(), Capacity::default()).unwrap();
    assert_eq!(store.take_changed_root(), Some(root), "an upgrade certifies the root that it finds");
    let mut steps = 0;
    while let Some(progress) = store.rebuild_progress() {
        let asked = cursor(Order::ascending, Start::rank(20 + steps), 5);
        let (page, whole) = verified(&store, b"key", asked, now());
        proved_by_id(&store, page.shown[0].id);
        let [there, absent] = heads(&store);
        assert_eq!((there, absent), (Ok(whole.head), Ok(None)), "{progress:?}");
        // The lies: the next page, and that there is none.
        let later = answer(&store, b"key", cursor(Order::ascending, Start::rank(21 + steps), 5), now());
        let left_out = Refused::Start { rank: 21 + steps };
        assert_eq!(verdict(&later, b"key", asked, &root, now()), Err(left_out), "{progress:?}");
        let denied = Answer { shown: vec![], ..answer(&store, b"nobody", asked, now()) };
        let denied = verdict(&denied, b"key", asked, &root, now());
        assert!(matches!(denied, Err(Refused::Witness(_) | Refused::Root)), "{denied:?}");
        // An acknowledgement needs no index. The root changes, and what it covers is gone.
        if steps < 9 {
            let acknowledged = store.acknowledge_one(b"key", page.shown[0].id, &person(1), now());
            assert!(acknowledged.is_ok(), "{progress:?}: {acknowledged:?}");
            assert_eq!(verdict(&page, b"key", asked, &root, now()).map(|_| ()), Ok(()), "of its own time");
            root = store.take_changed_root().expect("it changed");
            assert_eq!(verdict(&page, b"key", asked, &root, now()), Err(Refused::Root), "an older state");
        }
        store.rebuild_step().unwrap();
        steps += 1;
    }
    assert!(steps > 9, "{steps} steps");
    assert_eq!(store.root(), root, "a rebuild changes nothing that is certified");
}

/// The proof of a message by its id is verified, and not as that of another id.
fn proved_by_id(store: &Store, id: Id) {
    let view = at(store, now());
    let message = view.get_message_by_id(id).unwrap().message;
    let bytes = view.prove_message(&store.inbox.record(id)).unwrap();
    let proof = ::proofs::page::PageProof::from_bytes(&bytes).unwrap();
    let verify = |after: Id| {
        let asked = cursor(Order::ascending, Start::after(after), 1);
        let shown = [reader::shown(&message)];
        proof.verify(&question(b"key", &asked), &shown, &store.root(), now().into()).map(|page| page.first_rank)
    };
    assert_eq!(verify(id - 1), Ok(store.links.rank_and_bytes(id).0));
    assert_eq!(verify(id), Err(Refused::BeforeEntry { id }));
}

/// The proved heads of a key that exists and of one that does not.
fn heads(store: &Store) -> [Result<Option<::proofs::head::Head>, WitnessError>; 2] {
    let keys = [&b"key"[..], b"nobody"];
    let proof = HeadsProof::from_bytes(&at(store, now()).prove_heads(&keys).unwrap()).unwrap();
    let heads = proof.verify(&keys.map(Key::Id), &store.root()).expect("they are proved");
    // The lie: each key's witness is the other's.
    let mut lie = proof;
    lie.witnesses.reverse();
    lie.verify(&keys.map(Key::Id), &store.root()).expect_err("they are exchanged");
    let [there, absent] = &heads[..] else { panic!("two keys") };
    [Ok(*there), Ok(*absent)]
}

/// Between two pages messages become too old, are dropped, and are swept. The second page starts where the oldest live
/// message is, and says so: nothing else may be left out.
#[test]
fn messages_expire_between_two_pages() {
    let memory = SparseMemory::default();
    let mut store = long_list(&memory);
    store.set_settings(&[Setting::max_age_seconds(Bound::AtMost(200))], now()).unwrap();
    let first = cursor(Order::ascending, Start::beginning, 50);
    let (page, read) = verified(&store, b"key", first, now());
    assert_eq!((page.shown.len(), read.first_rank), (50, 202));
    let seen = Seen::newest(&read).unwrap();
    // 60 s later the next 10 messages of the reader's second page are too old, but nothing has dropped them.
    let later = now() + 60;
    let next = cursor(Order::ascending, Start::after(page.next), 50);
    let mut proofs = Vec::new();
    for step in ["masked", "dropped", "swept"] {
        match step {
            "dropped" => drop(store.drop_excluded(later)),
            "swept" => {
                store.sweep_while(|| true);
                overwrite_below(&memory, store.inbox.first_id());
            }
            _ => {}
        }
        let root = store.root();
        let (second, read) = verified(&store, b"key", next, later);
        assert_eq!((second.shown.len(), read.first_rank), (50, 262), "{step}");
        assert_eq!(seen.continued_by(&read), Ok(Continued::Extends), "{step}");
        // The lie: a live message is said to be too old.
        let short = answer(&store, b"key", cursor(Order::ascending, Start::rank(263), 49), later);
        assert_eq!(verdict(&short, b"key", next, &root, later), Err(Refused::Start { rank: 263 }), "{step}");
        // A reader whose clock is behind refuses what another clock calls too old, unless the store has dropped it.
        let behind = verdict(&second, b"key", next, &root, later - 1).map(|_| ());
        let expected = if step == "masked" { Err(Refused::Start { rank: 262 }) } else { Ok(()) };
        assert_eq!(behind, expected, "{step}");
        proofs.push((second, root));
    }
    // The lie: the second page of the first moment, when its messages were live, as that of a later state.
    let old = Answer { proof: proofs[0].0.proof.clone(), ..proofs[1].0.clone() };
    assert_eq!(verdict(&old, b"key", next, &proofs[1].1, later), Err(Refused::Root));
}

/// Between two pages another device of the owner acknowledges the messages of the second page.
#[test]
fn messages_are_acknowledged_between_two_pages() {
    let memory = SparseMemory::default();
    let mut store = long_list(&memory);
    store.change_key(b"key", &[owned_by(&person(1))], &admin(), now()).unwrap();
    let first = cursor(Order::ascending, Start::beginning, 50);
    let (page, read) = verified(&store, b"key", first, now());
    let last = Seen { epoch: read.state.epoch, id: page.next, rank: 50, chain: store.chain_of(page.next) };
    let next = cursor(Order::ascending, Start::after(page.next), 50);
    let before = answer(&store, b"key", next, now());
    let through = before.shown[29].id;
    store.acknowledge_one(b"key", through, &person(1), now()).unwrap();
    let root = store.take_changed_root().expect("it changed");
    let (second, read) = verified(&store, b"key", next, now());
    assert_eq!((read.first_rank, last.missed(&read)), (81, 30), "the reader learns how many it did not see");
    assert_eq!(last.continued_by(&read), Ok(Continued::Unlinked), "they are behind it");
    // The lies: the page of before the acknowledgement, and one message more that is said to be acknowledged.
    assert_eq!(verdict(&before, b"key", next, &root, now()), Err(Refused::Root));
    let short = answer(&store, b"key", cursor(Order::ascending, Start::rank(82), 49), now());
    assert_eq!(verdict(&short, b"key", next, &root, now()), Err(Refused::Start { rank: 82 }));
    let mut more = short.clone();
    let End::Own(head) = &mut more.proof.witness.end else { panic!("the key is there") };
    head.acknowledged_rank += 1;
    assert_eq!(verdict(&more, b"key", next, &root, now()), Err(Refused::Root));
    // An older state, with its own certificate: a reader that knows the newest message of a later one notices.
    add(&mut store, b"key", b"later", now()).unwrap();
    let (_, later) = verified(&store, b"key", next, now());
    let known = Seen::newest(&later).unwrap();
    let found = MESSAGES;
    let rolled_back = Broken::RolledBack { seen: MESSAGES + 1, found };
    let old = verdict(&second, b"key", next, &root, now()).unwrap();
    assert_eq!(known.continued_by(&old), Err(rolled_back));
    // Everything is acknowledged: the page is empty, and must be.
    let newest = later.head.unwrap().last_id;
    store.acknowledge_one(b"key", newest, &person(1), now()).unwrap();
    let (empty, _) = verified(&store, b"key", next, now());
    assert!(empty.shown.is_empty());
    let root = store.root();
    let lie = Answer { shown: vec![], next: 0, proof: ::proofs::page::PageProof { jumps: vec![], ..second.proof } };
    assert_eq!(verdict(&lie, b"key", next, &root, now()), Err(Refused::Root));
}
