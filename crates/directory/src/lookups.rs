//! Look-ups, histories, the log's pages and bundles. Only storing a bundle changes the directory.

use crate::api::*;
use crate::directory::Directory;
use crate::limits::{PAGE_ITEMS, SECOND};
use directory_core::bundle::Bundle;
use directory_core::label::Label;
use directory_core::profile::Profile;
use directory_core::proof::MAX_UPDATES;
use directory_core::store::Ask;
use ic_stable_structures::Memory;
use serde_bytes::ByteBuf;

impl<M: Memory + Clone> Directory<M> {
    /// The encoded proof that answers a look-up.
    pub fn lookup(&self, asked: &Lookup) -> Result<Vec<u8>, LookupError> {
        let keyed = self.keyed().map_err(|_| LookupError::Unavailable)?;
        let label = decode_label(&asked.label).map_err(LookupError::Malformed)?;
        let size = keyed.store.log().size();
        if asked.known > size {
            return Err(LookupError::UnknownLog { known: asked.known, size });
        }
        let (_, index, vrf) = keyed.locate(&label);
        let from = if let Changes::version(version) = asked.history { Some(version) } else { None };
        let ask = Ask { index: &index, vrf, view: asked.view.into(), known: asked.known, from };
        let at = if asked.view == View::newest { size } else { keyed.store.ratified() };
        let cosigned = [self.state.newest(), self.state.ratified()].into_iter().find(|cosigned| cosigned.size == at);
        let proof = keyed.store.prove(&ask, cosigned.map(|cosigned| cosigned.cosignatures).unwrap_or_default());
        let too_long = |too_long: directory_core::store::TooLong| LookupError::HistoryTooLong {
            versions: too_long.versions as u64,
            max: MAX_UPDATES as u64,
        };
        Ok(proof.map_err(too_long)?.ok_or(LookupError::NoEpoch)?.encode())
    }

    /// A page of a label's history. A client replays it.
    pub fn history(&self, asked: &History) -> Result<Vec<Change>, LookupError> {
        let keyed = self.keyed().map_err(|_| LookupError::Unavailable)?;
        let label = decode_label(&asked.label).map_err(LookupError::Malformed)?;
        let number = keyed.locate(&label).0.ok_or(LookupError::UnknownLabel)?;
        let page = keyed.store.history(number, asked.from, u64::MAX, asked.limit.min(PAGE_ITEMS) as usize);
        Ok(page.into_iter().map(|(time, update)| Change { time, update: ByteBuf::from(update.encode()) }).collect())
    }

    /// Updates from a position on, as leaves of the log of updates.
    pub fn updates(&self, from: u64, limit: u32) -> Result<Vec<ByteBuf>, StatusError> {
        let store = &self.keyed().map_err(|_| StatusError::Unavailable)?.store;
        let to = from.saturating_add(limit.min(PAGE_ITEMS).into()).min(store.updates());
        Ok((from..to).map(|position| ByteBuf::from(store.logged(position).encode())).collect())
    }

    /// Heads from an epoch on.
    pub fn heads(&self, from: u64, limit: u32) -> Result<Vec<ByteBuf>, StatusError> {
        let store = &self.keyed().map_err(|_| StatusError::Unavailable)?.store;
        let to = from.saturating_add(limit.min(PAGE_ITEMS).into()).min(store.log().size());
        Ok((from..to).filter_map(|epoch| store.head(epoch)).map(|head| ByteBuf::from(head.encode())).collect())
    }

    /// Proves an update in its epoch, and the epoch in the log of `size` heads.
    pub fn evidence(&self, position: u64, size: u64) -> Result<Evidence, EvidenceError> {
        let store = &self.keyed().map_err(|_| EvidenceError::Unavailable)?.store;
        let evidence = store.evidence(position, size).ok_or(EvidenceError::UnknownUpdate { position, size })?;
        Ok(Evidence { epoch: evidence.epoch, update: blobs(&evidence.update), head: blobs(&evidence.head) })
    }

    /// The bundles of a label that have not expired.
    pub fn bundles(&self, label: &[u8], now: u64) -> Result<Vec<ByteBuf>, BundleError> {
        let keyed = self.keyed().map_err(|_| BundleError::Unavailable)?;
        let label = decode_label(label).map_err(BundleError::Malformed)?;
        let number = keyed.locate(&label).0.ok_or(BundleError::UnknownLabel)?;
        let bundles = keyed.store.bundles(number).into_iter().filter(|bundle| now / SECOND < bundle.content.expiry);
        Ok(bundles.map(|bundle| ByteBuf::from(bundle.encode())).collect())
    }

    /// Checks a device's bundle against the profile in force.
    pub fn check_bundle(&self, label: &[u8], bytes: &[u8], now: u64) -> Result<(u32, Bundle, Profile), BundleError> {
        let keyed = self.keyed().map_err(|_| BundleError::Unavailable)?;
        let label = decode_label(label).map_err(BundleError::Malformed)?;
        let malformed = |error| BundleError::Malformed(Malformed::new("bundle", error));
        let bundle = Bundle::decode(bytes).map_err(malformed)?;
        let number = keyed.locate(&label).0.ok_or(BundleError::UnknownLabel)?;
        let profile = keyed.store.profile_in_force(number, now).ok_or(BundleError::NoProfile)?;
        let stored = keyed.store.bundles(number);
        let of_device = stored.iter().find(|stored| stored.content.device == bundle.content.device);
        bundle.verify(&keyed.realm, &keyed.store.index(number), &profile, of_device, now / SECOND)?;
        Ok((number, bundle, profile))
    }

    /// Checks and stores a device's bundle.
    pub fn put_bundle(&mut self, label: &[u8], bytes: &[u8], now: u64) -> Result<(), BundleError> {
        let (number, bundle, profile) = self.check_bundle(label, bytes, now)?;
        self.reserve().map_err(|_| BundleError::StorageFull)?;
        let keyed = self.keyed.as_mut().ok_or(BundleError::Unavailable)?;
        keyed.store.put_bundle(number, &bundle, &profile).map_err(|_| BundleError::StorageFull)
    }
}

pub(crate) fn blobs(hashes: &[directory_core::hash::Hash]) -> Vec<ByteBuf> {
    hashes.iter().map(|hash| ByteBuf::from(hash.to_vec())).collect()
}

fn decode_label(bytes: &[u8]) -> Result<Label, Malformed> {
    Label::decode(bytes).map_err(|error| Malformed::new("label", error))
}
