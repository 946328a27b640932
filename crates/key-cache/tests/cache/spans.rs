//! The spans that tracing shows of a flight, and the data that it does not show.

use crate::support::{Reply, Stage, key, now};
use key_cache::Limits;
use std::fmt::{Debug, Write};
use std::process::Command;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes all that it is told as text.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Visit for Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        write!(self.0.lock().unwrap(), "\nspan {}", span.metadata().name()).unwrap();
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push_str("\nevent");
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Set for the process that runs this test alone.
const ALONE: &str = "KEY_CACHE_TEST_ALONE";

/// In a process of its own: a span that another test's thread meets for the first time while one thread subscribes is
/// switched off for all threads.
#[test]
fn spans_name_the_key_and_hold_no_secret() {
    if std::env::var_os(ALONE).is_some() {
        return compare_spans();
    }
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "spans::spans_name_the_key_and_hold_no_secret"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && output.contains(" 1 passed"), "{output}");
}

fn compare_spans() {
    let everything = Everything::default();
    tracing::subscriber::with_default(everything.clone(), || {
        let stage = Stage::new(Limits::default());
        let mut get = stage.ask(&key(1));
        stage.answer(0, Reply::Panic);
        stage.answer(1, Reply::Key(0xb7));
        let held = now(&mut get).unwrap().unwrap();
        drop(stage.ask(&key(2)));
        stage.answer(2, Reply::Refuse(424_242));
        // The text of everything that can be printed of a key.
        write!(everything.0.lock().unwrap(), "{held:?} {:?} {:?}", crate::support::secret(0xb7), key(1)).unwrap();
    });
    let text = everything.0.lock().unwrap().clone();
    for expected in ["span key_cache work=\"unwrap\" id=00000001 generation=1 attempt=2", "answered", "refused"] {
        assert!(text.contains(expected), "{text}");
    }
    // The key, as bytes are printed; its wrapping; the manager's own text.
    for secret in ["b7b7", "183, 183", "\u{b7}", "wrapped\"", "119, 114", "424242"] {
        assert!(!text.contains(secret), "{text}");
    }
}
