//! The actors: eight clients of the message canister, three owners of labels, two verifiers of the directory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::actor::play;
use super::caller::{Caller, unanswered};
use super::directory::{OWNERS, Owner, VERIFIERS, Verifier};
use super::messages::Client;
use super::{CLIENTS, Options, Shared};
use crate::inbox::Inbox;
use crate::violation::{Verdict, Violation};
use test_support::Random;

/// Expiry of the calls of every fourth client. They expire before they are sent again after a long restart.
const SHORT_EXPIRY: Duration = Duration::from_secs(8);

/// All running actors.
pub struct Cast {
    clients: Vec<JoinHandle<Verdict<Client>>>,
    owners: Vec<JoinHandle<Verdict<Owner>>>,
    verifiers: Vec<JoinHandle<Verdict<Verifier>>>,
}

impl Cast {
    /// Starts them. Verifiers keep their journals in `folder`.
    ///
    /// # Errors
    ///
    /// If the network does not answer.
    pub async fn begin(shared: &Arc<Shared>, url: &str, folder: &Path, options: &Options) -> Verdict<Self> {
        let (mut clients, mut owners, mut verifiers) = (Vec::new(), Vec::new(), Vec::new());
        let (inbox, directory) = (shared.messages.controller.canister, shared.directory.controller.canister);
        let caller = async |canister, number: u8| {
            let expiry = (number % 4 == 3).then_some(SHORT_EXPIRY);
            let inbox = Inbox::connect(url, canister, number, expiry).await.map_err(unanswered)?;
            let random = Random::of(&[options.seed, number.into(), u64::MAX]);
            Ok::<_, Violation>(Caller::new(inbox, Arc::clone(shared), random))
        };
        for number in 0..CLIENTS {
            let caller = caller(inbox, number).await?;
            let operations = share(options.operations, CLIENTS, number);
            let client = Client { number, caller, seed: options.seed, operations, made: 0 };
            clients.push(tokio::spawn(play(client, Arc::clone(shared))));
        }
        for number in 0..OWNERS {
            let caller = caller(directory, CLIENTS + number).await?;
            let owner = Owner::new(number, caller, options);
            owners.push(tokio::spawn(play(owner, Arc::clone(shared))));
        }
        for number in 0..VERIFIERS {
            let verifier = Verifier::open(number, shared, url, folder, options)?;
            verifiers.push(tokio::spawn(play(verifier, Arc::clone(shared))));
        }
        Ok(Self { clients, owners, verifiers })
    }

    /// Stops them at once.
    pub fn abort(&self) {
        self.clients.iter().for_each(JoinHandle::abort);
        self.owners.iter().for_each(JoinHandle::abort);
        self.verifiers.iter().for_each(JoinHandle::abort);
    }

    /// Waits until they have made all their operations. Returns the verifiers.
    ///
    /// # Errors
    ///
    /// If one has failed.
    pub async fn end(self) -> Verdict<Vec<Verifier>> {
        all(self.clients).await?;
        all(self.owners).await?;
        all(self.verifiers).await
    }
}

async fn all<A>(tasks: Vec<JoinHandle<Verdict<A>>>) -> Verdict<Vec<A>> {
    let mut actors = Vec::new();
    for task in tasks {
        actors.push(task.await.map_err(|error| Violation(error.to_string()))??);
    }
    Ok(actors)
}

/// The share of actor `number` of this many operations, divided among this many actors.
pub fn share(operations: u64, actors: u8, number: u8) -> u64 {
    let actors = u64::from(actors);
    operations / actors + u64::from(u64::from(number) < operations % actors)
}
