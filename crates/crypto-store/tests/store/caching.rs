//! The cache has no visible effect: with it, without it, and with fields dropped at any moment, everything is
//! the same.

use crate::support::{CACHING, Home, options, read, write};
use crypto_store::{Caching, Error, Field, Options};
use proptest::prelude::*;
use std::process::Command;
use vodozemac::megolm::{GroupSession, InboundGroupSession, SessionConfig};

#[derive(Clone, Copy, Debug)]
enum Call {
    Make(u8),
    Send(u8),
    SendAndFail(u8),
    Delete(u8),
    Look(u8),
}

fn call() -> impl Strategy<Value = (usize, Call)> {
    let call = (0..5u8, 0..3u8).prop_map(|(call, row)| match call {
        0 => Call::Make(row),
        1 => Call::Send(row),
        2 => Call::SendAndFail(row),
        3 => Call::Delete(row),
        _ => Call::Look(row),
    });
    (0..2usize, call)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Two handles with each way of caching against a model of plain memory: plaintexts, indexes and rows agree.
    #[test]
    fn every_way_of_caching_agrees_with_a_model(calls in proptest::collection::vec(call(), 1..40), seed in 1..u64::MAX) {
        for caching in [Caching::On, Caching::Off, Caching::Dropping(seed)] {
            let home = Home::new();
            let stores = [0, 1].map(|_| home.open_with(Options { caching, ..options() }));
            let mut model: [Option<(InboundGroupSession, u32)>; 3] = [None, None, None];
            for (handle, call) in &calls {
                let store = &stores[*handle];
                match *call {
                    Call::Make(row) => {
                        let session = GroupSession::new(SessionConfig::default());
                        let inbound = InboundGroupSession::new(&session.session_key(), SessionConfig::default());
                        write(store, move |tx| tx.put([row], session)).unwrap();
                        model[row as usize] = Some((inbound, 0));
                    }
                    Call::Send(row) | Call::SendAndFail(row) => {
                        let fail = matches!(call, Call::SendAndFail(_));
                        let sent = write(store, move |tx| {
                            let sent = tx.update([row], |it: &mut GroupSession| Ok::<_, Error>(it.encrypt([row])))?;
                            if fail { Err(Error::Lost) } else { Ok(sent) }
                        });
                        prop_assert_eq!(sent.is_err(), fail);
                        if let Ok(sent) = sent {
                            prop_assert_eq!(sent.is_some(), model[row as usize].is_some());
                            if let (Some(sent), Some((inbound, next))) = (sent, &mut model[row as usize]) {
                                let opened = inbound.decrypt(&sent).unwrap();
                                prop_assert_eq!((opened.message_index, opened.plaintext), (*next, vec![row]));
                                *next += 1;
                            }
                        }
                    }
                    Call::Delete(row) => {
                        let was = write(store, move |tx| tx.delete::<GroupSession>([row])).unwrap();
                        prop_assert_eq!(was, model[row as usize].take().is_some());
                    }
                    Call::Look(row) => {
                        let found = read(store, move |it| Ok(it.get::<GroupSession>([row])?.map(|it| it.copy()))).unwrap();
                        let index = model[row as usize].as_ref().map(|(_, next)| *next);
                        prop_assert_eq!(found.map(|it| it.message_index()), index);
                    }
                }
            }
        }
    }
}

/// Runs this whole program again, with a hook that drops half of all fields before each access.
#[test]
fn the_whole_suite_passes_while_fields_are_dropped_at_random() {
    if std::env::var_os(CACHING).is_some() {
        return;
    }
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--skip", "processes", "--skip", "faults"])
        .env(CACHING, "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{output}");
    assert!(!output.contains(" 0 passed"), "{output}");
}
