//! The served network, in this process, with message canisters or directories on it.

use std::time::SystemTime;

use ::client::directory::api::{Configuration, Ratification, Registration};
use candid::Principal;
use local_ic::{LocalIc, Time};

use crate::encoded;
use message_canister::api::Setting;
use test_support::artifact::{canister_wasm, directory_wasm};
use test_support::network::{Server, served, settle};
use test_support::proxy::{Between, Proxy};

/// A canister that rejects: `reject` and `reject_of_query` say "no", and its inspection refuses `refused`.
const REJECTING: &str = r#"(module
    (import "ic0" "msg_reject" (func $msg_reject (param i32 i32)))
    (import "ic0" "msg_method_name_size" (func $name_size (result i32)))
    (import "ic0" "accept_message" (func $accept_message))
    (memory 1)
    (data (i32.const 0) "no")
    (func $reject (call $msg_reject (i32.const 0) (i32.const 2)))
    (export "canister_update reject" (func $reject))
    (export "canister_query reject_of_query" (func $reject))
    (export "canister_update refused" (func $reject))
    ;; "refused" is longer than "reject".
    (func (export "canister_inspect_message")
        (if (i32.le_u (call $name_size) (i32.const 6)) (then (call $accept_message)))))"#;

/// A network, served until it is dropped.
pub struct Network {
    server: Server,
    /// Its canisters, in the order in which they were asked for.
    pub canisters: Vec<Principal>,
}

impl Network {
    /// With one inbox, that the anonymous principal controls.
    pub fn start() -> Self {
        Self::controlled_by(&[Principal::anonymous()])
    }

    /// With an inbox for each of these controllers.
    pub fn controlled_by(controllers: &[Principal]) -> Self {
        let inboxes: Vec<_> = controllers.iter().map(|controller| (*controller, Some(canister_wasm()))).collect();
        Self::with(&inboxes)
    }

    /// With [`REJECTING`].
    pub fn rejecting() -> Self {
        let module = wat::parse_str(REJECTING).expect("the text is legal");
        Self::with(&[(Principal::anonymous(), Some(&module))])
    }

    /// With directories of open registration whose heads nobody ratifies. The anonymous principal controls them.
    pub fn of_directories(number: usize) -> Self {
        let configuration =
            Configuration { registration: Registration::open, ratification: Ratification::certified_only };
        let controller = Principal::anonymous();
        Self::since(SystemTime::now(), &vec![(controller, None); number], |engine, canisters| {
            for id in canisters {
                let argument = encoded((Some(configuration.clone()),));
                engine.install_canister(*id, directory_wasm().to_vec(), argument, Some(controller));
            }
            settle(engine);
        })
    }

    /// With a canister for each of these controllers, of this module or empty.
    pub fn with(canisters: &[(Principal, Option<&[u8]>)]) -> Self {
        Self::since(SystemTime::now(), canisters, |_, _| ())
    }

    /// The same, whose clock starts at `start`. `live` changes its canisters before it is served.
    pub fn since(
        start: SystemTime,
        canisters: &[(Principal, Option<&[u8]>)],
        live: impl FnOnce(&LocalIc, &[Principal]),
    ) -> Self {
        let engine = LocalIc::new();
        engine.set_time(Time::from(start));
        let created = canisters.iter().map(|(controller, module)| {
            let id = engine.create_canister_with_settings(Some(*controller), None);
            if let Some(module) = module {
                engine.install_canister(id, module.to_vec(), encoded((None::<Vec<Setting>>,)), Some(*controller));
            }
            id
        });
        let canisters: Vec<_> = created.collect();
        settle(&engine);
        live(&engine, &canisters);
        Self { server: served(engine), canisters }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Somebody between clients and this network.
    pub fn behind(&self, between: impl Between) -> Proxy {
        let url = self.url();
        Proxy::start(move || url.clone(), between)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// The only canister.
    pub fn canister(&self) -> Principal {
        let [canister] = self.canisters[..] else { panic!("there are {} canisters", self.canisters.len()) };
        canister
    }

    /// A canister id of this network that no canister has.
    pub fn absent_canister(&self) -> Principal {
        let last = *self.canisters.last().expect("there is a canister");
        let mut id = <[u8; 10]>::try_from(last.as_slice()).expect("canister ids have ten bytes");
        id[7] += 1;
        Principal::from_slice(&id)
    }
}
