//! Look-ups, which are verified: certificate, certified log, proof.

use directory::api::*;
use directory::certified::CertifiedLog;
use directory_core::bytes::DecodeError;
use directory_core::change::State;
use directory_core::label::Label;
use directory_core::update::Update;
use directory_core::verify::{Query, Verified};

use super::client::DirectoryClient;
use super::request;
use crate::error::CallError;
use crate::read::Lie;
use crate::transport::{Failure, Transport};
use crate::verify::clock;

impl<T: Transport> DirectoryClient<T> {
    /// Looks a label up and verifies the answer, even if it is that the label has no entry. `contact` is its state at the
    /// last look-up; the answer then shows each change since. [`Verified::state`] is to be remembered as the next contact.
    ///
    /// At [`View::newest`] the answer is as old as its certificate. At [`View::ratified`] it is the newest one that verifiers
    /// have cosigned. Demand [`Verified::ratified`] there: an answer that is only certified can be of any age.
    ///
    /// # Errors
    ///
    /// As [`DirectoryClient::send`], if the answer does not verify, and if the transport has no certificates.
    pub async fn lookup(
        &mut self,
        label: &Label,
        view: View,
        contact: Option<&State>,
    ) -> Result<Verified, CallError<LookupError>> {
        let Some(state) = contact else { return Ok(self.ask(label, view, Changes::newest, None).await?.0) };
        let from = |state: &State| Changes::version(state.newest().version.saturating_add(1));
        match self.ask(label, view, from(state), Some(state)).await {
            Err(CallError::Refused(LookupError::HistoryTooLong { versions, max })) => {
                let (state, _) = self.replay(label, Some(state.clone()), versions.saturating_sub(max)).await?;
                Ok(self.ask(label, view, from(&state), Some(&state)).await?.0)
            }
            answer => Ok(answer?.0),
        }
    }

    /// Asks for a proof and verifies it. Moves the memory forward.
    pub(super) async fn ask(
        &mut self,
        label: &Label,
        view: View,
        history: Changes,
        contact: Option<&State>,
    ) -> Result<(Verified, Found), CallError<LookupError>> {
        let known = self.memory.map_or(0, |memory| memory.log.size);
        let found = self.send(request::lookup(label, view, known, history)).await?;
        let (log, certified_time) = self.certified("lookup", &found.certified)?;
        let (certified, memory, now) = (log.checkpoint, self.memory, clock());
        let query = Query { label, view: view.into(), certified, certified_time, memory, contact, now };
        let verified = self.trusted.verify(&query, &found.proof).map_err(lie)?;
        self.memory = Some(verified.memory);
        Ok((verified, found))
    }

    /// Replays the next `left` changes of a label, page by page. Returns the last state, and the changes with their times.
    ///
    /// Precondition: there is a state, or at least one change is left.
    pub(super) async fn replay(
        &self,
        label: &Label,
        mut state: Option<State>,
        left: u64,
    ) -> Result<(State, Vec<(u64, Update)>), CallError<LookupError>> {
        let short = || CallError::Malformed { method: "get_history", reason: "it ends too early".to_string() };
        let mut changes = Vec::new();
        while (changes.len() as u64) < left {
            let from = state.as_ref().map_or(0, |state| state.newest().version.saturating_add(1));
            let limit = u32::try_from(left - changes.len() as u64).unwrap_or(u32::MAX);
            let page = self.get_history(label, from, limit).await?;
            let page =
                page.into_iter().take(limit as usize).map(|change| Ok((change.time, Update::decode(&change.update)?)));
            let page = page.collect::<Result<Vec<_>, _>>().map_err(|error| malformed("get_history", error))?;
            let (_, first) = page.first().ok_or_else(short)?;
            let index = state.as_ref().map_or(first.entry.index, |state| state.newest().index);
            state = self.trusted.replay(label, &index, state.as_ref(), &page).map_err(lie)?;
            changes.extend(page);
        }
        Ok((state.ok_or_else(short)?, changes))
    }

    /// The certified log of an answer, and the certificate's time in nanoseconds since 1970.
    ///
    /// # Errors
    ///
    /// If the certificate is not the subnet's, of this canister and recent, if it certifies another log, and if the
    /// transport has no certificates.
    pub fn certified<E>(&self, method: &'static str, answer: &Certified) -> Result<(CertifiedLog, u64), CallError<E>> {
        let certificates = self.transport.certificates();
        let certificates = certificates.ok_or(CallError::Failed(Failure::Unsendable("no certificates".into())))?;
        let certificate = answer.certificate.as_ref().ok_or(CallError::Lie(Lie::NoProof))?;
        let certified = certificates.check(certificate).map_err(|error| CallError::Lie(Lie::Certificate(error)))?;
        let log = CertifiedLog::decode(&answer.log).map_err(|error| malformed(method, error))?;
        if log.certified_data() != certified.data {
            return Err(CallError::Lie(Lie::OtherState));
        }
        Ok((log, certified.time))
    }
}

fn lie<E>(error: directory_core::verify::VerifyError) -> CallError<E> {
    CallError::Lie(Lie::Lookup(error))
}

pub(super) fn malformed<E>(method: &'static str, error: DecodeError) -> CallError<E> {
    CallError::Malformed { method, reason: format!("{error:?}") }
}
