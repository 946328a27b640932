//! An owner of labels. It registers them, changes their keys and publishes bundles. It resolves the calls that a kill left
//! without an outcome.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use client::Retry;
use client::directory::api::View;
use client::directory::directory_core::bundle::Bundle;
use client::directory::directory_core::change::State;
use client::directory::{DirectoryClient, label_text, request};

use super::draft::{self, Number};
use super::line::Line;
use super::model::{Came, Model, Place};
use super::operation::{Operation, Pick};
use super::{OWNERS, Tally};
use crate::soak::actor::Actor;
use crate::soak::caller::{Caller, failed};
use crate::soak::cast::share;
use crate::soak::{Canister, Options, lock};
use crate::violation::{Verdict, Violation};

/// An owner.
pub struct Owner {
    /// Its number.
    number: u8,
    /// Makes its updates.
    pub(super) caller: Caller,
    /// Makes its look-ups, and keeps the verified log state.
    pub(super) client: DirectoryClient<Line>,
    /// Its contacts' states, by label.
    pub(super) contacts: HashMap<Number, State>,
    /// The newest bundles of each label that it has seen.
    pub(super) bundles: HashMap<Number, Vec<Bundle>>,
    options: Options,
    made: u64,
}

impl Owner {
    /// The owner of this number.
    pub fn new(number: u8, caller: Caller, options: &Options) -> Self {
        let line = Line::new(&caller.inbox, Arc::clone(&caller.shared));
        let trusted = caller.shared.directory.trusted.clone();
        let client = DirectoryClient::new(line, trusted).with_retry(Retry::NEVER);
        let (contacts, bundles) = (HashMap::new(), HashMap::new());
        Self { number, caller, client, contacts, bundles, options: options.clone(), made: 0 }
    }

    /// The known state of the directory.
    pub(super) fn model(&self) -> MutexGuard<'_, Model> {
        lock(&self.caller.shared.directory.model)
    }

    /// Changes a count.
    pub(super) fn count(&self, what: impl FnOnce(&mut Tally)) {
        self.caller.count(|tally| what(&mut tally.directory));
    }
}

impl Actor for Owner {
    type Operation = Operation;

    fn name(&self) -> String {
        format!("owner {}", self.number)
    }

    /// An owner's operations are spread evenly over those of the message canister's clients.
    async fn next(&mut self) -> Option<Operation> {
        let (number, operations) = (self.made, share(self.options.label_operations(), OWNERS, self.number));
        self.made += 1;
        let is_due =
            number < operations && self.caller.shared.reached(self.options.operations * number / operations).await;
        is_due.then(|| Operation::draw(self.options.seed, self.number, number))
    }

    async fn make(&mut self, operation: Operation) -> Verdict<()> {
        match operation {
            Operation::Register(number) | Operation::RegisterContested(number) => self.register(number).await,
            Operation::Change { label, rekey, other_device } => {
                let Some(number) = self.own(label) else { return Ok(()) };
                self.change(number, (rekey, other_device)).await
            }
            Operation::LookUp { label, view, follow } => {
                let Some(number) = self.any(label) else { return Ok(()) };
                self.look_up(number, view, follow).await.map(drop)
            }
            Operation::LookUpAbsent(number) => self.look_up(number, View::newest, false).await.map(drop),
            Operation::Follow(pick) => {
                let Some(number) = self.own(pick) else { return Ok(()) };
                self.follow(number).await
            }
            Operation::PutBundle(pick) => {
                let Some(number) = self.own(pick) else { return Ok(()) };
                self.put_bundle(number).await
            }
            Operation::GetBundles(pick) => {
                let Some(number) = one_of(&self.model().with_bundles(), pick) else { return Ok(()) };
                self.get_bundles(number).await
            }
            Operation::Replay(pick) => self.caller.replay(pick).await,
            Operation::Upgrade => self.caller.shared.upgrade(Canister::Directory).await,
        }
    }
}

impl Owner {
    fn own(&self, pick: Pick) -> Option<Number> {
        one_of(&self.model().owned_by(self.number), pick)
    }

    fn any(&self, pick: Pick) -> Option<Number> {
        one_of(&self.model().numbers(), pick)
    }

    /// Registers a label, unless a look-up shows that it is registered.
    async fn register(&mut self, number: Number) -> Verdict<()> {
        let (index, is_there) = self.look_up(number, View::newest, false).await?;
        if is_there {
            return Ok(());
        }
        let realm = self.client.trusted().realm;
        let version = draft::first(realm, index, number, self.number, &mut self.caller.random)?;
        let place = self.model().begin(number, version);
        self.submit(number, place).await
    }

    /// Changes a label, or sends an earlier change without an outcome again.
    async fn change(&mut self, number: Number, other: (bool, bool)) -> Verdict<()> {
        let open = self.model().open(number, self.number);
        let place = match open {
            Some(place) => place,
            None => {
                let old = self.model().newest(number).map(|newest| newest.version.clone());
                let Some(old) = old else { return Ok(()) };
                let version = draft::next(&old, number, other, &mut self.caller.random)?;
                self.model().begin(number, version)
            }
        };
        self.submit(number, place).await
    }

    async fn submit(&mut self, number: Number, place: Place) -> Verdict<()> {
        let (submission, before) = {
            let model = self.model();
            (model.sent(number, place).version.submission.clone(), model.before())
        };
        let request = request::update(&submission);
        self.caller.shared.label_call.notify_waiters();
        let (reply, was_cut) = self.caller.settle(&request).await?;
        let answer = match request.decode(&reply) {
            Err(client::CallError::Refused(refusal)) => Err(refusal),
            Err(error) => return Err(failed(error)),
            Ok(accepted) => Ok(accepted),
        };
        let came = self.model().answered((number, place), before, was_cut, answer)?;
        let registers = self.model().sent(number, place).version.entry.version == 0;
        self.count(|tally| {
            tally.cut += u64::from(was_cut);
            match came {
                Came::Confirmed => tally.confirmed += 1,
                Came::Repeated => tally.repeated += 1,
                // Somebody else has registered the label.
                Came::Lost | Came::Pending if registers => tally.lost += 1,
                Came::Pending => tally.pending += 1,
                Came::Lost | Came::Quota => {}
            }
        });
        Ok(())
    }

    /// Publishes a bundle of the device that the newest version lists.
    async fn put_bundle(&mut self, number: Number) -> Verdict<()> {
        let bundle = {
            let random = &mut self.caller.random;
            let mut model = lock(&self.caller.shared.directory.model);
            // A version without an outcome may already have changed the device.
            let Some(newest) = model.newest(number).filter(|_| model.open(number, self.number).is_none()) else {
                return Ok(());
            };
            let issued = model.last_issued(number).map_or_else(seconds, |last| (last + 1).max(seconds()));
            let bundle = draft::bundle(&newest.version, number, issued, random);
            model.begin_bundle(number, &bundle);
            bundle
        };
        let request = request::put_bundle(&draft::label(number), &bundle.encode());
        let (reply, _) = self.caller.settle(&request).await?;
        request.decode(&reply).map_err(failed)?;
        self.model().bundle_stored(number, &bundle);
        self.count(|tally| tally.bundles += 1);
        Ok(())
    }
}

/// Turns an error message into a violation that names the label.
pub(super) fn of_label(number: Number) -> impl Fn(String) -> Violation {
    move |what| Violation(format!("label {number} ({}): {what}", label_text(&draft::label(number))))
}

fn one_of(numbers: &[Number], pick: Pick) -> Option<Number> {
    numbers.get((pick % numbers.len().max(1) as u64) as usize).copied()
}

/// The clock, in seconds since 1970.
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
