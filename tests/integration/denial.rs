//! A denied call costs as much as an absence: where reads are closed, timing does not reveal whether a key or a message is
//! there.

use candid::{Principal, decode_args, encode_args};
use local_ic::LocalIc;
use message_canister::api::*;
use serde_bytes::ByteBuf;
use std::rc::Rc;

use crate::support::{Inbox, bytes, embedded, first_page, new_message, sha256, stranger};

/// Keys of each kind that are stored, of which some are asked for.
const STORED: u32 = 300;
const ASKED: u32 = 100;

/// A self-authenticating principal.
fn principal(number: u32) -> Vec<u8> {
    Principal::self_authenticating(number.to_le_bytes()).as_slice().to_vec()
}

fn hash(number: u32) -> Vec<u8> {
    bytes(number, 32)
}

fn name(number: u32) -> Vec<u8> {
    bytes(number, 41)
}

type Kind = fn(u32) -> Vec<u8>;
type Call = fn(&Inbox);
type CallOfKey = fn(&Inbox, &[u8]);

fn text(number: u32) -> Vec<u8> {
    bytes(1_000_000 + number, 100)
}

/// A store whose reads are closed, with a message of each of [`STORED`] keys of some kinds.
fn closed(kinds: &[Kind]) -> (Rc<LocalIc>, Inbox) {
    let (engine, inbox) = embedded::inbox();
    inbox.set_settings(&[Setting::reads(Reads::owners)]).expect("good settings");
    for kind in kinds {
        let batch: Vec<_> = (0..STORED).map(|number| new_message(&kind(number), &text(number))).collect();
        let added = inbox.add_messages(&batch).expect("a good batch");
        assert!(added.iter().all(Result::is_ok), "all of it is stored");
    }
    (engine, inbox)
}

/// Every call about a key by somebody who has no right to it.
const CALLS: [(&str, CallOfKey); 9] = [
    ("page", |inbox, key_id| assert!(inbox.get_messages_by_key(key_id, first_page(Order::ascending)).is_ok())),
    ("page behind an id", |inbox, key_id| {
        let cursor = KeyCursor { start: Start::after(7), order: Order::descending, limit: 9, prove: true };
        assert_eq!(inbox.page_of_key(key_id, cursor).map(|page| page.messages.len()), Ok(0));
    }),
    ("oldest id", |inbox, key_id| assert_eq!(inbox.get_min_message_id_by_key(key_id), Ok(None))),
    ("newest id", |inbox, key_id| assert_eq!(inbox.get_max_message_id_by_key(key_id), Ok(None))),
    ("head", |inbox, key_id| assert_eq!(inbox.get_key_heads(&[key_id.to_vec()]), Ok(vec![None]))),
    ("pair", |inbox, key_id| {
        let pair = Stored { key_id: ByteBuf::from(key_id), hash: ByteBuf::from(sha256(&text(0))) };
        assert_eq!(inbox.has_messages(&[pair]), Ok(vec![None]));
    }),
    ("acknowledgement", |inbox, key_id| assert_eq!(inbox.acknowledge(key_id, 1), Err(AckError::NotOwner))),
    ("change", |inbox, key_id| {
        let send_key = KeySetting::send_key(NewSendKey::sha256(ByteBuf::from([7; 32])));
        assert_eq!(inbox.set_key(key_id, &[send_key]), Err(KeyError::NotAllowed));
    }),
    ("claim", |inbox, key_id| {
        assert!(inbox.claim(key_id, &OwnerProof::salt(ByteBuf::from([7; 16]))).is_err());
    }),
];

fn instructions(engine: &LocalIc, inbox: &Inbox, call: impl FnOnce(&Inbox)) -> u64 {
    call(inbox);
    embedded::usage(engine, inbox).instructions
}

/// Asserts that two costs differ by at most 2 %.
fn assert_same(there: u64, absent: u64, what: &str) {
    println!("{what}: {there} where it is there, {absent} where it is not");
    assert!(there.abs_diff(absent) * 50 <= there.max(absent), "{what}: {there} against {absent} instructions");
}

/// A key id that is somebody else's principal is refused without a look at the store. Others are looked up, on ways of the
/// same length on average.
#[test]
fn a_key_that_is_not_the_callers_costs_what_an_absent_one_costs() {
    let kinds: [(&str, Kind); 3] = [("principal", principal), ("hash", hash), ("name", name)];
    let (engine, inbox) = closed(&kinds.map(|(_, kind)| kind));
    for caller in [stranger(), Principal::anonymous()] {
        let theirs = inbox.called_by(caller);
        for (name, call) in CALLS {
            for (kind_name, kind) in kinds {
                let cost = |first: u32| -> Vec<u64> {
                    (first..first + ASKED)
                        .map(|number| instructions(&engine, &theirs, |inbox| call(inbox, &kind(number))))
                        .collect()
                };
                let (there, absent) = (cost(0), cost(STORED));
                let what = format!("{name} of a {kind_name} for {caller}");
                if kind_name == "principal" && !["acknowledgement", "change", "claim"].contains(&name) {
                    assert!(there.iter().chain(&absent).all(|cost| *cost == there[0]), "{what}: {there:?} {absent:?}");
                }
                let mean = |costs: &[u64]| costs.iter().sum::<u64>() / u64::from(ASKED);
                assert_same(mean(&there), mean(&absent), &what);
            }
        }
    }
}

#[test]
fn a_message_that_is_not_the_callers_costs_what_an_absent_one_costs() {
    let (engine, inbox) = closed(&[principal]);
    for caller in [stranger(), Principal::anonymous()] {
        let theirs = inbox.called_by(caller);
        let by_id = |id| {
            instructions(&engine, &theirs, |inbox| {
                assert_eq!(inbox.get_message_by_id(id), Err(GetError::UnknownId { id, last: 0 }));
            })
        };
        for (there, absent) in [(1, 0), (7, STORED + 1), (STORED, 1_000_000)] {
            assert_same(by_id(there), by_id(absent), &format!("message {there} and {absent} for {caller}"));
        }
        let by_hash = |number| {
            instructions(&engine, &theirs, |inbox| {
                assert_eq!(inbox.get_message_by_hash(&sha256(&text(number))), Err(GetError::NotFound));
            })
        };
        assert_eq!(by_hash(1), by_hash(STORED), "by hash, for {caller}");
    }
}

/// The cost of reads across keys, of the status and of the metrics reveals nothing about the store.
#[test]
fn a_store_that_the_caller_does_not_see_costs_what_an_empty_one_costs() {
    let calls: [(&str, Call); 7] = [
        ("range", |inbox| assert!(inbox.get_messages_by_range(1, 99, first_page(Order::ascending)).is_ok())),
        ("time", |inbox| assert!(inbox.get_messages_by_time(0, u32::MAX, first_page(Order::descending)).is_ok())),
        ("oldest id", |inbox| assert_eq!(inbox.get_min_message_id(), Ok(0))),
        ("newest id", |inbox| assert_eq!(inbox.get_max_message_id(), Ok(0))),
        ("status", |inbox| assert_eq!(inbox.get_status().store, None)),
        ("metrics", |inbox| assert!(!inbox.get_metrics().contains("messages_added_total"))),
        ("http", |inbox| assert_eq!(inbox.http_request("GET", "/metrics").status_code, 200)),
    ];
    let (full, empty) = (closed(&[principal, hash]), closed(&[]));
    for caller in [stranger(), Principal::anonymous()] {
        for (name, call) in calls {
            let cost = |(engine, inbox): &(Rc<LocalIc>, Inbox)| instructions(engine, &inbox.called_by(caller), call);
            assert_same(cost(&full), cost(&empty), &format!("{name} for {caller}"));
        }
    }
}

/// If an add is refused because of the store or the sender, it has the same error and cost for every key.
#[test]
fn a_refused_add_is_the_same_for_a_known_key_and_an_unknown_one() {
    let refusals: [(&str, Call); 2] = [
        ("no member", |inbox| assert!(inbox.set_settings(&[Setting::writes(Writes::members)]).is_ok())),
        ("sealed", |inbox| assert!(inbox.seal().is_ok())),
    ];
    for (name, refuse) in refusals {
        let (engine, inbox) = closed(&[hash]);
        refuse(&inbox);
        let theirs = inbox.called_by(stranger());
        let refused = |number| {
            let answer = theirs.add_message(&hash(number), &text(0));
            assert!(answer.is_err(), "{name}");
            (answer, embedded::usage(&engine, &theirs).instructions)
        };
        // The first call of all looks at the balance.
        let [_, known, unknown] = [0, 1, STORED].map(refused);
        assert_eq!(known, unknown, "{name}");
    }
}

/// The first add of a block uses up the budget. Inspection has let the others in.
#[test]
fn an_add_beyond_the_budget_is_the_same_for_a_known_key_and_an_unknown_one() {
    let (engine, inbox) = closed(&[hash]);
    let items = Bound::AtMost(Rate { per_second: 1, burst: 1 });
    inbox.set_settings(&[Setting::strangers(Budget { items, ..Budget::default() })]).expect("good settings");
    engine.clear_executions(inbox.id);
    let submit = |number| {
        let arg = encode_args((ByteBuf::from(hash(number)), ByteBuf::from(text(0)))).expect("it can be encoded");
        engine.submit_call(inbox.id, stranger(), "add_message", arg).expect("it is let in")
    };
    let [_, _, known, unknown] =
        [0, 2, 1, STORED].map(submit).map(|message| engine.await_call(message).expect("a reply"));
    let seconds = |reply: &[u8]| match decode_args::<(Result<Added, AddError>,)>(reply).expect("a result").0 {
        Err(AddError::Limited(Limited::budget { retry_after })) => retry_after,
        answer => panic!("{answer:?}"),
    };
    // Each refusal is charged one item, whatever the key.
    assert_eq!(seconds(&unknown), seconds(&known) + 1);
    let adds = engine.executions(inbox.id).into_iter().filter(|execution| execution.method == "add_message");
    let costs: Vec<_> = adds.map(|execution| execution.usage.instructions).collect();
    assert_same(costs[2], costs[3], "no budget left");
}

/// The progress of a rebuild counts messages.
#[test]
fn a_rebuild_tells_strangers_no_numbers() {
    let (_, inbox) = closed(&[hash]);
    // So many that an update still meets a rebuild: the rebuild takes a step at the upgrade, and one in the update's round.
    for round in 0..4_u32 {
        let text = |number: u32| new_message(&hash(0), &bytes(1_000 * round + number, 32));
        inbox.add_messages(&(0..1_000).map(text).collect::<Vec<_>>()).expect("a good batch");
    }
    let total = inbox.store_status().messages;
    let hidden = Progress { done: 0, total: 0 };
    for caller in [stranger(), Principal::anonymous()] {
        // An update takes a round, in which the rebuild continues.
        let during_a_rebuild = || {
            inbox.begin_upgrade(Some(&[Setting::rebuild_pages(Bound::AtMost(16))])).expect("the canister upgrades");
            inbox.called_by(caller)
        };
        for key_id in [hash(1), hash(STORED)] {
            let pair = Stored { key_id: ByteBuf::from(&key_id[..]), hash: ByteBuf::from([7; 32]) };
            assert_eq!(during_a_rebuild().has_messages(&[pair]), Err(LookupError::Unavailable(hidden)));
            assert_eq!(during_a_rebuild().add_message(&key_id, b"text"), Err(AddError::Unavailable(hidden)));
            assert_eq!(during_a_rebuild().add_messages(&[]), Err(BatchError::Unavailable(hidden)));
        }
        during_a_rebuild();
        let shown = inbox.add_messages(&[]);
        assert!(
            matches!(shown, Err(BatchError::Unavailable(Progress { total: shown_total, .. })) if shown_total == total),
            "{shown:?}"
        );
    }
}
