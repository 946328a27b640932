//! The status counts queries, those of the engine and those of a reader.

use candid::Principal;
use local_ic::{LocalIc, StateReader};

use crate::common::{install, query, update};

const ASKED: &str = r#"
    (memory 1)
    (func $answer (call $msg_reply_data_append (i32.const 0) (i32.const 5)) (call $msg_reply))
    (export "canister_query ask" (func $answer))
    (func (export "canister_query trap") unreachable)
    (func (export "canister_update update") (call $answer))
"#;

/// Queries, instructions, and bytes of arguments and replies.
fn counted(ic: &LocalIc, id: Principal) -> [u64; 4] {
    let statistics = ic.canister_status(id, None).unwrap().query_stats;
    [
        statistics.num_calls_total,
        statistics.num_instructions_total,
        statistics.request_payload_bytes_total,
        statistics.response_payload_bytes_total,
    ]
    .map(|number| u64::try_from(number.0).unwrap())
}

#[test]
fn queries_are_counted() {
    let ic = LocalIc::new();
    let id = install(&ic, ASKED);
    update(&ic, id, "update").unwrap();
    update(&ic, id, "ask").unwrap();
    query(&ic, id, "absent").unwrap_err();
    assert_eq!(counted(&ic, id), [0; 4]);
    ic.query_call(id, Principal::anonymous(), "ask", vec![0; 7]).unwrap();
    let cost = ic.last_execution(id).unwrap().usage.instructions;
    assert_eq!(counted(&ic, id), [1, cost, 7, 5]);
    query(&ic, id, "trap").unwrap_err();
    let [calls, instructions, request, response] = counted(&ic, id);
    assert_eq!([calls, request, response], [2, 7, 5]);
    assert!(instructions > cost);

    let reader = ic.take_changes(|changes| StateReader::new(changes, None)).unwrap();
    reader.query_call(id, Principal::anonymous(), "ask", vec![0; 3]).unwrap();
    let [(of, statistics)] = reader.take_query_statistics()[..] else { panic!("one canister was asked") };
    assert_eq!((of, statistics.instructions), (id, cost));
    assert_eq!(reader.take_query_statistics(), []);
    ic.count_queries(of, statistics);
    assert_eq!(counted(&ic, id), [3, instructions + cost, 10, 10]);
}
