//! The savings of the cache for each type of field: a value from the cache, compared with one that is read, opened and decoded.

use super::home::Home;
use super::{ROUNDS, row};
use crate::record::{Limit, Row};
use crypto_store::fields::Message;
use crypto_store::{Caching, Error, Field, MAX_ROWS, Store};
use key_cache::block_on;
use std::time::{Duration, Instant};
use vodozemac::megolm::{GroupSession, InboundGroupSession, SessionConfig};
use vodozemac::olm::{Account, Session, SessionConfig as OlmConfig};

/// The key of each field's single row.
const KEY: &str = "one";
/// Length of an opaque value in bytes.
const OPAQUE: usize = 400;

/// All rows. `transaction` is the time of one transaction.
pub fn measure(transaction: Duration) -> Vec<Row> {
    let home = Home::new(0);
    let store = home.open();
    fill(&store);
    let loading = home.open_with(Caching::Off);
    let pays =
        |name: &str, rounds| row(&format!("{name} from the cache: rate to loading it"), rounds, Limit::AtLeast(20.0));
    let opaque = (0..ROUNDS).map(|_| access::<Message>(&loading).as_secs_f64() / transaction.as_secs_f64()).collect();
    vec![
        pays("an account", rates::<Account>(&store, &loading)),
        pays("a session", rates::<Session>(&store, &loading)),
        pays("an inbound group session", rates::<InboundGroupSession>(&store, &loading)),
        pays("a group session", rates::<GroupSession>(&store, &loading)),
        row("loading an opaque value of 400 bytes: share of a transaction", opaque, Limit::AtMost(0.05)),
    ]
}

fn fill(store: &Store) {
    let (account, peer) = (Account::new(), Account::new());
    let one_time = peer.curve25519_key();
    let session = account.create_outbound_session(OlmConfig::default(), peer.curve25519_key(), one_time);
    let group = GroupSession::new(SessionConfig::default());
    let written: Result<(), Error> = block_on(store.write(move |tx| {
        tx.put(KEY, account)?;
        tx.put(KEY, session.expect("the keys of an account are keys"))?;
        tx.put(KEY, InboundGroupSession::new(&group.session_key(), SessionConfig::default()))?;
        tx.put(KEY, group)?;
        tx.put(KEY, Message { format: 1, bytes: vec![7; OPAQUE] }).map(drop)
    }));
    written.expect("the store can be written");
}

fn rates<F: Field>(cached: &Store, loading: &Store) -> Vec<f64> {
    (0..ROUNDS).map(|_| access::<F>(loading).as_secs_f64() / access::<F>(cached).as_secs_f64()).collect()
}

/// The time of one access in a snapshot.
fn access<F: Field>(store: &Store) -> Duration {
    let timed: Result<Duration, Error> = block_on(store.read(|snapshot| {
        let began = Instant::now();
        for _ in 0..MAX_ROWS {
            snapshot.get::<F>(KEY)?;
        }
        Ok(began.elapsed() / MAX_ROWS as u32)
    }));
    timed.expect("the store can be read")
}
