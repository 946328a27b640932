//! The thread that signs for calls that were answered. A signature costs more than the rest of a call, so those that wait
//! while one is made share the next: the certificate of each shows its own call and hides the others.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::oneshot;

use crate::keys::Keys;
use crate::limits::MAX_SHARED_SIGNATURE;
use crate::requests::{RequestHash, Status};
use crate::state_tree::{Digest, Path, StateTree};
use crate::{certificate, clock};

/// A handle of the thread, which ends once this is dropped.
pub struct Signer {
    keys: Arc<Keys>,
    waiting: Sender<Waiting>,
}

/// A call that waits for a signature.
struct Waiting {
    call: RequestHash,
    /// The digest of its certified data.
    digest: Digest,
    signed: oneshot::Sender<Arc<Signed>>,
}

/// Calls that share a signature.
struct Signed {
    time: u64,
    calls: Vec<(RequestHash, Digest)>,
    signature: Vec<u8>,
}

impl Signer {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// If the operating system starts no thread.
    pub fn start(keys: Arc<Keys>) -> io::Result<Self> {
        let (waiting, arrivals) = channel();
        let signing = Arc::clone(&keys);
        std::thread::Builder::new().name("signer".into()).spawn(move || sign(&arrivals, &signing))?;
        Ok(Self { keys, waiting })
    }

    /// The certificate of a call with this status. `None` if the thread is gone.
    pub async fn certify(&self, call: RequestHash, status: &Status) -> Option<Vec<u8>> {
        let shown = certificate::request(status);
        let (signed, answer) = oneshot::channel();
        self.waiting.send(Waiting { call, digest: shown.digest(), signed }).ok()?;
        let signed = answer.await.ok()?;
        let mut tree = signed.tree(&self.keys);
        tree.insert(&[b"request_status", &call], shown);
        let witness = certificate::witness(&tree, &[path(&call)]);
        Some(certificate::encode(&self.keys, witness, signed.signature.clone()))
    }
}

impl Signed {
    /// The tree that is signed, with all calls hidden.
    fn tree(&self, keys: &Keys) -> StateTree {
        let mut tree = certificate::base_tree(keys, self.time);
        for (call, digest) in &self.calls {
            tree.insert(&[b"request_status", call], StateTree::Hidden(*digest));
        }
        tree
    }
}

fn sign(arrivals: &Receiver<Waiting>, keys: &Keys) {
    while let Ok(first) = arrivals.recv() {
        let group: Vec<Waiting> =
            [first].into_iter().chain(arrivals.try_iter().take(MAX_SHARED_SIGNATURE - 1)).collect();
        let calls = group.iter().map(|waiting| (waiting.call, waiting.digest)).collect();
        let mut signed = Signed { time: clock::nanos(), calls, signature: Vec::new() };
        signed.signature = certificate::sign(keys, signed.tree(keys).digest());
        let signed = Arc::new(signed);
        for waiting in group {
            // A client that went away does not matter.
            let _ = waiting.signed.send(Arc::clone(&signed));
        }
    }
}

fn path(call: &RequestHash) -> Path {
    vec![b"request_status".to_vec(), call.to_vec()]
}

#[cfg(test)]
mod tests {
    use ic_certification::{Certificate, LookupResult};

    use super::*;

    /// Of calls that wait at once, each certificate verifies, shows its call and nothing of the others.
    #[tokio::test]
    async fn calls_that_share_a_signature_are_certified_alone() {
        let keys = Arc::new(Keys::generate().expect("there is randomness"));
        let signer = Signer::start(Arc::clone(&keys)).expect("there is a thread");
        let calls: Vec<_> = (0..MAX_SHARED_SIGNATURE as u8 + 9)
            .map(|number| ([number; 32], Status::Answered(Ok(vec![number; 3]))))
            .collect();
        let (mut signatures, mut certified) = (Vec::new(), tokio::task::JoinSet::new());
        let signer = Arc::new(signer);
        for (call, status) in calls.clone() {
            let signer = Arc::clone(&signer);
            certified.spawn(async move { (call, signer.certify(call, &status).await.expect("the thread is there")) });
        }
        for (call, certificate) in certified.join_all().await {
            let certificate: Certificate = serde_cbor::from_slice(&certificate).expect("it is CBOR");
            let message = [b"\x0Dic-state-root".as_slice(), &certificate.tree.digest()].concat();
            let key = &keys.subnet_key[keys.subnet_key.len() - 96..];
            ic_verify_bls_signature::verify_bls_signature(&certificate.signature, &message, key).expect("it is signed");
            for (other, _) in &calls {
                match certificate.tree.lookup_path([b"request_status".as_slice(), other, b"reply"]) {
                    LookupResult::Found(reply) => assert!(*other == call && reply == [call[0]; 3]),
                    hidden => assert_ne!(*other, call, "{hidden:?}"),
                }
            }
            signatures.push(certificate.signature);
        }
        signatures.sort();
        signatures.dedup();
        let shared = (2..calls.len()).contains(&signatures.len());
        assert!(shared, "{} calls have {} signatures", calls.len(), signatures.len());
    }
}
