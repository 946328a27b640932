//! The replicated state machine: canisters, the messages between them, and time.

mod call;
mod callback;
mod changes;
mod execute;
mod history;
mod install;
mod lifecycle;
mod management;
mod query;
mod random;
mod restore;
mod round;
mod snapshots;

pub use changes::{CanisterChanges, Changes, Record, Storage};
pub use execute::Moment;
pub use history::Sender;
pub use management::{logs, status};
pub use query::{Answered, Query};
pub use restore::{Restore, RestoreError};

use std::collections::{BTreeMap, HashMap, VecDeque};

use candid::Principal;
use ic_management_canister_types::CanisterStatusType;
use serde::{Deserialize, Serialize};

use crate::canister::{Canister, Code, Origin};
use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::Response;
use crate::snapshot::Snapshot;
use changes::Taken;
use random::Random;
use snapshots::SnapshotKey;

/// The first canister's number, which is that of PocketIC's application subnet.
const FIRST_CANISTER: u64 = 0xffff_ffff_ffe0_0000;
/// The canister numbers of the subnet.
const CANISTERS: u64 = 1 << 20;
/// When a new engine's clock starts: 6 May 2021, as PocketIC's.
const GENESIS: u64 = 1_620_328_630_000_000_000;

/// The first and the last canister id of the subnet.
pub const CANISTER_ID_RANGE: (Principal, Principal) =
    (lifecycle::canister_id(FIRST_CANISTER), lifecycle::canister_id(FIRST_CANISTER + CANISTERS - 1));

/// A message that waits for its execution.
#[derive(Serialize, Deserialize)]
enum Message {
    /// A call to a canister.
    Call(Call),
    /// The response to a canister's call, with the cycles that come back.
    Response { canister: Principal, callback: u64, response: Response, refund: u128 },
}

/// A call to a canister, from a user or a canister.
#[derive(Serialize, Deserialize)]
struct Call {
    origin: Origin,
    callee: Principal,
    caller: Principal,
    method: String,
    argument: Vec<u8>,
    cycles: u128,
    deadline: u64,
    root: u64,
}

/// A call of `stop_canister` that waits for its canister.
#[derive(Serialize, Deserialize)]
struct Stopping {
    canister: Principal,
    origin: Origin,
    /// Cycles that go back with the answer.
    cycles: u128,
    /// When it is given up, in nanoseconds since the Unix epoch.
    deadline: u64,
}

/// The whole state. Fields that are skipped here are saved separately.
#[derive(Serialize, Deserialize)]
pub struct Engine {
    /// Nanoseconds since the Unix epoch.
    #[serde(skip)]
    pub now: u64,
    #[serde(skip)]
    canisters: BTreeMap<Principal, Canister>,
    #[serde(skip)]
    snapshots: BTreeMap<SnapshotKey, Snapshot>,
    queue: VecDeque<Message>,
    /// Ingress messages by number, with their responses once there are.
    ingress: HashMap<u64, Option<Response>>,
    stopping: Vec<Stopping>,
    next_canister: u64,
    next_number: u64,
    random: Random,
    subnet_id: Principal,
    #[serde(skip)]
    taken: Taken,
}

impl Engine {
    /// An engine without canisters, whose random bytes follow from `seed`.
    pub fn new(seed: &[u8]) -> Self {
        Self {
            now: GENESIS,
            canisters: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            queue: VecDeque::new(),
            ingress: HashMap::new(),
            stopping: Vec::new(),
            next_canister: FIRST_CANISTER,
            next_number: 0,
            random: Random::new(seed),
            subnet_id: Principal::self_authenticating(b"local-ic subnet"),
            taken: Taken::default(),
        }
    }

    /// The ids of all canisters.
    pub fn canister_ids(&self) -> impl Iterator<Item = Principal> {
        self.canisters.keys().copied()
    }

    /// The canister with this id.
    pub fn canister(&self, id: Principal) -> Result<&Canister, RejectResponse> {
        self.canisters.get(&id).ok_or_else(|| not_found(id))
    }

    /// The canister with this id.
    pub fn canister_mut(&mut self, id: Principal) -> Result<&mut Canister, RejectResponse> {
        self.canisters.get_mut(&id).ok_or_else(|| not_found(id))
    }

    /// A number that was not used before.
    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }
}

/// The rejection of a message to a canister that does not exist.
pub fn not_found(id: Principal) -> RejectResponse {
    RejectResponse::new(ErrorCode::CanisterNotFound, format!("Canister {id} not found"))
}

/// The code of a canister that takes messages.
fn running_code(canister: &Canister) -> Result<&Code, RejectResponse> {
    let id = canister.id;
    match canister.status {
        CanisterStatusType::Running => {}
        CanisterStatusType::Stopping => {
            let message = format!("Canister {id} is stopping");
            return Err(RejectResponse::new(ErrorCode::CanisterStopping, message));
        }
        CanisterStatusType::Stopped => {
            let message = format!("Canister {id} is stopped");
            return Err(RejectResponse::new(ErrorCode::CanisterStopped, message));
        }
    }
    canister.code.as_ref().ok_or_else(|| {
        let message = format!(
            "Error from Canister {id}: Attempted to execute a message, but the canister contains \
             no Wasm module."
        );
        RejectResponse::new(ErrorCode::CanisterWasmModuleNotFound, message)
    })
}

fn out_of_cycles(canister: &Canister, needed: u128) -> RejectResponse {
    let message = format!(
        "Canister {} is out of cycles: it needs {needed} above the {} that freeze it, and has {}",
        canister.id,
        canister.freezing_balance(),
        canister.cycles,
    );
    RejectResponse::new(ErrorCode::CanisterOutOfCycles, message)
}

fn no_method(canister: &Canister, kind: &str, method: &str) -> RejectResponse {
    let id = canister.id;
    let message = format!("Error from Canister {id}: Canister has no {kind} method '{method}'.");
    RejectResponse::new(ErrorCode::CanisterMethodNotFound, message)
}

fn did_not_reply(id: Principal) -> RejectResponse {
    let message = format!("Error from Canister {id}: Canister {id} did not reply to the call");
    RejectResponse::new(ErrorCode::CanisterDidNotReply, message)
}
