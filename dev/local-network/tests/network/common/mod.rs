//! A network with a small canister, on a free port.
#![allow(dead_code, reason = "each test uses some of it")]

pub mod asked;
pub mod certificate;
pub mod endpoints;
pub mod envelope;
pub mod http;
pub mod keys;
pub mod probe;

use std::net::SocketAddr;
use std::time::SystemTime;

use candid::Principal;
use local_ic::{LocalIc, Time};
use test_support::network::{Server, served_with_keys};

/// It tells who called, counts, traps and rejects. Its inspection refuses `refused`.
pub const CANISTER: &str = r#"(module
    (import "ic0" "msg_caller_size" (func $caller_size (result i32)))
    (import "ic0" "msg_caller_copy" (func $caller_copy (param i32 i32 i32)))
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "msg_reject" (func $reject (param i32 i32)))
    (import "ic0" "msg_method_name_size" (func $name_size (result i32)))
    (import "ic0" "accept_message" (func $accept))
    (memory 1)
    (func $caller
        (call $caller_copy (i32.const 64) (i32.const 0) (call $caller_size))
        (call $append (i32.const 64) (call $caller_size))
        (call $reply))
    (func $count
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (call $append (i32.const 0) (i32.const 4))
        (call $reply))
    (func $counted (call $append (i32.const 0) (i32.const 4)) (call $reply))
    (func $inspect
        ;; "refused" has seven letters, like no other method here but "counted".
        (if (i32.ne (call $name_size) (i32.const 7)) (then (call $accept))))
    (export "canister_update caller" (func $caller))
    (export "canister_query caller_of_query" (func $caller))
    (export "canister_update count" (func $count))
    (export "canister_query counted" (func $counted))
    (func (export "canister_update trap") unreachable)
    (func (export "canister_query trap_of_query") unreachable)
    (func (export "canister_update reject") (call $reject (i32.const 64) (i32.const 0)))
    (func (export "canister_update refused") (call $reply))
    (export "canister_inspect_message" (func $inspect))
    (@custom "icp:public about" "for tests")
)"#;

/// A network, served until it is dropped.
pub struct Network {
    _server: Server,
    pub url: String,
    pub address: SocketAddr,
    pub canister: Principal,
    pub module_hash: Vec<u8>,
    /// The root key, in DER.
    pub root_key: Vec<u8>,
    pub subnet: Principal,
    /// The subnet's key, in DER.
    pub subnet_key: Vec<u8>,
}

impl Network {
    /// With [`CANISTER`].
    pub async fn start() -> Self {
        Self::start_with(&[CANISTER]).await.0
    }

    /// With the canister of [`probe`].
    pub async fn probe() -> Self {
        Self::start_with(&[probe::PROBE]).await.0
    }

    /// With these canisters, which the anonymous principal controls; the first is the network's own. An empty text
    /// makes a canister without code. Returns their ids too.
    pub async fn start_with(modules: &[&str]) -> (Self, Vec<Principal>) {
        let engine = LocalIc::new();
        engine.set_time(Time::from(SystemTime::now()));
        let mut canisters = Vec::new();
        for module in modules {
            let canister = engine.create_canister();
            if !module.is_empty() {
                let module = wat::parse_str(module).expect("the text is legal");
                engine.install_canister(canister, module, Vec::new(), None);
            }
            canisters.push(canister);
        }
        let canister = canisters[0];
        let module_hash = engine.module_hash(canister).expect("it has a module").to_vec();
        let (server, keys) = served_with_keys(engine);
        let network = Self {
            url: server.url(),
            address: server.address(),
            _server: server,
            canister,
            module_hash,
            root_key: keys.root_key.clone(),
            subnet: keys.subnet_id,
            subnet_key: keys.subnet_key.clone(),
        };
        (network, canisters)
    }
}
