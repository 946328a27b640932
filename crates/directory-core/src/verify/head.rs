//! Checks the head of an answer: it must be in the certified log, at its end if the newest state was asked for. The certified
//! log must continue the one that the client knows.

use super::quorum::Trust;
use super::{Memory, Query, Trusted, VerifyError};
use crate::checkpoint::Checkpoint;
use crate::log::{LogError, leaf_hash, root_by_inclusion, verify_consistency};
use crate::map::View;
use crate::proof::Proof;

impl Trusted {
    pub(super) fn check_head(&self, query: &Query<'_>, proof: &Proof) -> Result<Trust, VerifyError> {
        let head = &proof.head;
        if head.configuration != self.configuration {
            return Err(VerifyError::Configuration(head.configuration));
        }
        if head.time > query.certified_time {
            return Err(VerifyError::HeadTime { head: head.time, certified: query.certified_time });
        }
        let Checkpoint { size: newest, root: newest_root } = &query.certified;
        let outside = VerifyError::Edge(LogError::Index { index: head.epoch, size: *newest });
        let size = head.epoch.checked_add(1).ok_or(outside)?;
        let root =
            root_by_inclusion(head.epoch, size, leaf_hash(&head.encode()), &proof.edge).map_err(VerifyError::Edge)?;
        // Each older head is in the certified log too, so anybody could show it under today's certificate.
        if query.view == View::Newest && size < *newest {
            return Err(VerifyError::ToNewest(LogError::Outdated { size, newest: *newest }));
        }
        verify_consistency((size, &root), (*newest, newest_root), &proof.to_newest).map_err(VerifyError::ToNewest)?;
        match &query.memory {
            Some(Memory { ratified, .. }) if size < *ratified => {
                return Err(VerifyError::OlderHead { ratified: *ratified, epoch: head.epoch });
            }
            Some(Memory { log, .. }) => {
                verify_consistency((log.size, &log.root), (*newest, newest_root), &proof.from_known)
                    .map_err(VerifyError::FromKnown)?;
            }
            None if proof.from_known.is_empty() => {}
            None => return Err(VerifyError::FromKnown(LogError::Length { hashes: proof.from_known.len() })),
        }
        match &self.quorum {
            Some(quorum) => quorum.trust(&self.origin, &Checkpoint { size, root }, proof, query.now),
            None => Ok(Trust::Certified),
        }
    }
}
