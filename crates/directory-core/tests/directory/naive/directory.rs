//! A directory as lists: of updates, of heads, and of a sorted map for each head. It writes proofs byte by byte from
//! docs/directory.md, with another VRF, and shares no tree, store or encoder of proofs with the library.

use super::{log_consistency, log_path, log_root, map_path, map_root};
use directory_core::entry::{Entry, Kind};
use directory_core::hash::{Hash, sha256};
use std::collections::BTreeMap;
use vrf_rfc9381::ec::edwards25519::tai::{EdVrfEdwards25519TaiPublicKey, EdVrfEdwards25519TaiSecretKey};
use vrf_rfc9381::{Proof as _, Prover as _, Verifier as _};

pub struct Logged {
    pub label: Vec<u8>,
    pub time: u64,
    pub entry: Entry,
    /// Entry, signatures, registrar's signatures.
    pub update: Vec<u8>,
    pub opened: Option<([u8; 16], Vec<u8>)>,
    pub address: Option<Vec<u8>>,
}

struct Head {
    bytes: Vec<u8>,
    time: u64,
    map: BTreeMap<Hash, Hash>,
    updates: usize,
}

pub struct Directory {
    pub secret: [u8; 32],
    pub public: [u8; 32],
    pub updates: Vec<Logged>,
    heads: Vec<Head>,
}

/// The question: a state by the size of its log, the log that the client knows, and the first version.
pub struct Ask<'a> {
    pub label: &'a [u8],
    pub size: usize,
    pub known: usize,
    pub from: Option<u32>,
    pub cosignatures: &'a [Vec<u8>],
}

fn configuration_hash(vrf_key: &Hash, verifiers: &[(String, Hash)]) -> Hash {
    let by_id: BTreeMap<_, _> = verifiers
        .iter()
        .map(|(name, key)| (sha256(&[name.as_bytes(), b"\n\x04", key])[..4].to_vec(), (name, key)))
        .collect();
    let mut bytes = [&b"directory-configuration-v1\n"[..], vrf_key, &[1, 1, 2, by_id.len() as u8]].concat();
    for (name, key) in by_id.values() {
        // An Ed25519 key is of algorithm 1.
        bytes.extend([&[name.len() as u8][..], name.as_bytes(), &[1], &key[..]].concat());
    }
    sha256(&[&bytes])
}

impl Directory {
    pub fn new(secret: [u8; 32], public: [u8; 32]) -> Self {
        Self { secret, public, updates: Vec::new(), heads: Vec::new() }
    }

    fn vrf(&self, label: &[u8]) -> (Hash, Vec<u8>) {
        let proof = || EdVrfEdwards25519TaiSecretKey::from_slice(&self.secret).unwrap().prove(label).unwrap();
        let public = EdVrfEdwards25519TaiPublicKey::from_slice(&self.public).unwrap();
        let output = public.verify(label, proof()).unwrap();
        (output[..32].try_into().unwrap(), proof().encode_to_pi())
    }

    /// Closes an epoch of a directory with a registrar and these verifiers, two of which ratify.
    pub fn close(&mut self, time: u64, verifiers: &[(String, Hash)]) {
        let configuration = configuration_hash(&self.public, verifiers);
        let from = self.heads.last().map_or(0, |head| head.updates);
        let mut map = self.heads.last().map_or_else(BTreeMap::new, |head| head.map.clone());
        let mut leaves = Vec::new();
        for (position, logged) in self.updates.iter().enumerate().skip(from) {
            let position = (position as u64).to_be_bytes();
            let time = logged.time.to_be_bytes();
            let hash = sha256(&[b"directory-entry-v1\n", &logged.update[..logged.entry.encode().len()]]);
            map.insert(logged.entry.index, sha256(&[b"directory-leaf-v1\n", &position, &time, &hash]));
            leaves.push([&position[..], &time, &logged.update].concat());
        }
        let bytes = [
            &[1][..],
            &(self.heads.len() as u64).to_be_bytes(),
            &time.to_be_bytes(),
            &map_root(&map),
            &log_root(&leaves),
            &(from as u64).to_be_bytes(),
            &(leaves.len() as u32).to_be_bytes(),
            &(map.len() as u64).to_be_bytes(),
            &configuration,
        ];
        self.heads.push(Head { bytes: bytes.concat(), time, map, updates: self.updates.len() });
    }

    pub fn root(&self, size: usize) -> Hash {
        log_root(&self.leaves(size))
    }

    fn leaves(&self, size: usize) -> Vec<Vec<u8>> {
        self.heads[..size].iter().map(|head| head.bytes.clone()).collect()
    }

    pub fn prove(&self, ask: &Ask<'_>) -> Vec<u8> {
        let (index, vrf) = self.vrf(ask.label);
        let head = &self.heads[ask.size - 1];
        let all = self.leaves(self.heads.len());
        let known = if ask.known == 0 { Vec::new() } else { log_consistency(ask.known, &all) };
        let (siblings, leaf) = map_path(&head.map, &index);
        let mut out = [&[1][..], &vrf, &head.bytes].concat();
        hashes(&mut out, &log_path(ask.size - 1, &all[..ask.size]));
        out.push(ask.cosignatures.len() as u8);
        out.extend(ask.cosignatures.concat());
        hashes(&mut out, &log_consistency(ask.size, &all));
        hashes(&mut out, &known);
        out.push(match &leaf {
            Some((other, _)) => u8::from(*other != index),
            None => 2,
        });
        out.extend((siblings.len() as u16).to_be_bytes());
        for chunk in siblings.chunks(8) {
            let bits = chunk.iter().enumerate().map(|(at, sibling)| u8::from(*sibling != [0; 32]) << (7 - at));
            out.push(bits.sum());
        }
        siblings.iter().filter(|sibling| **sibling != [0; 32]).for_each(|sibling| out.extend(sibling));
        match leaf {
            Some((other, _)) if other == index => self.found(&mut out, ask, head),
            Some((other, value)) => out.extend([other, value].concat()),
            None => {}
        }
        out
    }

    fn found(&self, out: &mut Vec<u8>, ask: &Ask<'_>, head: &Head) {
        let all: Vec<_> =
            self.updates[..head.updates].iter().enumerate().filter(|(_, logged)| logged.label == ask.label).collect();
        let (position, newest) = all[all.len() - 1];
        let from = if newest.entry.version == 0 { 0 } else { ask.from.unwrap_or(u32::MAX) };
        let asked: Vec<_> = all.iter().filter(|(_, logged)| logged.entry.version >= from).collect();
        out.extend((position as u64).to_be_bytes());
        out.push(asked.len().max(1) as u8);
        for (_, logged) in &asked {
            out.extend(logged.time.to_be_bytes());
            out.extend(&logged.update);
        }
        if asked.is_empty() {
            // The entry alone: no signatures.
            out.extend(newest.time.to_be_bytes());
            out.extend(newest.entry.encode());
            out.extend([0, 0]);
        }
        let delay = newest.entry.recovery.as_ref().map_or(0, |recovery| recovery.delay);
        let is_pending =
            newest.entry.kind == Kind::Recover && head.time < newest.time + u64::from(delay) * 1_000_000_000;
        let in_force = if is_pending { all[all.len() - 2].1 } else { newest };
        out.push((is_pending && asked.is_empty()).into());
        if is_pending && asked.is_empty() {
            out.extend(in_force.entry.encode());
        }
        out.push(in_force.opened.is_some().into());
        if let Some((opening, profile)) = &in_force.opened {
            out.extend(opening);
            out.extend((profile.len() as u16).to_be_bytes());
            out.extend(profile);
        }
        let address = all[0].1.address.as_ref().filter(|_| from == 0);
        out.push(address.is_some().into());
        address.into_iter().for_each(|address| out.extend(address));
    }
}

fn hashes(out: &mut Vec<u8>, hashes: &[Hash]) {
    out.push(hashes.len() as u8);
    hashes.iter().for_each(|hash| out.extend(hash));
}
