//! One reference model, two runs: the same generated sequences against the canister's Wasm and against the store.
//!
//! The sequences are the same in every run. `MESSAGE_CANISTER_TEST_SEED` draws others, `MESSAGE_CANISTER_TEST_SCALE`
//! draws more of them.

mod native;
mod ops;
mod questions;
mod subject;
mod wasm;

use message_canister::api::{KeyCursor, Order, Start};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use test_support::scale;

use crate::model::{Model, Who};
use crate::support::START_SECONDS;
use ops::Op;
use subject::{Answer, Subject};

/// Draws `cases` sequences and runs each against a new subject.
fn compare_with_model<S: Subject>(cases: u32, steps: std::ops::Range<usize>, new_subject: impl Fn() -> S) {
    let config =
        Config { cases: cases * scale(), failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed()));
    let outcome = runner.run(&ops::sequence(steps).boxed(), |ops| run(&mut new_subject(), &ops));
    if let Err(TestError::Fail(reason, ops)) = outcome {
        panic!("{reason}\nin the sequence {ops:#?}");
    }
    outcome.expect("no sequence is given up");
}

fn seed() -> [u8; 32] {
    let text = std::env::var("MESSAGE_CANISTER_TEST_SEED").unwrap_or_default();
    crate::support::sha256(text.as_bytes())
}

fn run<S: Subject>(subject: &mut S, ops: &[(Who, Op)]) -> Result<(), TestCaseError> {
    let mut model = Model::default();
    let mut now = START_SECONDS;
    for (place, (who, op)) in ops.iter().enumerate() {
        if let Op::SetClock(offset) = op {
            let asked = START_SECONDS + offset;
            if asked >= now || subject.clock_goes_back() {
                now = asked;
            }
        }
        same(subject, &mut model, *who, op, now)
            .map_err(|reason| TestCaseError::fail(format!("step {place}: {reason}")))?;
        subject.check_after_step();
        if matches!(op, Op::Upgrade(_)) {
            ask_everything(subject, &mut model, now)?;
        }
    }
    ask_everything(subject, &mut model, now)
}

/// Asks every question that the model can answer. Those who may not see everything ask the ones that show rights.
fn ask_everything<S: Subject>(subject: &mut S, model: &mut Model, now: u32) -> Result<(), TestCaseError> {
    subject.check();
    let all = questions::about(model).into_iter().map(|op| (Who::Controller, op));
    for (who, op) in all.chain(questions::about_rights(model)) {
        same(subject, model, who, &op, now)
            .map_err(|reason| TestCaseError::fail(format!("asking for all: {reason}")))?;
    }
    Ok(())
}

fn same<S: Subject>(subject: &mut S, model: &mut Model, who: Who, op: &Op, now: u32) -> Result<(), String> {
    let expected = model.apply(who, op, now);
    let mut answered = subject.apply(who, op, now);
    // The time of messages that are gone is unknown, so a page that starts at a time may report a gap.
    if let Op::GetMessagesByKey(key, KeyCursor { start: Start::time(_), order: Order::ascending, .. }) = op
        && model.has_lost(&key.bytes())
        && let (Answer::Page(Ok(page)), Answer::Page(Ok(expected))) = (&mut answered, &expected)
    {
        page.gap = page.gap && expected.gap;
    }
    if answered == expected {
        return Ok(());
    }
    Err(format!("{op:?} by {who:?} at {now} must answer {}, answered {}", brief(&expected), brief(&answered)))
}

/// An answer, shortened if it is large.
fn brief(answer: &Answer) -> String {
    let mut text = format!("{answer:?}");
    if text.len() > 2_000 {
        let end = text.floor_char_boundary(2_000);
        text.truncate(end);
        text.push('…');
    }
    text
}
