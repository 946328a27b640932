//! Cosignatures of verifiers. Only the newest head can be ratified. A ratified head also accepts newer signatures of its
//! verifiers.

use crate::api::{self, LookupError, Malformed, Ratified, RatifyError};
use crate::directory::Directory;
use crate::limits::SECOND;
use crate::lookups::blobs;
use crate::state::Cosigned;
use directory_core::checkpoint::{Checkpoint, Cosignature};
use directory_core::verify::MAX_AHEAD;
use ic_stable_structures::Memory;
use serde_bytes::ByteBuf;

impl<M: Memory + Clone> Directory<M> {
    /// Checks a verifier's cosignature of the log of `size` heads. Cheap checks come first.
    pub fn check_cosignature(&self, size: u64, bytes: &[u8], now: u64) -> Result<Cosignature, RatifyError> {
        let store = &self.keyed().map_err(|_| RatifyError::Unavailable)?.store;
        let one =
            Cosignature::decode(bytes).map_err(|error| RatifyError::Malformed(Malformed::new("cosignature", error)))?;
        let (newest, ratified) = (store.log().size(), store.ratified());
        if size == 0 || (size != newest && size != ratified) {
            return Err(RatifyError::NotNewest { size, newest, ratified });
        }
        let verifiers = self.state.configuration().verifiers();
        let unknown = || RatifyError::UnknownVerifier(ByteBuf::from(one.key_id.to_vec()));
        let verifier = verifiers.iter().find(|verifier| verifier.key_id() == one.key_id).ok_or_else(unknown)?;
        let now = now / SECOND;
        if one.time > now + MAX_AHEAD {
            return Err(RatifyError::Future { time: one.time, now });
        }
        let cosigned = self.cosigned(size);
        let stored = cosigned.cosignatures.iter().find(|stored| stored.key_id == one.key_id);
        if let Some(stored) = stored.filter(|stored| one.time <= stored.time) {
            return Err(RatifyError::NotNewer { stored: stored.time });
        }
        let root = if size == newest { store.root() } else { store.log().root(size) };
        let checkpoint = Checkpoint { size, root };
        if !verifier.verifies(&self.origin(), &checkpoint, &one) {
            return Err(RatifyError::Signature(ByteBuf::from(one.key_id.to_vec())));
        }
        Ok(one)
    }

    /// Checks and stores a cosignature. If it completes the quorum, the newest head is ratified.
    pub fn ratify(&mut self, size: u64, bytes: &[u8], now: u64) -> Result<Ratified, RatifyError> {
        let one = self.check_cosignature(size, bytes, now)?;
        let mut cosigned = self.cosigned(size);
        cosigned.cosignatures.retain(|stored| stored.key_id != one.key_id);
        cosigned.cosignatures.push(one);
        cosigned.cosignatures.sort_by_key(|cosignature| cosignature.key_id);
        let threshold = usize::from(self.state.configuration().threshold());
        let keyed = self.keyed.as_mut().ok_or(RatifyError::Unavailable)?;
        if size == keyed.store.ratified() {
            let at = self.state.ratified_at();
            self.state.set_ratified(&cosigned, at);
        } else {
            self.state.set_newest(&cosigned);
            if cosigned.cosignatures.len() >= threshold {
                keyed.store.ratify();
                self.state.set_ratified(&cosigned, now);
            }
        }
        Ok(Ratified { cosignatures: cosigned.cosignatures.len() as u32, ratified: keyed.store.ratified() })
    }

    /// The newest log, the proof that it continues the known one, and the cosignatures.
    pub fn checkpoint(&self, known: u64, certificate: Option<Vec<u8>>) -> Result<api::Checkpoint, LookupError> {
        let log = self.log().map_err(|_| LookupError::Unavailable)?;
        let store = &self.keyed().map_err(|_| LookupError::Unavailable)?.store;
        let size = log.checkpoint.size;
        if known > size {
            return Err(LookupError::UnknownLog { known, size });
        }
        let consistency = if known == 0 { Vec::new() } else { store.log().consistency(known, size) };
        let named = |cosigned: Cosigned| api::Cosigned {
            size: cosigned.size,
            cosignatures: cosigned.cosignatures.iter().map(|one| ByteBuf::from(one.encode())).collect(),
        };
        Ok(api::Checkpoint {
            certified: self.certified(certificate).map_err(|_| LookupError::Unavailable)?,
            text: log.checkpoint.text(&self.origin()),
            consistency: blobs(&consistency),
            newest: named(self.cosigned(size)),
            ratified: named(self.state.ratified()),
        })
    }

    /// The certified log with the platform's certificate, if there is one.
    pub fn certified(&self, certificate: Option<Vec<u8>>) -> Result<api::Certified, crate::directory::Unavailable> {
        Ok(api::Certified { log: ByteBuf::from(self.log()?.encode()), certificate: certificate.map(ByteBuf::from) })
    }

    fn cosigned(&self, size: u64) -> Cosigned {
        let kept = [self.state.ratified(), self.state.newest()].into_iter().find(|kept| kept.size == size);
        kept.unwrap_or(Cosigned { size, cosignatures: Vec::new() })
    }
}
