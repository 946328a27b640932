//! Abilities that only the embedded engine has.

use local_ic::{ExecutionRecord, LocalIc, Usage};
use std::rc::Rc;

use super::client::Inbox;

/// A new network.
pub fn start() -> LocalIc {
    LocalIc::new()
}

/// An inbox on the embedded engine, whatever engine was chosen for the run: for tests that measure, or cause faults.
pub fn inbox() -> (Rc<LocalIc>, Inbox) {
    let engine = Rc::new(start());
    let inbox = Inbox::on(engine.clone());
    (engine, inbox)
}

/// The resources that the last update or query used.
pub fn usage(engine: &LocalIc, inbox: &Inbox) -> Usage {
    engine.last_call_usage(inbox.id).expect("a call was made")
}

/// The last execution.
pub fn last_execution(engine: &LocalIc, inbox: &Inbox) -> ExecutionRecord {
    engine.last_execution(inbox.id).expect("something was executed")
}
