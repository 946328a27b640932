//! Calls of the management canister about one canister, by an agent of its controller.

use candid::{CandidType, Principal, decode_one, encode_one};
use ic_agent::Agent;
use ic_agent::agent::UpdateBuilder;
use ic_management_canister_types::{
    CanisterInstallMode, InstallCodeArgs, LoadCanisterSnapshotArgs, Snapshot, SnapshotId, TakeCanisterSnapshotArgs,
};

/// A call of a method, before it is signed.
pub fn manage<'a>(
    agent: &'a Agent,
    canister: Principal,
    method: &str,
    argument: &impl CandidType,
) -> UpdateBuilder<'a> {
    let argument = encode_one(argument).expect("the management canister's arguments can be encoded");
    let call = agent.update(&Principal::management_canister(), method);
    call.with_effective_canister_id(canister).with_arg(argument)
}

/// An upgrade to a module, with the canister's own argument.
pub fn upgrade(agent: &Agent, canister_id: Principal, module: Vec<u8>, argument: Vec<u8>) -> UpdateBuilder<'_> {
    let arguments = InstallCodeArgs {
        mode: CanisterInstallMode::Upgrade(None),
        canister_id,
        wasm_module: module,
        arg: argument,
        sender_canister_version: None,
    };
    manage(agent, canister_id, "install_code", &arguments)
}

/// Takes a snapshot.
///
/// # Panics
///
/// If that fails.
pub async fn take_snapshot(agent: &Agent, canister_id: Principal) -> SnapshotId {
    let arguments = TakeCanisterSnapshotArgs {
        canister_id,
        replace_snapshot: None,
        uninstall_code: None,
        sender_canister_version: None,
    };
    let call = manage(agent, canister_id, "take_canister_snapshot", &arguments);
    let reply = call.call_and_wait().await.expect("a snapshot can be taken");
    decode_one::<Snapshot>(&reply).expect("it is a snapshot").id
}

/// Goes back to a snapshot.
///
/// # Panics
///
/// If that fails.
pub async fn load_snapshot(agent: &Agent, canister_id: Principal, snapshot_id: SnapshotId) {
    let arguments = LoadCanisterSnapshotArgs { canister_id, snapshot_id, sender_canister_version: None };
    let call = manage(agent, canister_id, "load_canister_snapshot", &arguments);
    call.call_and_wait().await.expect("the snapshot can be loaded");
}
