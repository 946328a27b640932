//! Calls to the management canister, before the engine sees them.

use candid::de::DecoderConfig;
use candid::{CandidType, Deserialize, Principal};
use local_ic::{ErrorCode, RejectResponse};

/// Work that decoding an argument may take, in steps of the candid library: about one for each byte of a legal one.
/// Without a limit, a few bytes can claim four billion values that take none.
const DECODING_STEPS: usize = 16 << 20;

/// The methods that users may call. The others that the engine has are for canisters.
const INGRESS_METHODS: [&str; 6] =
    ["canister_status", "install_code", "start_canister", "stop_canister", "uninstall_code", "update_settings"];

/// The canister that a management call is about: the field `canister_id` of its argument.
pub fn subject(argument: &[u8]) -> Option<Principal> {
    #[derive(CandidType, Deserialize)]
    struct About {
        canister_id: Principal,
    }
    let mut config = DecoderConfig::new();
    config.set_skipping_quota(DECODING_STEPS).set_full_error_message(false);
    let about: Result<About, _> = candid::utils::decode_one_with_config(argument, &config);
    about.ok().map(|about| about.canister_id)
}

/// Whether a user may make this call: it is one of those for users, and about a canister.
pub fn check_ingress(method: &str, argument: &[u8]) -> Result<(), RejectResponse> {
    if !INGRESS_METHODS.contains(&method) {
        let message = format!("management method '{method}' cannot be called by users of this network");
        return Err(reject(ErrorCode::CanisterRejectedMessage, message));
    }
    check_subject(method, argument)
}

/// Whether a management query is about a canister.
pub fn check_subject(method: &str, argument: &[u8]) -> Result<(), RejectResponse> {
    if subject(argument).is_some() {
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

    /// A record of `canister_id` and a vector that claims 2^32 - 1 values of null, in 50 bytes.
    #[test]
    fn a_vector_of_nothing_is_given_up() {
        let id = Principal::anonymous();
        let mut bomb = b"DIDL\x02\x6d\x7f\x6c\x02\x00\x00".to_vec();
        let label = candid::idl_hash("canister_id");
        leb128::write::unsigned(&mut bomb, u64::from(label)).expect("a vector takes everything");
        bomb.extend([0x68, 1, 1]);
        leb128::write::unsigned(&mut bomb, u64::from(u32::MAX)).expect("a vector takes everything");
        bomb.extend([1, 1]);
        bomb.extend(id.as_slice());
        assert_eq!(subject(&bomb), None);
        // With few of them it is an argument like others.
        let at = bomb.len() - 8;
        bomb.splice(at..at + 5, [3]);
        assert_eq!(subject(&bomb), Some(id));
    }

    #[test]
    fn the_largest_module_is_no_bomb() {
        #[derive(CandidType)]
        struct Install {
            canister_id: Principal,
            wasm_module: serde_bytes::ByteBuf,
        }
        let id = Principal::anonymous();
        let wasm_module = serde_bytes::ByteBuf::from(vec![0; 2 << 20]);
        let argument = candid::encode_one(Install { canister_id: id, wasm_module }).expect("it encodes");
        assert_eq!(subject(&argument), Some(id));
    }
}
