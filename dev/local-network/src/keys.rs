//! The keys of the network. The root key delegates to the subnet's key. The subnet signs certificates with BLS. Its
//! only node signs queries with Ed25519.

use std::sync::OnceLock;

use candid::Principal;
use ic_transport_types::{NodeSignature, QueryResponse, RequestId};

/// The DER prefix of a BLS12-381 public key: the algorithm and curve 1.3.6.1.4.1.44668.5.3.{1.2.1, 2.1}.
pub const BLS_DER_PREFIX: [u8; 37] = [
    0x30, 0x81, 0x82, 0x30, 0x1d, 0x06, 0x0d, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xdc, 0x7c, 0x05, 0x03, 0x01, 0x02,
    0x01, 0x06, 0x0c, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xdc, 0x7c, 0x05, 0x03, 0x02, 0x01, 0x03, 0x61, 0x00,
];

/// The secret keys and their public parts.
pub struct Keys {
    root: ic_verify_bls_signature::PrivateKey,
    subnet: ic_verify_bls_signature::PrivateKey,
    node: ic_ed25519::PrivateKey,
    /// The root key as clients pin it: its public key in DER, 133 bytes.
    pub root_key: Vec<u8>,
    /// The subnet's public key in DER, 133 bytes.
    pub subnet_key: Vec<u8>,
    /// The node's public key in DER, 44 bytes.
    pub node_key: Vec<u8>,
    /// The subnet's id, derived from its key.
    pub subnet_id: Principal,
    /// The node's id, derived from its key.
    pub node_id: Principal,
    /// The root key's certificate of the subnet, once it is made.
    pub delegation: OnceLock<Vec<u8>>,
}

/// The seeds of the keys: root, subnet and node.
pub type Seeds = [[u8; 32]; 3];

impl Keys {
    /// New keys, from the operating system's randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        loop {
            let mut seeds = Seeds::default();
            for seed in &mut seeds {
                getrandom::getrandom(seed)?;
            }
            // A scalar's first bit is zero.
            seeds[0][0] &= 0x7f;
            seeds[1][0] &= 0x7f;
            if let Some(keys) = Self::from_seeds(seeds) {
                return Ok(keys);
            }
        }
    }

    /// The same root and subnet, with the node whose secret key this is.
    pub fn with_node(self, seed: [u8; 32]) -> Self {
        let node = ic_ed25519::PrivateKey::deserialize_raw_32(&seed);
        let node_key = node.public_key().serialize_rfc8410_der();
        let node_id = Principal::self_authenticating(&node_key);
        Self { node, node_key, node_id, ..self }
    }

    /// The keys that [`Keys::seeds`] are of. `None` if one of the first two seeds is no scalar of the curve.
    pub fn from_seeds([root, subnet, node]: Seeds) -> Option<Self> {
        let root = ic_verify_bls_signature::PrivateKey::deserialize(&root).ok()?;
        let subnet = ic_verify_bls_signature::PrivateKey::deserialize(&subnet).ok()?;
        let node = ic_ed25519::PrivateKey::deserialize_raw_32(&node);
        let der =
            |key: &ic_verify_bls_signature::PrivateKey| [&BLS_DER_PREFIX[..], &key.public_key().serialize()].concat();
        let (root_key, subnet_key) = (der(&root), der(&subnet));
        let node_key = node.public_key().serialize_rfc8410_der();
        let subnet_id = Principal::self_authenticating(&subnet_key);
        let node_id = Principal::self_authenticating(&node_key);
        let delegation = OnceLock::new();
        Some(Self { root, subnet, node, root_key, subnet_key, node_key, subnet_id, node_id, delegation })
    }

    /// The seeds of the keys: secret.
    pub fn seeds(&self) -> Seeds {
        [self.root.serialize(), self.subnet.serialize(), self.node.serialize_raw()]
    }

    /// The root's signature, 48 bytes.
    pub fn sign_as_root(&self, message: &[u8]) -> Vec<u8> {
        self.root.sign(message).serialize().to_vec()
    }

    /// The subnet's signature, 48 bytes.
    pub fn sign_as_subnet(&self, message: &[u8]) -> Vec<u8> {
        self.subnet.sign(message).serialize().to_vec()
    }

    /// Signs the response to a query as the node. The signature takes the place of any other.
    pub fn sign_query(&self, id: RequestId, timestamp: u64, response: &mut QueryResponse) {
        let signature = self.node.sign_message(&response.signable(id, timestamp)).to_vec();
        let (QueryResponse::Replied { signatures, .. } | QueryResponse::Rejected { signatures, .. }) = response;
        *signatures = vec![NodeSignature { timestamp, signature, identity: self.node_id }];
    }
}
