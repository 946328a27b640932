//! An installed canister, and the client that calls it: one function for each method, answered at once.

use candid::{Principal, encode_args};
use client::{CallError, Client, Reject, Retry};
use message_canister::api::*;
use serde_bytes::ByteBuf;
use std::rc::Rc;
use test_support::{OnPlatform, Platform, chosen, now};

use super::{SECOND, START, START_SECONDS, controller};
use test_support::artifact::canister_wasm;

/// An installed message canister, and its caller.
#[derive(Clone)]
pub struct Inbox {
    pub platform: Rc<dyn Platform>,
    pub id: Principal,
    pub caller: Principal,
}

/// An argument list without arguments.
pub fn no_arguments() -> Vec<u8> {
    encode_args(()).expect("nothing can be encoded")
}

/// The bytes of an upgrade's or installation's argument.
pub fn init_argument(settings: Option<&[Setting]>) -> Vec<u8> {
    encode_args((settings,)).expect("settings can be encoded")
}

/// An item of a batch.
pub fn new_message(key_id: &[u8], ciphertext: &[u8]) -> NewMessage {
    NewMessage { key_id: ByteBuf::from(key_id), ciphertext: ByteBuf::from(ciphertext), send_key: None }
}

/// The first page in the order, as long as it may be.
pub fn first_page(order: Order) -> Cursor {
    page_after(0, order, u32::MAX)
}

/// A cursor.
pub fn page_after(after: Id, order: Order, limit: u32) -> Cursor {
    Cursor { after, order, limit }
}

/// The cursor of a key's pages that starts where another cursor does. Asks for no proof.
pub fn of_key(cursor: Cursor) -> KeyCursor {
    let Cursor { after, order, limit } = cursor;
    let start = if after == 0 { Start::beginning } else { Start::after(after) };
    KeyCursor { start, order, limit, prove: false }
}

impl Inbox {
    /// On a fresh platform of the kind chosen for this run; the clock stands at [`START`], the first timers have run.
    pub fn new() -> Self {
        Self::on(chosen::platform())
    }

    /// On this platform, likewise.
    pub fn on(platform: Rc<dyn Platform>) -> Self {
        let inbox = Self::installed(platform, None);
        inbox.set_clock(0);
        inbox.settle();
        inbox
    }

    /// Installed with these settings; nothing has run since.
    pub fn installed(platform: Rc<dyn Platform>, settings: Option<&[Setting]>) -> Self {
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
    pub fn upgrade(&self, settings: Option<&[Setting]>) {
        self.begin_upgrade(settings).expect("the canister upgrades");
        self.finish_rebuild();
    }

    /// Upgrades, and runs no timer afterwards.
    pub fn begin_upgrade(&self, settings: Option<&[Setting]>) -> Result<(), Reject> {
        self.platform.upgrade(self.id, canister_wasm(), init_argument(settings))
    }

    /// Runs rounds until the rebuild is over. Returns their number.
    pub fn finish_rebuild(&self) -> u32 {
        let mut rounds = 0;
        let mut idle = 0;
        let mut before = self.store_status().rebuild;
        while before.is_some() {
            self.platform.tick();
            rounds += 1;
            let after = self.store_status().rebuild;
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

    /// The client of this canister. It sends each call once.
    pub fn client(&self) -> Client<OnPlatform<Rc<dyn Platform>>> {
        let Self { platform, id: canister, caller } = self.clone();
        Client::new(OnPlatform { platform, canister, caller }).with_retry(Retry::NEVER)
    }
}

/// The canister's answer, its own errors included.
fn answer<T, E: std::fmt::Debug>(call: impl Future<Output = Result<T, CallError<E>>>) -> Result<T, E> {
    match now(call) {
        Ok(answer) => Ok(answer),
        Err(CallError::Refused(error)) => Err(error),
        Err(error) => panic!("the call must be answered: {error}"),
    }
}

/// The endpoints, answered at once.
impl Inbox {
    pub fn add_message(&self, key_id: &[u8], ciphertext: &[u8]) -> Result<Added, AddError> {
        answer(self.client().add_message(key_id, ciphertext))
    }

    pub fn add_with_send_key(&self, key_id: &[u8], ciphertext: &[u8], send_key: &[u8]) -> Result<Added, AddError> {
        let send_key = Some(ByteBuf::from(send_key));
        let added = self.add_messages(&[NewMessage { send_key, ..new_message(key_id, ciphertext) }]);
        added.expect("one message is not too many").remove(0)
    }

    pub fn add_messages(&self, batch: &[NewMessage]) -> Result<Vec<Result<Added, AddError>>, BatchError> {
        answer(self.client().add_messages(batch))
    }

    pub fn get_message_by_id(&self, id: Id) -> Result<Found, GetError> {
        answer(self.client().get_message_by_id(id, false))
    }

    pub fn get_message_by_hash(&self, hash: &[u8]) -> Result<Found, GetError> {
        answer(self.client().get_message_by_hash(hash))
    }

    pub fn get_messages_by_range(&self, min_id: Id, max_id: Id, cursor: Cursor) -> Result<Page, PageError> {
        answer(self.client().get_messages_by_range(min_id, max_id, cursor))
    }

    /// A page of a key that starts where a cursor of ids does.
    pub fn get_messages_by_key(&self, key_id: &[u8], cursor: Cursor) -> Result<Page, PageError> {
        self.page_of_key(key_id, of_key(cursor))
    }

    pub fn page_of_key(&self, key_id: &[u8], cursor: KeyCursor) -> Result<Page, PageError> {
        answer(self.client().get_messages_by_key(key_id, cursor))
    }

    pub fn get_messages_by_time(&self, from: u32, until: u32, cursor: Cursor) -> Result<Page, PageError> {
        answer(self.client().get_messages_by_time(from, until, cursor))
    }

    pub fn get_min_message_id(&self) -> Result<Id, StatusError> {
        answer(self.client().get_min_message_id())
    }

    pub fn get_max_message_id(&self) -> Result<Id, StatusError> {
        answer(self.client().get_max_message_id())
    }

    pub fn get_min_message_id_by_key(&self, key_id: &[u8]) -> Result<Option<Id>, LookupError> {
        answer(self.client().get_min_message_id_by_key(key_id))
    }

    pub fn get_max_message_id_by_key(&self, key_id: &[u8]) -> Result<Option<Id>, LookupError> {
        answer(self.client().get_max_message_id_by_key(key_id))
    }

    pub fn get_key_heads(&self, key_ids: &[Vec<u8>]) -> Result<Vec<Option<KeyHead>>, LookupError> {
        answer(self.client().get_key_heads(key_ids, false)).map(|answered| answered.heads)
    }

    pub fn has_messages(&self, pairs: &[Stored]) -> Result<Vec<Option<Id>>, LookupError> {
        answer(self.client().has_messages(pairs))
    }

    pub fn acknowledge(&self, key_id: &[u8], through: Id) -> Result<Acknowledged, AckError> {
        let keys = [Acknowledgement { key_id: ByteBuf::from(key_id), through }];
        answer(self.client().acknowledge(&keys)).expect("one key is not too many").remove(0)
    }

    pub fn claim(&self, key_id: &[u8], proof: &OwnerProof) -> Result<Claimed, ClaimError> {
        answer(self.client().claim(key_id, proof))
    }

    pub fn set_key(&self, key_id: &[u8], settings: &[KeySetting]) -> Result<(), KeyError> {
        answer(self.client().set_key(key_id, settings))
    }

    /// Replaces the settings that are named, whatever their version.
    pub fn set_settings(&self, settings: &[Setting]) -> Result<u32, SettingsError> {
        answer(self.client().set_settings(self.get_status().settings.version, settings))
    }

    pub fn set_role(&self, principal: Principal, role: Option<Role>) -> Result<(), RoleError> {
        answer(self.client().set_role(principal, role))
    }

    pub fn get_roles(&self, after: Option<Principal>) -> Result<Vec<(Principal, Role)>, RolesError> {
        answer(self.client().get_roles(after))
    }

    pub fn retry_rebuild(&self) -> Result<(), RetryError> {
        answer(self.client().retry_rebuild())
    }

    pub fn seal(&self) -> Result<(), SealError> {
        answer(self.client().seal())
    }

    pub fn resume(&self) -> Result<u64, ResumeError> {
        answer(self.client().resume())
    }

    pub fn get_metrics(&self) -> String {
        answer(self.client().get_metrics()).expect("metrics have no reason to fail")
    }

    pub fn check(&self, from: CheckCursor) -> Result<CheckReport, CheckError> {
        answer(self.client().check(from))
    }

    pub fn get_status(&self) -> Status {
        answer(self.client().get_status()).expect("the status has no reason to fail")
    }

    /// Counts and sizes of the store, for a caller who may know them.
    pub fn store_status(&self) -> StoreStatus {
        self.get_status().store.expect("the caller sees the store")
    }

    pub fn http_request(&self, method: &str, url: &str) -> HttpResponse {
        let request = HttpRequest {
            method: method.to_string(),
            url: url.to_string(),
            headers: vec![("host".to_string(), "localhost".to_string())],
            body: ByteBuf::new(),
        };
        let Ok(response) = answer(self.client().http_request(&request));
        response
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
