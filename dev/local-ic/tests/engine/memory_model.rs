//! Random writes to heap and stable memory against a model. Half of them are rolled back.

use crate::common::install;
use crate::common::random::Random;
use candid::Principal;
use local_ic::LocalIc;

/// Executes a script: four bytes tell heap or stable memory, then the first 64-byte block, the blocks, and the byte
/// to fill them with; a script that ends in a single byte traps.
const WRITER: &str = r#"
    (memory 40)
    (func (export "canister_init") (drop (call $stable64_grow (i64.const 32))))
    (func (export "canister_update write") (local $at i32) (local $size i32) (local $from i32)
        (local.set $size (call $msg_arg_data_size))
        (local.set $at (i32.const 2097152))
        (call $msg_arg_data_copy (local.get $at) (i32.const 0) (local.get $size))
        (local.set $size (i32.add (local.get $at) (local.get $size)))
        (block $done
            (loop $next
                (br_if $done (i32.lt_u (i32.sub (local.get $size) (local.get $at)) (i32.const 6)))
                (local.set $from (i32.mul (i32.load16_u offset=1 (local.get $at)) (i32.const 64)))
                (if (i32.load8_u (local.get $at))
                    (then
                        (memory.fill (local.get $from) (i32.load8_u offset=5 (local.get $at))
                            (i32.mul (i32.load16_u offset=3 (local.get $at)) (i32.const 64))))
                    (else
                        (memory.fill (i32.const 2359296) (i32.load8_u offset=5 (local.get $at)) (i32.const 65536))
                        (call $stable64_write (i64.extend_i32_u (local.get $from)) (i64.const 2359296)
                            (i64.mul (i64.load16_u offset=3 (local.get $at)) (i64.const 64)))))
                (local.set $at (i32.add (local.get $at) (i32.const 6)))
                (br $next)))
        (if (i32.ne (local.get $at) (local.get $size)) (then unreachable))
        (call $msg_reply))
    (func (export "canister_query heap")
        (call $msg_reply_data_append (i32.const 0) (i32.const 2097152)) (call $msg_reply))
"#;

const MODELLED: usize = 2 << 20;

#[test]
fn memories_are_what_the_successful_messages_made_of_them() {
    let ic = LocalIc::new();
    let id = install(&ic, WRITER);
    let mut random = Random::new(1);
    let mut model = [vec![0u8; MODELLED], vec![0u8; MODELLED]];
    for message in 0..400 {
        let fails = random.below(2) == 0;
        // Phases of few and of many writes, so that pages become hot and cool down again.
        let writes = if message % 100 < 50 { random.below(4) } else { random.below(300) };
        let mut script = Vec::new();
        for _ in 0..writes {
            let (heap, fill) = (random.below(2) as usize, random.below(256) as u8);
            let (first, blocks) = (random.below(32_000) as u16, random.below(200) as u16);
            script.push(heap as u8);
            script.extend(first.to_le_bytes());
            script.extend(blocks.to_le_bytes());
            script.push(fill);
            if !fails {
                let start = usize::from(first) * 64;
                model[heap][start..start + usize::from(blocks) * 64].fill(fill);
            }
        }
        if fails {
            script.push(0);
        }
        let outcome = ic.update_call(id, Principal::anonymous(), "write", script);
        assert_eq!(outcome.is_err(), fails, "message {message}: {outcome:?}");
        if message % 20 == 0 || fails {
            let heap = crate::common::query(&ic, id, "heap").unwrap();
            assert!(heap == model[1], "the heap differs after message {message}");
            assert!(ic.get_stable_memory(id) == model[0], "stable memory differs after message {message}");
        }
    }
}

#[test]
fn a_page_that_was_not_written_for_long_is_still_taken_back() {
    let ic = LocalIc::new();
    let id = install(&ic, WRITER);
    let write = |fill: u8, end: &[u8]| {
        let script = [&[1, 3, 0, 1, 0, fill], end].concat();
        ic.update_call(id, Principal::anonymous(), "write", script)
    };
    write(7, &[]).unwrap();
    for idle in 0..20 {
        let state = ic.canister_state(id).heap_hash;
        write(9, &[0]).expect_err("it traps");
        assert_eq!(ic.canister_state(id).heap_hash, state, "after {idle} idle messages");
        for _ in 0..idle {
            ic.update_call(id, Principal::anonymous(), "write", vec![]).unwrap();
        }
    }
}
