//! Candid arguments and replies.

use candid::de::DecoderConfig;

use crate::reject::{ErrorCode, RejectResponse};
use crate::sandbox::Response;

/// Work that decoding an argument may take, in steps of the candid library: about one for each byte of a legal one.
/// Without a limit, a few bytes can claim four billion values that take none.
const DECODING_STEPS: usize = 16 << 20;

/// The only value in `argument`.
pub fn decode<T: candid::CandidType + for<'a> candid::Deserialize<'a>>(argument: &[u8]) -> Result<T, RejectResponse> {
    let mut config = DecoderConfig::new();
    config.set_skipping_quota(DECODING_STEPS).set_full_error_message(false);
    candid::utils::decode_one_with_config(argument, &config).map_err(|error| payload_error(&error))
}

/// The reply without values.
pub fn encode_nothing() -> Response {
    candid::encode_args(()).map_err(|error| payload_error(&error))
}

/// The reply with this value.
pub fn encode(value: &impl candid::CandidType) -> Response {
    candid::encode_one(value).map_err(|error| payload_error(&error))
}

fn payload_error(error: &candid::Error) -> RejectResponse {
    RejectResponse::new(ErrorCode::InvalidManagementPayload, error.to_string())
}
