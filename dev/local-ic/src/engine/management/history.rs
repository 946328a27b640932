//! A canister's history in candid.

use candid::Reserved;
use ic_management_canister_types::{
    self as types, CodeDeploymentMode, CodeDeploymentRecord, ControllersChangeRecord, CreationRecord,
    FromCanisterRecord, FromUserRecord, LoadSnapshotRecord, SnapshotSource,
};

use crate::canister::{Change, ChangeDetails, ChangeOrigin, InstallMode, Source};

/// A change.
pub fn change(change: &Change) -> types::Change {
    types::Change {
        timestamp_nanos: change.at,
        canister_version: change.version,
        origin: match change.origin {
            ChangeOrigin::User(user_id) => types::ChangeOrigin::FromUser(FromUserRecord { user_id }),
            ChangeOrigin::Canister(canister_id, canister_version) => {
                types::ChangeOrigin::FromCanister(FromCanisterRecord { canister_id, canister_version })
            }
        },
        details: Some(details(change.details.clone())),
    }
}

fn details(details: ChangeDetails) -> types::ChangeDetails {
    match details {
        ChangeDetails::Creation { controllers } => {
            // The platform's specification does not say how environment variables are hashed.
            types::ChangeDetails::Creation(CreationRecord { controllers, environment_variables_hash: None })
        }
        ChangeDetails::Uninstalled => types::ChangeDetails::CodeUninstall,
        ChangeDetails::Installed { mode, module_hash } => {
            let mode = match mode {
                InstallMode::Install => CodeDeploymentMode::Install,
                InstallMode::Reinstall => CodeDeploymentMode::Reinstall,
                InstallMode::Upgrade => CodeDeploymentMode::Upgrade,
            };
            let module_hash = module_hash.to_vec();
            types::ChangeDetails::CodeDeployment(CodeDeploymentRecord { mode, module_hash })
        }
        ChangeDetails::Loaded { from, snapshot, version, taken_at, source } => {
            types::ChangeDetails::LoadSnapshot(LoadSnapshotRecord {
                from_canister_id: from,
                snapshot_id: snapshot,
                canister_version: version,
                taken_at_timestamp: taken_at,
                source: source_of(source),
            })
        }
        ChangeDetails::Controllers { controllers } => {
            types::ChangeDetails::ControllersChange(ControllersChangeRecord { controllers })
        }
    }
}

/// The source of a snapshot.
pub fn source_of(source: Source) -> SnapshotSource {
    match source {
        Source::Taken => SnapshotSource::TakenFromCanister(Reserved),
        Source::Uploaded => SnapshotSource::MetadataUpload(Reserved),
    }
}
