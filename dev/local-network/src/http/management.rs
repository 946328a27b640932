//! Calls to the management canister, before the engine sees them.

use candid::{CandidType, Deserialize, Principal};
use local_ic::{ErrorCode, RejectResponse};
use serde_bytes::ByteBuf;

use super::codec::decode_candid;

/// The canister that a management call is about: the field `canister_id` of its argument.
pub fn subject(argument: &[u8]) -> Option<Principal> {
    #[derive(CandidType, Deserialize)]
    struct About {
        canister_id: Principal,
        /// Large fields of a legal argument are named, so they are not skipped. So the limit can apply to all other fields.
        wasm_module: Option<ByteBuf>,
        arg: Option<ByteBuf>,
        chunk: Option<ByteBuf>,
    }
    decode_candid(argument).ok().map(|about: About| about.canister_id)
}

/// Checks that a management call or query is about a canister. The engine knows which methods users may call.
pub fn check_subject(method: &str, subject: Option<Principal>) -> Result<(), RejectResponse> {
    if subject.is_some() {
        return Ok(());
    }
    let message = format!("the argument of management method '{method}' is no record with a canister_id");
    Err(reject(ErrorCode::InvalidManagementPayload, message))
}

fn reject(error_code: ErrorCode, reject_message: String) -> RejectResponse {
    RejectResponse { reject_code: error_code.reject_code(), reject_message, error_code, certified: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_SKIPPING_STEPS;

    /// A record of `canister_id` and a vector that claims so many values of null.
    fn with_nothings(id: Principal, count: u32) -> Vec<u8> {
        let mut argument = b"DIDL\x02\x6d\x7f\x6c\x02\x00\x00".to_vec();
        let label = candid::idl_hash("canister_id");
        leb128::write::unsigned(&mut argument, u64::from(label)).expect("a vector takes everything");
        argument.extend([0x68, 1, 1]);
        leb128::write::unsigned(&mut argument, u64::from(count)).expect("a vector takes everything");
        argument.extend([1, id.as_slice().len() as u8]);
        argument.extend(id.as_slice());
        argument
    }

    #[test]
    fn a_vector_of_nothing_is_given_up() {
        let id = Principal::anonymous();
        assert_eq!(subject(&with_nothings(id, 3)), Some(id), "with few it is an argument like others");
        for count in [MAX_SKIPPING_STEPS as u32, 1 << 20, u32::MAX] {
            assert_eq!(subject(&with_nothings(id, count)), None, "{count}");
        }
    }

    #[test]
    fn the_largest_arguments_of_each_method_are_no_bombs() {
        use ic_management_canister_types::*;
        let id = Principal::anonymous();
        let blob = vec![0; 1 << 20];
        let install = InstallCodeArgs {
            mode: CanisterInstallMode::Upgrade(Some(UpgradeFlags {
                skip_pre_upgrade: Some(true),
                wasm_memory_persistence: Some(WasmMemoryPersistence::Keep),
            })),
            canister_id: id,
            wasm_module: blob.clone(),
            arg: blob,
            sender_canister_version: Some(u64::MAX),
        };
        let principals = vec![Principal::self_authenticating([]); 10];
        let variable = EnvironmentVariable { name: "n".repeat(128), value: "v".repeat(128) };
        let update = UpdateSettingsArgs {
            canister_id: id,
            settings: CanisterSettings {
                controllers: Some(principals.clone()),
                log_visibility: Some(LogVisibility::AllowedViewers(principals)),
                environment_variables: Some(vec![variable; 20]),
                freezing_threshold: Some(u64::MAX.into()),
                ..CanisterSettings::default()
            },
            sender_canister_version: Some(u64::MAX),
        };
        let upload = UploadCanisterSnapshotDataArgs {
            canister_id: id,
            snapshot_id: vec![0; 18],
            kind: SnapshotDataOffset::WasmMemory { offset: u64::MAX },
            chunk: vec![0; 2_000_000],
        };
        let globals = vec![SnapshotMetadataGlobal::I64(-1); 1_000];
        let described = UploadCanisterSnapshotMetadataArgs {
            canister_id: id,
            replace_snapshot: Some(vec![0; 18]),
            wasm_module_size: 1,
            globals,
            wasm_memory_size: 0,
            stable_memory_size: 0,
            certified_data: vec![0; 32],
            global_timer: Some(CanisterTimer::Active(1)),
            on_low_wasm_memory_hook_status: Some(OnLowWasmMemoryHookStatus::Ready),
        };
        let snapshots = [candid::encode_one(upload), candid::encode_one(described)];
        for argument in [candid::encode_one(install), candid::encode_one(update)].into_iter().chain(snapshots) {
            assert_eq!(subject(&argument.expect("it encodes")), Some(id));
        }
    }
}
