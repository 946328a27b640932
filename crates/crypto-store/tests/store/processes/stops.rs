//! A holder that is stopped, for longer than any lease, and one that is killed.

use super::Process;
use crate::support::{Home, options, read, write};
use crypto_store::fields::Message;
use crypto_store::{Error, HolderState, Options};
use std::fs::File;
use std::time::Duration;

fn message(text: &str) -> Message {
    Message { format: 1, bytes: text.into() }
}

#[test]
fn a_stopped_holder_is_waited_for_and_named_and_still_holds_when_it_goes_on() {
    let home = Home::new();
    let store = home.open_with(Options { deadline: Duration::from_millis(700), ..options() });
    let child = Process::start("hold", home.path(), 0);
    child.await_line("held");
    child.signal(libc::SIGSTOP);

    let Err(error) = write(&store, |tx| tx.put("abandoned", message("x"))) else {
        panic!("two had their turn at once")
    };
    let text = error.to_string();
    let Error::Busy(busy) = error else { panic!("{text}") };
    let holder = busy.holder.unwrap();
    assert_eq!((holder.pid, holder.state), (child.pid(), HolderState::Stopped));
    assert!(text.ends_with(&format!("stopped: kill -CONT {}", child.pid())), "{text}");
    assert!(read(&store, |snapshot| snapshot.get::<Message>("held")).unwrap().is_none());

    File::create(home.path().join("release")).unwrap();
    child.signal(libc::SIGCONT);
    child.finish();
    write(&store, |tx| {
        assert_eq!(tx.get::<Message>("held")?.unwrap().bytes, b"by the child");
        assert!(tx.get::<Message>("abandoned")?.is_none());
        tx.put("later", message("x"))
    })
    .unwrap();
}

#[test]
fn a_holder_that_is_killed_holds_nothing_and_has_written_nothing() {
    let home = Home::new();
    let store = home.open();
    let child = Process::start("hold", home.path(), 0);
    child.await_line("held");
    child.kill();
    write(&store, |tx| {
        assert!(tx.get::<Message>("held")?.is_none());
        tx.put("next", message("x"))
    })
    .unwrap();
}
