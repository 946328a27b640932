//! Deleting canisters.

use candid::{Principal, encode_one};
use ic_management_canister_types::CanisterIdRecord;
use local_ic::{ErrorCode, LocalIc, RejectResponse, StateReader};

use crate::common::forwarder::{FORWARDER, forward};
use crate::common::{install, update};

fn delete(ic: &LocalIc, id: Principal, sender: Principal) -> Result<Vec<u8>, RejectResponse> {
    let argument = encode_one(CanisterIdRecord { canister_id: id }).unwrap();
    ic.update_call(Principal::management_canister(), sender, "delete_canister", argument)
}

#[test]
fn a_stopped_canister_is_deleted_by_its_controllers() {
    let ic = LocalIc::new();
    let (id, other) = (install(&ic, FORWARDER), install(&ic, FORWARDER));
    let reader = ic.take_changes(|changes| StateReader::new(changes, None)).unwrap();
    let anonymous = Principal::anonymous();
    assert_eq!(delete(&ic, id, anonymous).unwrap_err().error_code, ErrorCode::CanisterNotStopped);
    ic.stop_canister(id, None).unwrap();
    let stranger = delete(&ic, id, Principal::from_slice(&[7])).unwrap_err();
    assert_eq!(stranger.error_code, ErrorCode::CanisterInvalidController);
    delete(&ic, id, anonymous).unwrap();
    assert!(!ic.canister_exists(id) && ic.canister_exists(other));
    assert!(reader.canister_exists(id));
    ic.take_changes(|changes| reader.apply(changes));
    assert!(!reader.canister_exists(id) && reader.canister_exists(other));
    assert_eq!(update(&ic, id, "call").unwrap_err().error_code, ErrorCode::CanisterNotFound);
    // Its callers are told and have the cycles back. Its id is not assigned again.
    let call = forward(&ic, other, 5, id, "call", &[]).unwrap();
    assert_eq!((call.code, call.refunded), (local_ic::RejectCode::DestinationInvalid as u64, 5));
    assert!(![id, other].contains(&ic.create_canister()));
}
