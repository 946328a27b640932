//! Two canisters that call each other, on the network as a process. They pay each other, are upgraded with a snapshot
//! by `icp`, and continue after a kill in the middle of their calls.

use std::time::Duration;

use candid::{Principal, decode_one, encode_one};
use ic_agent::Agent;
use ic_agent::agent::{CallResponse, RequestStatusResponse};
use tokio::runtime::Runtime;

use crate::announced::{network, started};
use crate::icp::{Icp, Inbox, module_hash_in};
use crate::programs::Folder;
use test_support::process::{Process, Start};

/// `meet` takes the id of another canister. `pass` counts, takes half of the cycles that come with it, and passes itself on
/// to the other, one time less than its argument says; it replies its count once that has replied. It takes so long that a
/// round has few of them. The count lies in stable memory, behind it the other's id.
const PEER: &str = r#"(module
    (import "ic0" "msg_arg_data_size" (func $arg_size (result i32)))
    (import "ic0" "msg_arg_data_copy" (func $arg_copy (param i32 i32 i32)))
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "msg_cycles_accept128" (func $accept (param i64 i64 i32)))
    (import "ic0" "call_new" (func $call_new (param i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "ic0" "call_data_append" (func $call_data (param i32 i32)))
    (import "ic0" "call_cycles_add128" (func $call_cycles (param i64 i64)))
    (import "ic0" "call_perform" (func $call_perform (result i32)))
    (import "ic0" "stable64_grow" (func $grow (param i64) (result i64)))
    (import "ic0" "stable64_read" (func $read (param i64 i64 i64)))
    (import "ic0" "stable64_write" (func $write (param i64 i64 i64)))
    (memory 80) (table funcref (elem $done $failed))
    ;; a nat32 in candid, whose value follows at 7
    (data (i32.const 0) "DIDL\00\01\79")
    (data (i32.const 32) "pass")
    (func $answer
        (call $read (i64.const 7) (i64.const 0) (i64.const 4))
        (call $append (i32.const 0) (i32.const 11))
        (call $reply))
    (func $done (param i32) (call $answer))
    (func $failed (param i32) unreachable)
    (func (export "canister_init") (drop (call $grow (i64.const 1))))
    (func (export "canister_update meet")
        ;; behind seven bytes that say that it is a principal, and one that it is not hidden: its length, and it
        (call $arg_copy (i32.const 64) (i32.const 0) (call $arg_size))
        (call $write (i64.const 4) (i64.const 72) (i64.const 30))
        (call $answer))
    (func (export "canister_update pass") (local $i i32)
        (call $arg_copy (i32.const 64) (i32.const 0) (i32.const 11))
        (loop $again
            (memory.fill (i32.const 65536) (local.get $i) (i32.const 4000000))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 50))))
        (call $read (i64.const 128) (i64.const 0) (i64.const 4))
        (i32.store (i32.const 128) (i32.add (i32.load (i32.const 128)) (i32.const 1)))
        (call $write (i64.const 0) (i64.const 128) (i64.const 4))
        (call $accept (i64.const 0) (i64.const 500_000_000) (i32.const 144))
        (if (i32.eqz (i32.load (i32.const 71))) (then (call $answer) (return)))
        (i32.store (i32.const 71) (i32.sub (i32.load (i32.const 71)) (i32.const 1)))
        (call $read (i64.const 160) (i64.const 4) (i64.const 30))
        (call $call_new (i32.const 161) (i32.load8_u (i32.const 160)) (i32.const 32) (i32.const 4)
            (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))
        (call $call_data (i32.const 64) (i32.const 11))
        (call $call_cycles (i64.const 0) (i64.const 1_000_000_000))
        (if (call $call_perform) (then unreachable)))
    (func (export "canister_query count") (call $answer)))"#;

/// The same canister with a fixed count: it replies 77, and changes nothing that is stored.
const WRONG: &str = r#"(module
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "stable64_write" (func $write (param i64 i64 i64)))
    (memory 1)
    (data (i32.const 0) "DIDL\00\01\79\4d\00\00\00")
    (func (export "canister_post_upgrade") (call $write (i64.const 0) (i64.const 7) (i64.const 4)))
    (func (export "canister_query count") (call $append (i32.const 0) (i32.const 11)) (call $reply)))"#;

/// The number in a reply.
fn number(reply: &[u8]) -> u32 {
    decode_one(reply).expect("it is a number")
}

fn module_hash(canister: &Inbox) -> String {
    module_hash_in(&canister.status().succeeded())
}

fn agent(runtime: &Runtime, url: &str) -> Agent {
    let agent = Agent::builder().with_url(url).build().expect("the url is legal");
    runtime.block_on(agent.fetch_root_key()).expect("the status has a root key");
    agent
}

fn count(runtime: &Runtime, agent: &Agent, canister: Principal) -> u32 {
    let query = agent.query(&canister, "count").with_arg(encode_one(()).expect("it encodes")).call();
    number(&runtime.block_on(query).expect("it replies"))
}

#[test]
fn canisters_that_call_each_other_are_upgraded_with_a_snapshot_and_survive_kills() {
    let (icp, folder, runtime) = (Icp::new(), Folder::new(), Runtime::new().expect("there are threads"));
    let module = folder.write("peer.wasm", wat::parse_str(PEER).expect("the text is legal"));
    let wrong = folder.write("wrong.wasm", wat::parse_str(WRONG).expect("the text is legal"));
    let [module, wrong] = [&module, &wrong].map(|path| path.to_str().expect("the path is text"));
    let (first_module, second_module) = (format!("first={module}"), format!("second={module}"));
    let start = network([first_module, second_module]);
    let start = Start { state: Some(folder.path().join("state")), ..start };
    let serving = started(&start);
    let [first, second] = serving.canisters()[..] else { panic!("two are announced: {}", serving.announcement()) };

    let peer = |serving: &Process, id| Inbox::at(&icp, serving.url(), id);
    for (own, other) in [(first, second), (second, first)] {
        peer(&serving, own).update("meet", &format!("(principal \"{other}\")"));
    }
    // Four calls beyond the first, with their callbacks: each of the two has counted its own.
    assert_eq!(number(&peer(&serving, first).update("pass", "(4 : nat32)")), 3);
    let running = agent(&runtime, &serving.url());
    assert_eq!([first, second].map(|id| count(&runtime, &running, id)), [3, 2]);

    // Killed while calls wait in queues and for callbacks.
    let arguments = encode_one(299_u32).expect("it encodes");
    let signed = running.update(&first, "pass").with_arg(arguments).sign().expect("anonymous calls need no key");
    let sent = signed.signed_update.clone();
    let sending = running.clone();
    // The call has no answer when the network ends.
    let call = runtime.spawn(async move { sending.update_signed(first, sent).await });
    while count(&runtime, &running, second) < 20 {
        std::thread::sleep(Duration::from_millis(5));
    }
    serving.kill().expect("it runs");
    let answered = runtime.block_on(call).expect("the task ends");
    assert!(!matches!(answered, Ok(CallResponse::Response(_))), "the call was under way");
    let serving = started(&start);
    assert_eq!(serving.canisters(), [first, second], "they are there, not new ones");
    let running = agent(&runtime, &serving.url());
    let id = signed.request_id;
    let reply = runtime.block_on(async {
        loop {
            match running.request_status_raw(&id, first).await.expect("it is taken in").0 {
                RequestStatusResponse::Replied(reply) => break reply.arg,
                RequestStatusResponse::Rejected(reject) => panic!("{reject:?}"),
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    // 300 more calls: none is lost, none is counted twice.
    assert_eq!(number(&reply), 153);
    assert_eq!([first, second].map(|id| count(&runtime, &running, id)), [153, 152]);

    // An upgrade of both to a wrong module, after snapshots, and the way back.
    let upgraded = [first, second].map(|id| {
        let peer = peer(&serving, id);
        let hash = module_hash(&peer);
        peer.manage("stop", &[]);
        let snapshot = peer.new_snapshot("create", &["--quiet"]);
        peer.manage("install", &["--mode", "upgrade", "--wasm", wrong, "--args", "()", "--yes"]);
        peer.manage("start", &[]);
        assert_eq!(count(&runtime, &running, id), 77);
        assert_ne!(module_hash(&peer), hash);
        (id, hash, snapshot)
    });
    // The snapshots survive a kill too.
    serving.kill().expect("it runs");
    let serving = started(&start);
    let restored = upgraded.each_ref().map(|(id, hash, snapshot)| {
        let peer = peer(&serving, *id);
        assert!(peer.snapshot("list", &[]).contains(snapshot));
        peer.manage("stop", &[]);
        peer.snapshot("restore", &[snapshot]);
        peer.manage("start", &[]);
        assert_eq!(module_hash(&peer), *hash);
        peer
    });
    let running = agent(&runtime, &serving.url());
    assert_eq!([first, second].map(|id| count(&runtime, &running, id)), [153, 152]);
    for (peer, counted) in restored.iter().zip([154, 154]) {
        assert_eq!(number(&peer.update("pass", "(1 : nat32)")), counted, "they still know each other");
    }
    for (peer, (_, _, snapshot)) in restored.iter().zip(&upgraded) {
        peer.snapshot("delete", &[snapshot]);
        assert!(!peer.snapshot("list", &[]).contains(snapshot));
    }
}
