//! The whole history of a label, verified.

use directory::api::{Changes, LookupError, View};
use directory_core::label::Label;
use directory_core::proof::Proof;
use directory_core::update::Update;
use directory_core::verify::{Verified, VerifyError};

use super::client::DirectoryClient;
use super::lookup::malformed;
use crate::error::CallError;
use crate::read::Lie;
use crate::transport::Transport;

/// A label's history.
#[derive(Clone, Debug)]
pub struct History {
    /// The label as it is.
    pub verified: Verified,
    /// Each change from version 0 on, with its time in nanoseconds since 1970. Only verifiers prove the times of all but
    /// the last.
    pub changes: Vec<(u64, Update)>,
}

impl<T: Transport> DirectoryClient<T> {
    /// Looks a label up with all its changes and verifies them: each follows the rules from the one before, and the last is
    /// the label's entry. A history of more than 64 versions comes in pages, which do not show an address's own signature.
    ///
    /// # Errors
    ///
    /// As [`DirectoryClient::lookup`].
    pub async fn history(&mut self, label: &Label, view: View) -> Result<History, CallError<LookupError>> {
        match self.ask(label, view, Changes::version(0), None).await {
            Ok((verified, found)) => {
                let proof = Proof::decode(&found.proof).map_err(|error| malformed("lookup", error))?;
                let changes = proof.found.map_or_else(Vec::new, |found| found.updates);
                // A proof of only the newest entry is valid, but does not answer the question.
                if changes.first().is_some_and(|(_, update)| update.entry.version != 0) {
                    return Err(CallError::Lie(Lie::Lookup(VerifyError::History)));
                }
                Ok(History { verified, changes })
            }
            Err(CallError::Refused(LookupError::HistoryTooLong { versions, .. })) => {
                let (state, changes) = self.replay(label, None, versions).await?;
                let (verified, _) = self.ask(label, view, Changes::newest, None).await?;
                match &verified.state {
                    Some(newest) if newest.hash() == state.hash() => Ok(History { verified, changes }),
                    _ => Err(CallError::Lie(Lie::Lookup(VerifyError::History))),
                }
            }
            Err(error) => Err(error),
        }
    }
}
