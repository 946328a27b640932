//! Conflicts, and trying again.

use crate::support::{Home, write};
use crypto_store::fields::Contact;
use crypto_store::{ATTEMPTS, Error, Store, retry};
use key_cache::block_on;
use std::cell::Cell;
use std::fmt;

fn contact(text: &str) -> Contact {
    Contact { format: 1, bytes: text.into() }
}

/// Reads a contact, lets another writer change it if told to, and appends to the contact that was read.
async fn append(store: &Store, other: &Store, disturbed: bool) -> Result<(), Error> {
    let known = store.read(|snapshot| snapshot.get::<Contact>("alice")).await?.expect("there is a contact");
    if disturbed {
        other
            .write(|tx| {
                let bytes = [&tx.get::<Contact>("alice")?.expect("there is a contact").bytes[..], b"o"].concat();
                tx.put("alice", Contact { format: 1, bytes })
            })
            .await?;
    }
    let bytes = [&known.bytes[..], b"m"].concat();
    store.write(move |tx| tx.put_if("alice", Some(known.version), Contact { format: 1, bytes })).await.map(drop)
}

#[test]
fn a_conflict_is_tried_again_with_fresh_data_and_no_work_of_others_is_lost() {
    let home = Home::new();
    let (store, other) = (home.open(), home.open());
    write(&store, |tx| tx.put("alice", contact(""))).unwrap();
    let attempts = Cell::new(0);
    block_on(retry(|| {
        attempts.set(attempts.get() + 1);
        append(&store, &other, attempts.get() < 3)
    }))
    .unwrap();
    assert_eq!(attempts.get(), 3);
    let found = write(&store, |tx| Ok(tx.get::<Contact>("alice")?.unwrap())).unwrap();
    assert_eq!(found.bytes, b"oom");

    attempts.set(0);
    let late = block_on(retry(|| {
        attempts.set(attempts.get() + 1);
        append(&store, &other, true)
    }));
    assert!(matches!(late, Err(Error::Conflict { .. })));
    assert_eq!(attempts.get(), ATTEMPTS);
}

#[derive(Debug)]
struct Own(Option<Error>);

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error of the caller's")
    }
}

impl std::error::Error for Own {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.as_ref().map(|error| error as _)
    }
}

#[test]
fn a_conflict_inside_an_error_of_the_callers_is_tried_again_and_other_errors_are_not() {
    let conflict = || Error::Conflict { table: crypto_store::Table::Contact, expected: None, found: Some(1) };
    for (error, expected) in [(Some(conflict()), ATTEMPTS), (Some(Error::Lost), 1), (None, 1)] {
        let again = error.is_some() && expected > 1;
        let first = Cell::new(error);
        let attempts = Cell::new(0);
        let done = block_on(retry(async || {
            attempts.set(attempts.get() + 1);
            Err::<(), _>(Own(first.take().or_else(|| again.then(conflict))))
        }));
        assert!(done.is_err());
        assert_eq!(attempts.get(), expected);
    }
}
