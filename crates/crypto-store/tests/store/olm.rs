//! vodozemac's types as fields.

use crate::support::{Home, read, write};
use crypto_store::{Error, Field};
use vodozemac::megolm::{GroupSession, InboundGroupSession, SessionConfig};
use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig as OlmConfig};

/// Two parties with a session each, and the first message.
pub fn pair() -> (Account, Session, Session) {
    let mut receiver = Account::new();
    receiver.generate_fallback_key();
    let fallback = *receiver.fallback_key().values().next().unwrap();
    let sender = Account::new();
    let mut sending =
        sender.create_outbound_session(OlmConfig::default(), receiver.curve25519_key(), fallback).unwrap();
    let OlmMessage::PreKey(first) = sending.encrypt("first").unwrap() else { panic!("a first message has a pre-key") };
    let inbound = receiver.create_inbound_session(OlmConfig::default(), sender.curve25519_key(), &first).unwrap();
    assert_eq!(inbound.plaintext, b"first");
    (receiver, sending, inbound.session)
}

#[test]
fn accounts_and_sessions_come_back_as_they_were() {
    let home = Home::new();
    let (account, mut sending, receiving) = pair();
    let identity = account.identity_keys();
    write(&home.open(), |tx| {
        tx.put("self", account)?;
        tx.put("peer", receiving)
    })
    .unwrap();

    let store = home.open();
    let found = read(&store, |snapshot| Ok(snapshot.get::<Account>("self")?.map(|it| it.identity_keys()))).unwrap();
    assert_eq!(found, Some(identity));
    for text in ["one", "two"] {
        let sent = sending.encrypt(text).unwrap();
        let received = write(&store, move |tx| {
            tx.update("peer", |session: &mut Session| session.decrypt(&sent).map_err(|_| Error::Lost))
        });
        assert_eq!(received.unwrap().unwrap(), text.as_bytes());
    }
}

#[test]
fn several_writes_to_a_row_in_a_transaction_are_one_change_with_the_last_value() {
    let home = Home::new();
    let store = home.open();
    write(&store, |tx| tx.put("group", GroupSession::new(SessionConfig::default()))).unwrap();
    let before = read(&store, |snapshot| Ok(snapshot.version())).unwrap();
    let index = |tx: &mut crypto_store::Tx<'_>| -> Result<_, Error> {
        let row = tx.range::<GroupSession>("", "", 2)?.pop().unwrap();
        Ok((row.held.version, row.held.message_index()))
    };
    let step = |session: &mut GroupSession| {
        session.encrypt("a");
        Ok::<_, Error>(())
    };
    let seen = write(&store, move |tx| {
        tx.update("group", step)?;
        tx.update("group", step)?;
        let halfway = index(tx)?;
        tx.update("group", step)?;
        Ok([halfway, index(tx)?])
    });
    assert_eq!(seen.unwrap(), [(before + 1, 2), (before + 1, 3)]);
    assert_eq!(write(&home.open(), index).unwrap(), (before + 1, 3));
    // A row that is deleted and made again is another one, also within a transaction.
    let made = write(&store, |tx| {
        let first = tx.put("new", GroupSession::new(SessionConfig::default()))?;
        assert!(tx.delete::<GroupSession>("new")?);
        Ok((first, tx.put("new", GroupSession::new(SessionConfig::default()))?))
    });
    assert_eq!(made.unwrap(), (before + 2, before + 4));
}

#[test]
fn a_message_is_decrypted_once_across_handles_and_restarts() {
    let home = Home::new();
    let (_, mut sending, receiving) = pair();
    let store = home.open();
    write(&store, |tx| tx.put("peer", receiving)).unwrap();
    let sent = sending.encrypt("once").unwrap();
    let receive = |store: &crypto_store::Store| {
        let sent = sent.clone();
        write(store, move |tx| {
            tx.update("peer", |session: &mut Session| session.decrypt(&sent).map_err(|_| Error::Lost))
        })
    };
    let other = home.open();
    assert_eq!(receive(&store).unwrap().unwrap(), b"once");
    assert!(receive(&other).is_err());
    assert!(receive(&home.open()).is_err());
}

#[test]
fn group_sessions_move_only_with_a_commit() {
    let home = Home::new();
    let store = home.open();
    let session = GroupSession::new(SessionConfig::default());
    let mut inbound = InboundGroupSession::new(&session.session_key(), SessionConfig::default());
    let copy = inbound.copy();
    write(&store, |tx| {
        tx.put("group", session)?;
        tx.put("group", copy)
    })
    .unwrap();
    let send = |store: &crypto_store::Store, fail: bool| {
        write(store, move |tx| {
            let sent = tx.update("group", |session: &mut GroupSession| Ok::<_, Error>(session.encrypt("hello")))?;
            if fail { Err(Error::Lost) } else { Ok(sent.unwrap()) }
        })
    };
    assert!(send(&store, true).is_err());
    for index in 0..3 {
        let sent = send(&store, false).unwrap();
        let opened = inbound.decrypt(&sent).unwrap();
        assert_eq!((opened.message_index, &opened.plaintext[..]), (index, &b"hello"[..]));
    }
    let sent = send(&store, false).unwrap();
    let opened = read(&home.open(), |snapshot| Ok(snapshot.get::<InboundGroupSession>("group")?.unwrap().copy()));
    assert_eq!(opened.unwrap().decrypt(&sent).unwrap().message_index, 3);
}
