//! A process that dies at each statement of SQL in turn, of everything that it does from opening the store on.
//!
//! Each connection of the process counts its statements as they begin, in SQLite's own trace. So a death is after one statement
//! and before the next.

use super::Process;
use super::child::{Log, receive, rotate, send};
use super::kills::{check, prepare};
use crate::rotation::generations;
use crate::support::{Home, options, read, try_open, write};
use crypto_store::fields::Message;
use key_cache::block_on;
use rusqlite::ffi;
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Statements until the end.
static LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// From now on, connections that are opened count. The process dies when this many statements have begun.
fn die_at(statement: usize) {
    LEFT.store(statement, Ordering::SeqCst);
    // SAFETY: the function has the signature that SQLite asks for, and lives as long as the process.
    assert_eq!(unsafe { ffi::sqlite3_auto_extension(Some(trace)) }, ffi::SQLITE_OK);
}

unsafe extern "C" fn trace(
    connection: *mut ffi::sqlite3,
    _: *mut *mut c_char,
    _: *const ffi::sqlite3_api_routines,
) -> c_int {
    // SAFETY: SQLite passes the connection that it has just opened.
    unsafe { ffi::sqlite3_trace_v2(connection, ffi::SQLITE_TRACE_STMT, Some(begins), std::ptr::null_mut()) }
}

unsafe extern "C" fn begins(_: c_uint, _: *mut c_void, _: *mut c_void, _: *mut c_void) -> c_int {
    if LEFT.fetch_sub(1, Ordering::SeqCst) == 1 {
        // SAFETY: plain system call; nothing of the process runs any more.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    }
    0
}

/// Opens the store, and does each kind of write once. Logs each call that has returned.
pub fn messages(home: &Path, statement: usize, log: &mut Log) {
    die_at(statement);
    let store = try_open(home, options()).unwrap();
    log.line(&send(&store, format!("one-{statement}")).unwrap());
    log.line(&receive(&store).unwrap().expect("a message waits"));
    rotate(&store).unwrap();
    log.line(&send(&store, format!("two-{statement}")).unwrap());
}

pub fn new_key(home: &Path, statement: usize) {
    die_at(statement);
    block_on(try_open(home, options()).unwrap().rotate_key()).unwrap();
}

/// Runs the role with a death at each statement in turn, and `look`s at the store after each. Returns how many there were.
fn at_each_statement(role: &str, home: &Home, mut look: impl FnMut(Vec<String>)) -> usize {
    for statement in 1.. {
        let (status, lines) = Process::start(&format!("{role} {statement}"), home.path(), statement).end();
        look(lines);
        if status.success() {
            return statement - 1;
        }
        assert_eq!(status.signal(), Some(libc::SIGKILL), "at statement {statement}");
    }
    unreachable!("there are fewer statements than numbers")
}

#[test]
fn a_death_at_any_statement_loses_nothing_acknowledged_and_doubles_nothing() {
    let home = Home::new();
    const INCOMING: u32 = 200;
    prepare(&home.open(), INCOMING);
    let mut acknowledged = Vec::new();
    let deaths = at_each_statement("crash-messages", &home, |lines| {
        acknowledged.extend(lines);
        check(&home, &acknowledged, INCOMING);
    });
    println!("{deaths} deaths");
    assert!(deaths > 60, "{deaths}: the statements are not counted");
}

#[test]
fn a_rotation_of_the_key_goes_on_after_a_death_at_any_statement() {
    let home = Home::new();
    const MESSAGES: usize = 4;
    write(&home.open(), |tx| {
        for number in 0..MESSAGES {
            tx.put([number as u8], Message { format: 1, bytes: vec![number as u8] })?;
        }
        Ok(())
    })
    .unwrap();
    let store = home.open();
    let (mut cut_off, mut ended) = (0, 0);
    let deaths = at_each_statement("crash-key", &home, |_| {
        let rows = read(&store, |snapshot| snapshot.range::<Message>("", "", 100)).unwrap();
        let expected: Vec<_> = (0..MESSAGES).map(|number| vec![number as u8]).collect();
        assert_eq!(rows.iter().map(|row| row.held.bytes.clone()).collect::<Vec<_>>(), expected);
        let (keys, values) = generations(&home);
        assert!(values.iter().all(|generation| keys.contains(generation)), "{keys:?} {values:?}");
        *(if keys.len() == 2 { &mut cut_off } else { &mut ended }) += 1;
    });
    println!("{deaths} deaths, {cut_off} within a rotation");
    assert!(cut_off > 10 && ended > 10, "{cut_off} {ended}");
    assert!(!block_on(store.finish_rotation()).unwrap());
    assert_eq!(generations(&home).0.len(), 1);
}
