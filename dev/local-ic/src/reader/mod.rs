//! Queries beside updates.
//!
//! A [`StateReader`] has a copy of the state as of the last applied changes. It answers queries on this copy, on any
//! number of threads, while the engine executes. Each query sees one state from its beginning to its end: it runs on a
//! view of the copy, in which pages that later changes replace keep their contents. Applying changes does not wait for
//! queries. A query that begins waits while changes of its canister are applied. For each query in progress, applying
//! costs in proportion to the changed pages.

mod latest;
mod published;
mod view;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, RwLock, RwLockReadGuard};

use candid::Principal;

use crate::engine::{Answered, Changes, Query, not_found};
use crate::memory::Mapping;
use crate::metrics::QueryStatistics;
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::Certifier;
use published::Published;

/// The certifiable data of a canister.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanisterInfo {
    /// The controllers of the canister.
    pub controllers: Vec<Principal>,
    /// SHA-256 of its module, if it has one.
    pub module_hash: Option<[u8; 32]>,
    /// The module's custom sections `icp:public <name>` and `icp:private <name>`.
    pub metadata: Vec<MetadataSection>,
}

/// A custom section of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataSection {
    /// Its name, without the scope.
    pub name: String,
    /// Whether only the controllers may read it.
    pub private: bool,
    /// The section's bytes.
    pub contents: Vec<u8>,
}

/// A copy of the state, for queries.
pub struct StateReader {
    canisters: RwLock<Canisters>,
    certifier: Option<Certifier>,
}

type Canisters = BTreeMap<Principal, Arc<Published>>;

const NO_PANIC: &str = "no thread panics while it holds this lock";

impl StateReader {
    /// A copy of the state that has only seen `changes`: the first that the engine hands out. Queries find the certificate
    /// of their canister's data that `certifier` makes, if there is one.
    ///
    /// # Errors
    ///
    /// If the system cannot do what queries beside updates need.
    pub fn new(changes: &Changes<'_>, certifier: Option<Certifier>) -> io::Result<Self> {
        Mapping::check_copy_pages()?;
        let reader = Self { canisters: RwLock::default(), certifier };
        reader.apply(changes);
        Ok(reader)
    }

    /// Applies the next changes. Queries that begin from now on see them.
    pub fn apply(&self, changes: &Changes<'_>) {
        let moment = changes.moment;
        let mut changed: BTreeMap<_, _> = changes.canisters.iter().map(|changes| (changes.id, changes)).collect();
        for (id, canister) in self.read().iter() {
            canister.apply(changed.remove(id), moment);
        }
        let new = changed.into_iter().map(|(id, changes)| (id, Arc::new(Published::new(changes, moment))));
        let new: Vec<_> = new.collect();
        let mut canisters = self.canisters.write().expect(NO_PANIC);
        canisters.extend(new);
        for id in &changes.deleted {
            canisters.remove(id);
        }
    }

    /// Executes a query call.
    pub fn query_call(
        &self,
        canister_id: Principal,
        sender: Principal,
        method: &str,
        payload: Vec<u8>,
    ) -> Result<Vec<u8>, RejectResponse> {
        let query = Query { callee: canister_id, caller: sender, method: method.to_owned(), argument: payload };
        let response = query.subject().and_then(|subject| {
            let canister = self.canister(subject)?;
            let run = canister.with_view(|view, moment| query.run(view, moment, 0, self.certifier.clone()));
            let Answered { response, statistics } =
                run.map_err(|error| RejectResponse::new(ErrorCode::CertifiedStateUnavailable, error.to_string()))?;
            canister.count(statistics);
            response
        });
        response.map_err(RejectResponse::uncertified)
    }

    /// The queries of each canister since this was last asked, for [`LocalIc::count_queries`](crate::LocalIc::count_queries).
    pub fn take_query_statistics(&self) -> Vec<(Principal, QueryStatistics)> {
        let counted = self.read().iter().map(|(id, canister)| (*id, canister.take_count())).collect::<Vec<_>>();
        counted.into_iter().filter(|(_, statistics)| *statistics != QueryStatistics::default()).collect()
    }

    /// Whether there is a canister with this id.
    pub fn canister_exists(&self, canister_id: Principal) -> bool {
        self.canister(canister_id).is_ok()
    }

    /// The certifiable data of a canister, if there is one with this id.
    pub fn canister_info(&self, canister_id: Principal) -> Option<CanisterInfo> {
        self.canister(canister_id).ok().map(|canister| canister.info())
    }

    fn canister(&self, id: Principal) -> Result<Arc<Published>, RejectResponse> {
        self.read().get(&id).cloned().ok_or_else(|| not_found(id))
    }

    fn read(&self) -> RwLockReadGuard<'_, Canisters> {
        self.canisters.read().expect(NO_PANIC)
    }
}
