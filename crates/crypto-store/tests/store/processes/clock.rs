//! A wall clock that jumps by up to 40 years, forward and back, between any two looks at it.
//!
//! This program's own `clock_gettime` and `gettimeofday` replace the C library's, for Rust's library and for SQLite. Unless a
//! process asks for jumps they show the kernel's time.

use super::Process;
use super::child::Log;
use crate::support::{Home, options, try_open, write};
use crypto_store::fields::Message;
use crypto_store::{Error, Options};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

const FORTY_YEARS: i64 = 40 * 365 * 24 * 3_600;

/// 0: the clock does not jump. Else the state of a xorshift.
static JUMPS: AtomicI64 = AtomicI64::new(0);

pub fn let_jump() {
    JUMPS.store(i64::from(std::process::id()) | 1, Ordering::SeqCst);
}

fn jump() -> i64 {
    let next = |state: i64| {
        let state = state ^ (state << 13);
        let state = state ^ (((state as u64) >> 7) as i64);
        state ^ (state << 17)
    };
    let before = JUMPS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |state| (state != 0).then(|| next(state)));
    before.map_or(0, |state| state % FORTY_YEARS)
}

// SAFETY: the C library's functions are replaced by ones of the same signature and meaning.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, out: *mut libc::timespec) -> libc::c_int {
    // SAFETY: plain system call; the caller passes a place for the time.
    unsafe {
        let code = libc::syscall(libc::SYS_clock_gettime, clock, out) as libc::c_int;
        if code == 0 && clock == libc::CLOCK_REALTIME {
            (*out).tv_sec += jump();
        }
        code
    }
}

// SAFETY: as above.
#[unsafe(no_mangle)]
unsafe extern "C" fn gettimeofday(out: *mut libc::timeval, _: *mut libc::c_void) -> libc::c_int {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the caller passes a place for the time, or none.
    unsafe {
        let code = clock_gettime(libc::CLOCK_REALTIME, &mut now);
        if code == 0 && !out.is_null() {
            *out = libc::timeval { tv_sec: now.tv_sec, tv_usec: now.tv_nsec / 1_000 };
        }
        code
    }
}

fn message(text: &str) -> Message {
    Message { format: 1, bytes: text.into() }
}

/// Waits for a turn that another handle has, until the deadline and no longer, and then has it.
pub fn wait(home: &Path, log: &mut Log) {
    let_jump();
    let looks: BTreeSet<_> = (0..50).map(|_| SystemTime::now()).collect();
    assert!(looks.last().unwrap().duration_since(*looks.first().unwrap()).unwrap() > Duration::from_secs(1 << 28));
    let deadline = Duration::from_millis(300);
    let (one, two) = [options().deadline, deadline]
        .map(|deadline| try_open(home, Options { deadline, ..options() }).unwrap())
        .into();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let holder = std::thread::spawn(move || {
        write(&one, move |tx| {
            begun.send(()).unwrap();
            ended.recv().unwrap();
            tx.put("held", message("through all jumps"))
        })
    });
    has_begun.recv().unwrap();
    for _ in 0..3 {
        let began = Instant::now();
        let refused = write(&two, |tx| tx.put("late", message("")));
        assert!(matches!(refused, Err(Error::Busy(_))), "{refused:?}");
        assert!(began.elapsed() >= deadline && began.elapsed() < deadline * 20, "{:?}", began.elapsed());
    }
    end.send(()).unwrap();
    holder.join().unwrap().unwrap();
    write(&two, |tx| {
        assert!(tx.get::<Message>("held")?.is_some() && tx.get::<Message>("late")?.is_none());
        tx.put("next", message(""))
    })
    .unwrap();
    log.line("had its turn");
}

#[test]
fn a_wall_clock_that_jumps_changes_neither_turns_nor_deadlines() {
    let home = Home::new();
    assert_eq!(Process::start("clock", home.path(), 0).finish(), ["had its turn"]);
}
