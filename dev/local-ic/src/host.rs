//! The interface for programs that serve the engine to others, besides PocketIC's client.

use candid::Principal;

use crate::client::{LocalIc, MessageId};
use crate::engine::{Changes, Engine, Restore, RestoreError};
use crate::metrics::QueryStatistics;
use crate::reject::RejectResponse;

impl LocalIc {
    /// An instance without canisters, whose `raw_rand` depends on `seed`. Without the seed nobody can predict it. The
    /// `raw_rand` of [`LocalIc::new`] is the same in every run.
    pub fn with_random_seed(seed: [u8; 32]) -> Self {
        Self::with(Engine::new(&seed))
    }

    /// The instance whose entries `restore` has taken.
    ///
    /// # Errors
    ///
    /// If something is missing.
    pub fn restored(restore: Restore) -> Result<Self, RestoreError> {
        restore.finish().map(Self::with)
    }

    /// Passes `f` the changes since the last call; at first, everything. Nothing is executed meanwhile.
    pub fn take_changes<T>(&self, f: impl FnOnce(&Changes<'_>) -> T) -> T {
        f(&self.engine().take_changes())
    }

    /// The ids of all canisters.
    pub fn canister_ids(&self) -> Vec<Principal> {
        self.engine().canister_ids().collect()
    }

    /// Counts queries that a [`StateReader`](crate::StateReader) has answered as those of the canister, if it still exists.
    pub fn count_queries(&self, canister_id: Principal, queries: QueryStatistics) {
        if let Ok(canister) = self.engine().canister_mut(canister_id) {
            canister.queries += queries;
        }
    }

    /// Whether no message waits to be executed. Then a round only does the work that is due by time.
    pub fn is_idle(&self) -> bool {
        self.engine().is_idle()
    }

    /// Submitted calls whose execution has not begun.
    pub fn queued_calls(&self) -> usize {
        self.engine().queued_ingress()
    }

    /// Rejects the submitted calls whose execution has not begun and that are `expired`. The engine itself knows of no
    /// expiry.
    pub fn time_out_calls(&self, mut expired: impl FnMut(MessageId) -> bool) {
        self.engine().time_out(|number| expired(MessageId(number)));
    }

    /// The response to a submitted call, returned once; `None` while the call is not answered. Executes nothing.
    pub fn take_response(&self, message_id: MessageId) -> Option<Result<Vec<u8>, RejectResponse>> {
        self.engine().take_response(message_id.0)
    }
}
