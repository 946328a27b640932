//! A typed client: one function for each method, named as the method.

use candid::utils::{ArgumentDecoder, ArgumentEncoder};
use candid::{Principal, decode_args, encode_args};
use message_canister::api::*;
use serde_bytes::{ByteBuf, Bytes};
use std::rc::Rc;

use super::platform::{Platform, Reject};
use super::wasm::canister_wasm;
use super::{SECOND, START, START_SECONDS, controller, engine};

/// An installed message canister, and who calls it.
#[derive(Clone)]
pub struct Inbox {
    pub platform: Rc<dyn Platform>,
    pub id: Principal,
    pub caller: Principal,
}

/// An argument list of no arguments at all, not even an empty type table's worth of them.
pub fn no_arguments() -> Vec<u8> {
    encode_args(()).expect("nothing can be encoded")
}

/// The bytes of an upgrade's or installation's argument.
pub fn init_argument(settings: Option<Settings>) -> Vec<u8> {
    encode_args((settings,)).expect("settings can be encoded")
}

/// An item of a batch.
pub fn new_message(key_id: &[u8], ciphertext: &[u8]) -> NewMessage {
    NewMessage { key_id: ByteBuf::from(key_id), ciphertext: ByteBuf::from(ciphertext) }
}

/// The first page in the order, as long as it may be.
pub fn first_page(order: Order) -> Cursor {
    page_after(0, order, u32::MAX)
}

/// A cursor.
pub fn page_after(after: Id, order: Order, limit: u32) -> Cursor {
    Cursor { after, order, limit }
}

impl Inbox {
    /// On a fresh platform of the kind chosen for this run; the clock stands at [`START`], the first timers have run.
    pub fn new() -> Self {
        Self::on(engine::platform())
    }

    /// On this platform, likewise.
    pub fn on(platform: Rc<dyn Platform>) -> Self {
        let inbox = Self::installed(platform, None);
        inbox.set_clock(0);
        inbox.settle();
        inbox
    }

    /// Installed with these settings; nothing has run since.
    pub fn installed(platform: Rc<dyn Platform>, settings: Option<Settings>) -> Self {
        let id = platform.create();
        platform.install(id, canister_wasm(), init_argument(settings)).expect("the canister installs");
        let caller = controller();
        Self { platform, id, caller }
    }

    /// The same canister, called by somebody else.
    pub fn called_by(&self, caller: Principal) -> Self {
        Self { caller, ..self.clone() }
    }

    /// Sets the clock to so many seconds after [`START`]. Rounds take nanoseconds, so it may show that second already.
    pub fn set_clock(&self, offset: u32) {
        let nanos = START + u64::from(offset) * SECOND;
        if self.platform.time() < nanos {
            self.platform.set_time(nanos);
        }
        let second = self.platform.time() / SECOND;
        assert_eq!(second, u64::from(START_SECONDS + offset), "no clock goes back");
    }

    /// Lets the timers of an installation or upgrade run.
    pub fn settle(&self) {
        for _ in 0..10 {
            self.platform.tick();
        }
    }

    /// Upgrades to the same module and rebuilds its indexes to the end.
    pub fn upgrade(&self, settings: Option<Settings>) {
        self.begin_upgrade(settings).expect("the canister upgrades");
        self.finish_rebuild();
    }

    /// Upgrades, and runs no timer afterwards.
    pub fn begin_upgrade(&self, settings: Option<Settings>) -> Result<(), Reject> {
        self.platform.upgrade(self.id, canister_wasm(), init_argument(settings))
    }

    /// Runs rounds until the rebuild is over; how many that took.
    pub fn finish_rebuild(&self) -> u32 {
        let mut rounds = 0;
        let mut idle = 0;
        let mut before = self.get_status().rebuild;
        while before.is_some() {
            self.platform.tick();
            rounds += 1;
            let after = self.get_status().rebuild;
            idle = if after == before { idle + 1 } else { 0 };
            assert!(idle < 20, "a rebuild must go on in every few rounds; it stands at {after:?}");
            before = after;
        }
        rounds
    }

    /// An update call with these raw bytes.
    pub fn update_raw(&self, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
        self.platform.update(self.id, self.caller, method, arg)
    }

    /// A query with these raw bytes.
    pub fn query_raw(&self, method: &str, arg: Vec<u8>) -> Result<Vec<u8>, Reject> {
        self.platform.query(self.id, self.caller, method, arg)
    }

    fn update<A: ArgumentEncoder, R: for<'a> ArgumentDecoder<'a>>(&self, method: &str, args: A) -> R {
        let arg = encode_args(args).expect("arguments can be encoded");
        decoded(method, self.update_raw(method, arg))
    }

    fn query<A: ArgumentEncoder, R: for<'a> ArgumentDecoder<'a>>(&self, method: &str, args: A) -> R {
        let arg = encode_args(args).expect("arguments can be encoded");
        decoded(method, self.query_raw(method, arg))
    }
}

fn decoded<R: for<'a> ArgumentDecoder<'a>>(method: &str, reply: Result<Vec<u8>, Reject>) -> R {
    let bytes = reply.unwrap_or_else(|reject| panic!("{method} must reply, not reject: {reject:?}"));
    decode_args(&bytes).unwrap_or_else(|error| panic!("the reply of {method} must be what the .did says: {error}"))
}

/// The endpoints.
impl Inbox {
    pub fn add_message(&self, key_id: &[u8], ciphertext: &[u8]) -> Result<Added, AddError> {
        let (answer,) = self.update("add_message", (ByteBuf::from(key_id), ByteBuf::from(ciphertext)));
        answer
    }

    pub fn add_messages(&self, batch: &[NewMessage]) -> Result<Vec<Result<Added, AddError>>, BatchError> {
        let (answer,) = self.update("add_messages", (batch,));
        answer
    }

    pub fn get_message_by_id(&self, id: Id) -> Result<Found, GetError> {
        let (answer,) = self.query("get_message_by_id", (id,));
        answer
    }

    pub fn get_message_by_hash(&self, hash: &[u8]) -> Result<Found, GetError> {
        let (answer,) = self.query("get_message_by_hash", (ByteBuf::from(hash),));
        answer
    }

    pub fn get_messages_by_range(&self, min_id: Id, max_id: Id, cursor: Cursor) -> Result<Page, PageError> {
        let (answer,) = self.query("get_messages_by_range", (min_id, max_id, cursor));
        answer
    }

    pub fn get_messages_by_key(&self, key_id: &[u8], cursor: Cursor) -> Result<Page, PageError> {
        let (answer,) = self.query("get_messages_by_key", (ByteBuf::from(key_id), cursor));
        answer
    }

    pub fn get_messages_by_time(&self, from: u32, until: u32, cursor: Cursor) -> Result<Page, PageError> {
        let (answer,) = self.query("get_messages_by_time", (from, until, cursor));
        answer
    }

    pub fn get_min_message_id(&self) -> Result<Id, StatusError> {
        let (answer,) = self.query("get_min_message_id", ());
        answer
    }

    pub fn get_max_message_id(&self) -> Result<Id, StatusError> {
        let (answer,) = self.query("get_max_message_id", ());
        answer
    }

    pub fn get_min_message_id_by_key(&self, key_id: &[u8]) -> Result<Option<Id>, LookupError> {
        let (answer,) = self.query("get_min_message_id_by_key", (ByteBuf::from(key_id),));
        answer
    }

    pub fn get_max_message_id_by_key(&self, key_id: &[u8]) -> Result<Option<Id>, LookupError> {
        let (answer,) = self.query("get_max_message_id_by_key", (ByteBuf::from(key_id),));
        answer
    }

    pub fn get_key_heads(&self, key_ids: &[Vec<u8>]) -> Result<Vec<Option<KeyHead>>, LookupError> {
        let key_ids: Vec<_> = key_ids.iter().map(|key_id| Bytes::new(key_id)).collect();
        let (answer,) = self.query("get_key_heads", (key_ids,));
        answer
    }

    pub fn has_messages(&self, pairs: &[Stored]) -> Result<Vec<Option<Id>>, LookupError> {
        let (answer,) = self.query("has_messages", (pairs,));
        answer
    }

    pub fn get_status(&self) -> Status {
        let (answer,): (Result<Status, StatusError>,) = self.query("get_status", ());
        answer.expect("the status has no reason to fail")
    }

    pub fn set_settings(&self, settings: Settings) -> Result<(), SettingsError> {
        let (answer,) = self.update("set_settings", (settings,));
        answer
    }

    pub fn check(&self, from: CheckCursor) -> Result<CheckReport, CheckError> {
        let (answer,) = self.query("check", (from,));
        answer
    }

    pub fn http_request(&self, method: &str, url: &str) -> HttpResponse {
        let request = HttpRequest {
            method: method.to_string(),
            url: url.to_string(),
            headers: vec![("host".to_string(), "localhost".to_string())],
            body: ByteBuf::new(),
        };
        let (answer,) = self.query("http_request", (request,));
        answer
    }

    /// Runs `check` over the whole store, in slices.
    pub fn assert_all_invariants(&self) {
        let mut slice = Some(CheckCursor::default());
        while let Some(from) = slice {
            let report = self.check(from).expect("a controller may check a store at rest");
            assert_eq!(report.violations, Vec::<String>::new(), "invariants broken, in the slice from {from:?}");
            assert_ne!(report.next, slice, "a check must make progress");
            slice = report.next;
        }
    }
}
