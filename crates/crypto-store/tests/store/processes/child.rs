//! The work of the other processes.
//!
//! They append to a log file. A line is one `write`, which a kill does not undo.

use crate::support::{options, read, try_open, write};
use crypto_store::fields::{Cursor, Message, Outbox, Pending};
use crypto_store::{Error, Store, Tx};
use key_cache::block_on;
use std::env;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use vodozemac::megolm::{GroupSession, InboundGroupSession, SessionConfig};
use vodozemac::olm::{OlmMessage, Session};

pub const ROLE: &str = "CRYPTO_STORE_TEST_ROLE";
pub const HOME: &str = "CRYPTO_STORE_TEST_HOME";
/// If it is set, the process's wall clock jumps.
pub const JUMPS: &str = "CRYPTO_STORE_TEST_CLOCK_JUMPS";
pub const LOG: &str = "CRYPTO_STORE_TEST_LOG";
pub const GROUP: &str = "group";
pub const PEER: &str = "peer";
pub const INBOX: &str = "inbox";

#[test]
fn plays_its_role() {
    let Some(role) = env::var_os(ROLE) else { return };
    let home = PathBuf::from(env::var_os(HOME).unwrap());
    let log = PathBuf::from(env::var_os(LOG).unwrap());
    // Names the process among all of the test: its id may be another's later.
    let name = log.file_name().unwrap().to_str().unwrap().to_owned();
    let mut log = Log(OpenOptions::new().append(true).create(true).open(log).unwrap());
    if env::var_os(JUMPS).is_some() {
        super::clock::let_jump();
    }
    let role = role.to_str().unwrap();
    let (role, statement) = role.split_once(' ').unwrap_or((role, "0"));
    let statement = statement.parse().unwrap();
    let open = || try_open(&home, options()).unwrap();
    match role {
        "work" => work(&open(), &name, &mut log),
        "put" => put(&open()),
        "step-all" => step_all(&open()),
        "hold" => hold(&open(), &home, log),
        "full" => super::full::fill(&open(), &mut log),
        "fork" => super::fork::fork(&open()),
        "clock" => super::clock::wait(&home, &mut log),
        "crash-messages" => super::crash::messages(&home, statement, &mut log),
        "crash-key" => super::crash::new_key(&home, statement),
        other => panic!("no role {other}"),
    }
}

pub struct Log(File);

impl Log {
    pub fn line(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

/// Sends, receives, begins new sessions and rotates the store's key until it is killed. Logs each call that has returned.
fn work(store: &Store, name: &str, log: &mut Log) {
    // Most processes live for only a few turns, so each begins with another turn.
    for turn in u64::from(std::process::id() % 16).. {
        let done = match turn % 16 {
            3 | 11 => receive(store),
            7 => rotate(store).map(|()| None),
            15 if turn % 5 == 0 => block_on(store.rotate_key()).map(|_| None),
            _ => send(store, format!("{name}-{turn}")).map(Some),
        };
        match done {
            Ok(Some(line)) => log.line(&line),
            Ok(None) => {}
            Err(error) => {
                log.line(&format!("broken: {error}"));
                std::process::exit(1);
            }
        }
    }
}

/// One transaction: the ratchet moves, and the exact message is in the outbox. A step that was used is a conflict.
pub fn send(store: &Store, text: String) -> Result<String, Error> {
    write(store, move |tx| {
        let sent = tx.update(GROUP, |session: &mut GroupSession| {
            Ok::<_, Error>((session.session_id(), session.message_index(), session.encrypt(&text)))
        })?;
        let (session, index, message) = sent.expect("there is a session");
        tx.put_if(format!("{session}/{index:08}"), None, Outbox { format: 1, bytes: message.to_bytes() })?;
        Ok(format!("sent {session}/{index:08} {text}"))
    })
}

pub fn rotate(store: &Store) -> Result<(), Error> {
    write(store, |tx| {
        let session = GroupSession::new(SessionConfig::default());
        let inbound = InboundGroupSession::new(&session.session_key(), SessionConfig::default());
        tx.put(session.session_id(), inbound)?;
        tx.put(GROUP, session).map(drop)
    })
}

/// One transaction: the next message is decrypted, stored and not pending any more, and the cursor moves.
pub fn receive(store: &Store) -> Result<Option<String>, Error> {
    write(store, |tx: &mut Tx<'_>| {
        let cursor = tx.get::<Cursor>(INBOX)?.expect("there is a cursor");
        let next = u32::from_be_bytes(cursor.bytes[..].try_into().expect("4 bytes"));
        let key = next.to_be_bytes();
        let Some(pending) = tx.get::<Pending>(key)? else { return Ok(None) };
        let message = OlmMessage::from_parts(pending.format.into(), &pending.bytes).expect("a message of the test");
        let plain = tx.update(PEER, |session: &mut Session| session.decrypt(&message).map_err(|_| Error::Lost))?;
        tx.put_if(key, None, Message { format: 1, bytes: plain.expect("there is a session") })?;
        tx.delete::<Pending>(key)?;
        tx.put(INBOX, Cursor { format: 1, bytes: (next + 1).to_be_bytes().to_vec() })?;
        Ok(Some(format!("received {next}")))
    })
}

fn put(store: &Store) {
    write(store, |tx| tx.put("put", Message { format: 1, bytes: b"by the child".to_vec() })).unwrap();
}

/// Moves the ratchets of many sessions, which it first makes. Twice, so that its first transaction may copy the log, and its
/// second begin it again.
fn step_all(store: &Store) {
    for _ in 0..2 {
        write(store, |tx| {
            for number in 0..1_000_u32 {
                let key = number.to_be_bytes();
                let step = |it: &mut GroupSession| Ok::<_, Error>(it.encrypt("x"));
                if tx.update(key, step)?.is_none() {
                    tx.put(key, GroupSession::new(SessionConfig::default()))?;
                }
            }
            Ok(())
        })
        .unwrap();
    }
}

/// Writes, and has its turn until a file says that it may end.
fn hold(store: &Store, home: &Path, mut log: Log) {
    let release = home.join("release");
    let done = write(store, move |tx| {
        tx.put("held", Message { format: 1, bytes: b"by the child".to_vec() })?;
        log.line("held");
        while !release.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Ok(())
    });
    done.unwrap();
    assert!(read(store, |snapshot| snapshot.get::<Message>("held")).unwrap().is_some());
}
