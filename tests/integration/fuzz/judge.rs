//! The right answer to raw bytes: candid's own decoder reads them, and the model answers.

use candid::utils::{ArgumentDecoder, decode_args_with_config};
use candid::{CandidType, DecoderConfig, Principal, Reserved, decode_args};
use message_canister::api::*;
use message_canister::limits::{MAX_BATCH_MESSAGES, MAX_LOOKUP_ITEMS};
use serde::Deserialize;
use serde_bytes::ByteBuf;
use std::fmt::Debug;

use crate::model::{Facts, Model};
use crate::support::START_SECONDS;
use crate::support::methods::Method;
use client::Reject;

pub enum Verdict {
    Right,
    Wrong(String),
}

type Reply = Result<Vec<u8>, Reject>;

/// More than any argument tried here may take to be decoded.
const DECODING_QUOTA: usize = 5_000_000;

/// Checks the canister's answer. The model stores what the canister stored.
pub fn judge(model: &mut Model, method: Method, arg: &[u8], answer: &Reply) -> Verdict {
    let now = START_SECONDS;
    match method.name {
        // A length that is not allowed may be refused before the rest is looked at.
        "add_message" if refused_by_length(answer) && decode::<(ByteBuf, ByteBuf)>(arg).is_none() => Verdict::Right,
        "add_message" => {
            compare(arg, answer, |(key_id, text): (ByteBuf, ByteBuf)| model.at(now).add_message(&key_id, &text))
        }
        "add_messages" => compare_long(arg, answer, MAX_BATCH_MESSAGES, |(items,): (Vec<NewMessage>,)| {
            model.at(now).add_messages(&items)
        }),
        "get_message_by_id" => compare(arg, answer, |(id, _): (Id, Option<bool>)| model.get_message_by_id(id)),
        "get_message_by_hash" => compare(arg, answer, |(hash,): (ByteBuf,)| model.get_message_by_hash(&hash)),
        "get_messages_by_range" => {
            compare(arg, answer, |(min, max, cursor): (Id, Id, Cursor)| model.get_messages_by_range(min, max, cursor))
        }
        "get_messages_by_key" => {
            compare(arg, answer, |(key_id, cursor): (ByteBuf, KeyCursor)| model.get_messages_by_key(&key_id, cursor))
        }
        "get_messages_by_time" => compare(arg, answer, |(from, until, cursor): (u32, u32, Cursor)| {
            model.get_messages_by_time(from, until, cursor)
        }),
        "get_min_message_id" => compare(arg, answer, |()| model.get_min_message_id()),
        "get_max_message_id" => compare(arg, answer, |()| model.get_max_message_id()),
        "get_min_message_id_by_key" => {
            compare(arg, answer, |(key_id,): (ByteBuf,)| model.get_min_message_id_by_key(&key_id))
        }
        "get_max_message_id_by_key" => {
            compare(arg, answer, |(key_id,): (ByteBuf,)| model.get_max_message_id_by_key(&key_id))
        }
        "get_key_heads" => compare_long(arg, answer, MAX_LOOKUP_ITEMS, |(keys, _): (Vec<ByteBuf>, Option<bool>)| {
            let heads = model.get_key_heads(&keys.into_iter().map(ByteBuf::into_vec).collect::<Vec<_>>());
            heads.map(|heads| Heads { heads, first_id: model.first(), proof: None })
        }),
        "has_messages" => compare_long(arg, answer, MAX_LOOKUP_ITEMS, |(pairs,): (Vec<Stored>,)| {
            let pairs = pairs.into_iter().map(|pair| (pair.key_id.into_vec(), pair.hash.into_vec()));
            model.has_messages(&pairs.collect::<Vec<_>>())
        }),
        "get_status" => by(
            arg,
            answer,
            |()| (),
            |(), reply: Result<Status, StatusError>| {
                let facts = reply.map(Facts::from);
                // Claims open keys that the model does not know.
                facts.is_ok_and(|facts| facts == Facts { keys: facts.keys, ..model.facts() })
            },
        ),
        "acknowledge" => compare_long(arg, answer, MAX_LOOKUP_ITEMS, |(items,): (Vec<Acknowledgement>,)| {
            let one = |item: Acknowledgement| model.acknowledge(&item.key_id, item.through);
            Ok::<_, AcksError>(items.into_iter().map(one).collect::<Vec<_>>())
        }),
        "claim" => accept::<(ByteBuf, OwnerProof), Result<Claimed, ClaimError>>(arg, answer),
        "set_key" => accept::<(ByteBuf, Vec<KeySetting>), Result<(), KeyError>>(arg, answer),
        // Candid's own decoder reads an opt of another type as none, the canister refuses it.
        "set_role" | "get_roles" if answer.as_ref().is_err_and(is_decoding) => Verdict::Right,
        "set_role" => accept::<(Principal, Option<Role>), Result<(), RoleError>>(arg, answer),
        "get_roles" => accept::<(Option<Principal>,), Result<Vec<(Principal, Role)>, RolesError>>(arg, answer),
        "set_settings" => compare(arg, answer, |(given, settings): (u32, Vec<Setting>)| {
            let current = model.version();
            if given == current {
                model.set_settings(&settings)
            } else {
                Err(SettingsError::Version { given, current })
            }
        }),
        "get_metrics" => accept::<(), Result<String, StatusError>>(arg, answer),
        "seal" => accept::<(), Result<(), SealError>>(arg, answer),
        "resume" => accept::<(), Result<u64, ResumeError>>(arg, answer),
        "retry_rebuild" => compare(arg, answer, |()| Err::<(), _>(RetryError::NotFailed)),
        "check" => by(
            arg,
            answer,
            |(cursor,): (CheckCursor,)| cursor,
            |cursor, reply| {
                let last = model.last();
                let id = cursor.id;
                if id > last.saturating_add(1) {
                    reply == Err(CheckError::UnknownId { id, last })
                } else {
                    matches!(reply, Ok(CheckReport { .. }))
                }
            },
        ),
        "http_request" => by(
            arg,
            answer,
            |(request,): (HttpRequest,)| request,
            |request, reply: HttpResponse| {
                let is_there = ["", "/", "/metrics"].contains(&request.url.split(['?', '#']).next().unwrap_or(""));
                let is_get = ["GET", "HEAD"].contains(&request.method.as_str());
                reply.status_code
                    == if !is_there {
                        404
                    } else if is_get {
                        200
                    } else {
                        405
                    }
            },
        ),
        name => Verdict::Wrong(format!("{name} is not judged yet")),
    }
}

fn refused_by_length(answer: &Reply) -> bool {
    let decoded = answer.as_ref().ok().and_then(|reply| decode_args::<(Result<Added, AddError>,)>(reply).ok());
    matches!(
        decoded,
        Some((Err(AddError::KeyIdLength(_) | AddError::CiphertextEmpty | AddError::CiphertextTooLarge(_)),))
    )
}

/// Checks whether an upgrade with this argument was correctly done or refused.
pub fn judge_upgrade(arg: &[u8], upgraded: &Result<(), Reject>) -> Verdict {
    // Candid's own decoder reads settings of another type as none.
    let is_there = decode::<(Option<Reserved>,)>(arg).is_some_and(|(there,)| there.is_some());
    let decoded = decode::<(Option<Vec<Setting>>,)>(arg).filter(|(settings,)| settings.is_some() == is_there);
    let good = decoded.map(|(settings,)| Model::default().set_settings(&settings.unwrap_or_default()));
    match (upgraded, good) {
        (Ok(()), Some(Ok(_))) => Verdict::Right,
        (Err(reject), Some(Err(_))) if reject.is_trap() => Verdict::Right,
        (Err(reject), None) if is_decoding(reject) => Verdict::Right,
        (Err(reject), Some(Ok(_))) if is_too_dear(reject) => Verdict::Right,
        (upgraded, good) => Verdict::Wrong(format!("upgraded: {upgraded:?}, but the settings are: {good:?}")),
    }
}

/// The canister must accept what candid accepts, and answer with a value of this type.
fn accept<A, R>(arg: &[u8], answer: &Reply) -> Verdict
where
    A: for<'a> ArgumentDecoder<'a>,
    R: CandidType + for<'a> Deserialize<'a> + Debug,
{
    by(arg, answer, |_: A| (), |(), _: R| true)
}

/// The answer must be the model's.
fn compare<A, R>(arg: &[u8], answer: &Reply, model: impl FnOnce(A) -> R) -> Verdict
where
    A: for<'a> ArgumentDecoder<'a>,
    R: CandidType + for<'a> Deserialize<'a> + PartialEq + Debug,
{
    by(arg, answer, model, |expected, reply: R| reply == expected)
}

/// The same where a vector may be refused for its length, before its elements are known to be sound.
fn compare_long<A, T, E>(arg: &[u8], answer: &Reply, max: usize, model: impl FnOnce(A) -> Result<T, E>) -> Verdict
where
    A: for<'a> ArgumentDecoder<'a>,
    T: CandidType + for<'a> Deserialize<'a> + PartialEq + Debug,
    E: CandidType + for<'a> Deserialize<'a> + PartialEq + Debug + AsTooLong,
{
    if let Ok(reply) = answer
        && let Ok((Err(error),)) = decode_args::<(Result<T, E>,)>(reply)
        && let Some(TooLong { length, max: told }) = error.as_too_long()
    {
        return match length as usize > max && told as usize == max {
            true => Verdict::Right,
            false => Verdict::Wrong(format!("refused {length} items, of {told} allowed")),
        };
    }
    compare(arg, answer, model)
}

/// Errors that may say that a vector is too long.
trait AsTooLong {
    fn as_too_long(&self) -> Option<TooLong>;
}

impl AsTooLong for BatchError {
    fn as_too_long(&self) -> Option<TooLong> {
        match self {
            Self::BatchTooLong(wrong) => Some(*wrong),
            _ => None,
        }
    }
}

impl AsTooLong for AcksError {
    fn as_too_long(&self) -> Option<TooLong> {
        match self {
            Self::BatchTooLong(wrong) => Some(*wrong),
            _ => None,
        }
    }
}

impl AsTooLong for LookupError {
    fn as_too_long(&self) -> Option<TooLong> {
        match self {
            Self::BatchTooLong(wrong) => Some(*wrong),
            _ => None,
        }
    }
}

fn by<A, X: Debug, R>(
    arg: &[u8],
    answer: &Reply,
    expect: impl FnOnce(A) -> X,
    fits: impl FnOnce(X, R) -> bool,
) -> Verdict
where
    A: for<'a> ArgumentDecoder<'a>,
    R: CandidType + for<'a> Deserialize<'a> + Debug,
{
    match (answer, decode::<A>(arg)) {
        (Ok(reply), Some(args)) => {
            let expected = expect(args);
            let told = format!("{expected:?}");
            match decode_args::<(R,)>(reply) {
                Err(error) => Verdict::Wrong(format!("the reply is no candid: {error}")),
                Ok((reply,)) => {
                    let got = format!("{reply:?}");
                    if fits(expected, reply) {
                        Verdict::Right
                    } else {
                        Verdict::Wrong(format!("expected {told}, got {got}"))
                    }
                }
            }
        }
        (Ok(_), None) => Verdict::Wrong("accepted what candid does not".to_string()),
        (Err(reject), None) if is_decoding(reject) => Verdict::Right,
        (Err(reject), Some(_)) if is_too_dear(reject) => Verdict::Right,
        (Err(reject), Some(_)) => Verdict::Wrong(format!("rejected what candid accepts: {reject:?}")),
        (Err(reject), None) => Verdict::Wrong(format!("failed otherwise than by a reject: {reject:?}")),
    }
}

/// The result of candid's decoder for an argument; no bytes at all stand for no arguments.
fn decode<A: for<'a> ArgumentDecoder<'a>>(arg: &[u8]) -> Option<A> {
    let arg = if arg.is_empty() { b"DIDL\0\0" } else { arg };
    let mut config = DecoderConfig::new();
    config.set_decoding_quota(DECODING_QUOTA).set_skipping_quota(DECODING_QUOTA);
    decode_args_with_config(arg, &config).ok()
}

fn is_decoding(reject: &Reject) -> bool {
    reject.message.contains("malformed argument")
}

fn is_too_dear(reject: &Reject) -> bool {
    is_decoding(reject) && (reject.message.contains("exceed") || reject.message.contains("limit"))
}
