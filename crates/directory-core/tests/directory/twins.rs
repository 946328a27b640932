//! The library's directory and the naive one, side by side: each proof is made by both, and is the same.

use crate::naive::directory as naive;
use crate::server::*;
use crate::support::*;
use directory_core::entry::Entry;
use directory_core::label::{AddressProof, Label};
use directory_core::map::View;
use directory_core::update::Update;

pub struct Twins {
    pub directory: Directory,
    pub naive: naive::Directory,
}

impl Twins {
    pub fn new() -> Self {
        let mut directory = Directory::new();
        directory.registrar = Some(policy(&[11], 1));
        let public = *directory.vrf.public().bytes();
        Self { directory, naive: naive::Directory::new([42; 32], public) }
    }

    /// Version 0 of a label, vouched for by the registrar.
    pub fn register(&mut self, label: &Label, change: impl FnOnce(Entry) -> Entry, signers: &[u8]) {
        let entry = change(self.directory.first(label, policy(&[1], 1)));
        let update = signed(entry, signers);
        let registration = match label {
            Label::Registrar => Default::default(),
            _ => sign(&update.registration_bytes(), &[11]),
        };
        self.accept(label, &Update { registration, ..update }, None);
    }

    /// The next version of a label.
    pub fn change(&mut self, label: &Label, change: impl FnOnce(Entry) -> Entry, signers: &[u8]) {
        let old = self.directory.state(label).newest().clone();
        let commitment = profile(label, old.version + 1, 200).2;
        let entry = change(Entry { commitment, ..next(&old) });
        self.accept(label, &signed(entry, signers), None);
    }

    pub fn accept(&mut self, label: &Label, update: &Update, address: Option<AddressProof>) {
        self.directory.accept(label, update, address.clone());
        self.keep(label, update, address);
    }

    /// Takes an update up without asking the rules.
    pub fn force(&mut self, label: &Label, update: &Update) {
        self.directory.force(label, update, None);
        self.keep(label, update, None);
    }

    fn keep(&mut self, label: &Label, update: &Update, address: Option<AddressProof>) {
        let (opening, bytes, commitment) = profile(label, update.entry.version, 200);
        let address = address.map(|address| [&[1][..], address.key.bytes(), &address.signature].concat());
        self.naive.updates.push(naive::Logged {
            label: label.encode(),
            time: self.directory.now,
            entry: update.entry.clone(),
            update: update.encode(),
            opened: (commitment == update.entry.commitment).then_some((opening, bytes)),
            address,
        });
    }

    pub fn close(&mut self) {
        self.directory.close_epoch();
        self.naive.close(
            self.directory.now,
            &VERIFIERS.map(|number| (format!("verifier.example/{number}"), *key(number).bytes())),
        );
        let checkpoint = self.directory.checkpoint();
        assert_eq!(self.naive.root(checkpoint.size as usize), checkpoint.root);
    }

    /// A proof, to a client that knows a log of `known` heads and asks for versions from `from` on.
    pub fn prove(&self, label: &Label, view: View, known: u64, from: Option<u32>) -> Vec<u8> {
        let proof = self.directory.answer(label, view, known, from);
        let bytes = proof.encode();
        let cosignatures: Vec<_> = proof.cosignatures.iter().map(|cosignature| cosignature.encode()).collect();
        let ask = naive::Ask {
            label: &label.encode(),
            size: proof.head.epoch as usize + 1,
            known: known as usize,
            from,
            cosignatures: &cosignatures,
        };
        assert_eq!(hex::encode(self.naive.prove(&ask)), hex::encode(&bytes), "{label:?} {view:?} {known} {from:?}");
        bytes
    }
}
