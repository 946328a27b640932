//! `canister_info`: the changes of a canister, and who made them.

use candid::{Principal, decode_one, encode_one};
use ic_management_canister_types::*;
use local_ic::LocalIc;

use crate::common::forwarder::{FORWARDER, forward};
use crate::common::{install, module};

fn info(ic: &LocalIc, asking: Principal, canister_id: Principal, count: Option<u64>) -> CanisterInfoResult {
    let argument = encode_one(CanisterInfoArgs { canister_id, num_requested_changes: count }).unwrap();
    let reply = forward(ic, asking, 0, Principal::management_canister(), "canister_info", &argument).unwrap();
    decode_one(&reply.reply).unwrap_or_else(|error| panic!("{error}: {reply:?}"))
}

#[test]
fn changes_are_told_with_their_origin() {
    let ic = LocalIc::new();
    let asking = install(&ic, FORWARDER);
    let id = ic.create_canister();
    let anonymous = Principal::anonymous();
    let (first, second) = (module(FORWARDER), module("(memory 1)"));
    ic.install_canister(id, first, vec![], None);
    ic.upgrade_canister(id, second.clone(), vec![], None).unwrap();
    ic.upgrade_canister(id, b"junk".to_vec(), vec![], None).unwrap_err();
    ic.set_controllers(id, None, vec![anonymous, asking]).unwrap();
    // By the other canister, which says a version.
    let uninstall = UninstallCodeArgs { canister_id: id, sender_canister_version: Some(42) };
    let management = Principal::management_canister();
    let uninstalled = forward(&ic, asking, 0, management, "uninstall_code", &encode_one(uninstall).unwrap()).unwrap();
    assert_eq!(uninstalled.code, 0);

    let all = info(&ic, asking, id, Some(100));
    assert_eq!((all.total_num_changes, all.recent_changes.len(), all.module_hash), (5, 5, None));
    assert_eq!(all.controllers, [anonymous, asking]);
    let details: Vec<_> = all.recent_changes.iter().map(|change| change.details.clone().unwrap()).collect();
    let deployed = |detail: &ChangeDetails| match detail {
        ChangeDetails::CodeDeployment(record) => record.mode,
        other => panic!("{other:?}"),
    };
    assert!(matches!(&details[0], ChangeDetails::Creation(record) if record.controllers == [anonymous]));
    assert_eq!(deployed(&details[1]), CodeDeploymentMode::Install);
    assert_eq!(deployed(&details[2]), CodeDeploymentMode::Upgrade);
    assert!(matches!(&details[3], ChangeDetails::ControllersChange(record) if record.controllers.len() == 2));
    assert_eq!(details[4], ChangeDetails::CodeUninstall);
    for change in &all.recent_changes[..4] {
        assert_eq!(change.origin, ChangeOrigin::FromUser(FromUserRecord { user_id: anonymous }));
    }
    let by = FromCanisterRecord { canister_id: asking, canister_version: Some(42) };
    assert_eq!(all.recent_changes[4].origin, ChangeOrigin::FromCanister(by));
    let versions: Vec<u64> = all.recent_changes.iter().map(|change| change.canister_version).collect();
    assert!(versions.is_sorted() && versions[0] == 0);

    assert_eq!(info(&ic, asking, id, None).recent_changes, []);
    assert_eq!(info(&ic, asking, id, Some(2)).recent_changes, all.recent_changes[3..]);
    for _ in 0..30 {
        ic.set_controllers(id, None, vec![anonymous]).unwrap();
    }
    let many = info(&ic, asking, id, Some(100));
    assert_eq!((many.total_num_changes, many.recent_changes.len()), (35, 20));
}
