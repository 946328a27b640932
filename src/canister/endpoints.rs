//! One function a method: each decodes the argument, checks it, calls the store and encodes the reply.

use super::call::{Argument, answer, decoded, reply};
use super::runtime::{change, now, read};
use message_canister::api::{
    CheckCursor, CheckError, CheckReport, HttpRequest, RetryError, Settings, SettingsError, Status, StatusError, Stored,
};
use message_canister::codec::{arguments, general, replies};
use message_canister::http;
use message_canister::limits::{MAX_BATCH_MESSAGES, MAX_LOOKUP_ITEMS};
use message_canister::store::{StoredRef, batch_too_long, check_lengths, items_too_long};

pub fn add_message() {
    let argument = Argument::of_call();
    let large = argument.peek(arguments::lengths_of_two_blobs);
    if let Some(Err(error)) = large.map(|(key_id, ciphertext)| check_lengths(key_id, ciphertext)) {
        return replies::added(Err(error), reply);
    }
    argument.read(|bytes| {
        let (key_id, ciphertext) = decoded(arguments::two_blobs(bytes));
        let added = check_lengths(key_id.len(), ciphertext.len())
            .and_then(|()| change(|store| store.add_message(&key_id, &ciphertext, now())));
        replies::added(added, reply);
    });
}

pub fn add_messages() {
    answer(|bytes| {
        let added =
            arguments::batch::<_, MAX_BATCH_MESSAGES>(bytes, |batch| change(|store| store.add_messages(batch, now())));
        replies::all_added(decoded(added).unwrap_or_else(|length| Err(batch_too_long(length))), reply);
    });
}

pub fn get_message_by_id() {
    answer(|bytes| {
        let id = decoded(arguments::id(bytes));
        read(|store| replies::message(store, store.record_by_id(id), reply));
    });
}

pub fn get_message_by_hash() {
    answer(|bytes| {
        let hash = decoded(arguments::blob(bytes));
        read(|store| replies::message(store, store.record_by_hash(&hash), reply));
    });
}

pub fn get_messages_by_range() {
    answer(|bytes| {
        let (min_id, max_id, cursor) = decoded(arguments::span(bytes));
        read(|store| replies::page(store, store.records_by_range(min_id, max_id, cursor), reply));
    });
}

pub fn get_messages_by_key() {
    answer(|bytes| {
        let (key_id, cursor) = decoded(arguments::key(bytes));
        read(|store| replies::page(store, store.records_by_key(&key_id, cursor), reply));
    });
}

pub fn get_messages_by_time() {
    answer(|bytes| {
        let (from, until, cursor) = decoded(arguments::span(bytes));
        read(|store| replies::page(store, store.records_by_time(from, until, cursor), reply));
    });
}

pub fn get_key_heads() {
    answer(|bytes| {
        let heads =
            arguments::blobs::<_, MAX_LOOKUP_ITEMS>(bytes, |key_ids| read(|store| store.get_key_heads(key_ids)));
        replies::heads(decoded(heads).unwrap_or_else(|length| Err(items_too_long(length))), reply);
    });
}

pub fn has_messages() {
    answer(|bytes| {
        let found = match decoded(general::decode_elements::<Stored, MAX_LOOKUP_ITEMS>(bytes)) {
            Ok(pairs) => {
                let pairs: Vec<_> =
                    pairs.iter().map(|pair| StoredRef { key_id: &pair.key_id, hash: &pair.hash }).collect();
                read(|store| store.has_messages(&pairs))
            }
            Err(length) => Err(items_too_long(length)),
        };
        reply(&general::encode(found));
    });
}

pub fn get_min_message_id() {
    answer(|bytes| {
        let () = decoded(general::decode(bytes));
        reply(&general::encode(Ok::<_, StatusError>(read(|store| store.get_min_message_id()))));
    });
}

pub fn get_max_message_id() {
    answer(|bytes| {
        let () = decoded(general::decode(bytes));
        reply(&general::encode(Ok::<_, StatusError>(read(|store| store.get_max_message_id()))));
    });
}

pub fn get_min_message_id_by_key() {
    answer(|bytes| {
        let key_id = decoded(arguments::blob(bytes));
        reply(&general::encode(read(|store| store.get_min_message_id_by_key(&key_id))));
    });
}

pub fn get_max_message_id_by_key() {
    answer(|bytes| {
        let key_id = decoded(arguments::blob(bytes));
        reply(&general::encode(read(|store| store.get_max_message_id_by_key(&key_id))));
    });
}

pub fn get_status() {
    answer(|bytes| {
        let () = decoded(general::decode(bytes));
        reply(&general::encode(Ok::<Status, StatusError>(read(|store| store.get_status()))));
    });
}

pub fn set_settings() {
    answer(|bytes| {
        let (settings,): (Settings,) = decoded(general::decode(bytes));
        let set = if caller_is_controller() {
            change(|store| store.set_settings(settings, now()))
        } else {
            Err(SettingsError::NotController)
        };
        reply(&general::encode(set));
    });
}

pub fn retry_rebuild() {
    answer(|bytes| {
        let () = decoded(general::decode(bytes));
        let retried = if !caller_is_controller() {
            Err(RetryError::NotController)
        } else if change(|store| store.retry_rebuild()) {
            Ok(())
        } else {
            Err(RetryError::NotFailed)
        };
        reply(&general::encode(retried));
    });
}

pub fn check() {
    answer(|bytes| {
        let (cursor,): (CheckCursor,) = decoded(general::decode(bytes));
        let report: Result<CheckReport, CheckError> =
            if caller_is_controller() { read(|store| store.check(cursor)) } else { Err(CheckError::NotController) };
        reply(&general::encode(report));
    });
}

pub fn http_request() {
    answer(|bytes| {
        let (request,): (HttpRequest,) = decoded(general::decode(bytes));
        reply(&general::encode(http::respond(&request, &read(|store| store.get_status()))));
    });
}

fn caller_is_controller() -> bool {
    ic_cdk::api::is_controller(&ic_cdk::api::msg_caller())
}
