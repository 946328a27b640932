//! One function for each method. It decodes the argument, checks it, calls the store and encodes the reply.

use super::log;
use super::runtime::{Store, administer, caller, charge, everybody_controls, fail, now, read, well_formed, with_kept};
use candid::Principal;
use canister_base::call::{Argument, answer, decoded, reply};
use canister_base::resources::heap_bytes;
use message_canister::access::Caller;
use message_canister::access::budget::{Payer, Purpose};
use message_canister::access::policy::check_policies;
use message_canister::api::*;
use message_canister::codec::{arguments, general, replies};
use message_canister::http;
use message_canister::limits::{MAX_BATCH_MESSAGES, MAX_LOOKUP_ITEMS};
use message_canister::metrics::metrics;
use message_canister::store::{
    Found as KeyFound, NewMessageRef, StoredRef, acks_too_long, batch_too_long, check_lengths, items_too_long,
};
use serde_bytes::ByteBuf;

/// Number of leading bytes copied to inspect a large message: the header (13), the key id's length and bytes (1 + 64)
/// and the ciphertext's length (at most 4).
const HEAD: usize = 82;

pub fn add_message() {
    let argument = Argument::of_call();
    let large = argument.peek::<HEAD, _>(arguments::lengths_of_message);
    if let Some(Err(error)) = large.map(|(key_id, ciphertext)| check_lengths(key_id, ciphertext)) {
        return replies::added(fail(error), reply);
    }
    argument.read(|bytes| {
        let Some((key_id, ciphertext)) = well_formed(arguments::message(bytes)) else { return };
        let new = NewMessageRef { key_id: &key_id, ciphertext: &ciphertext, send_key: None };
        let added = charge_adds((1, bytes.len()), |store, caller, now| store.add_message(new, caller, now));
        replies::added(added, reply);
    });
}

pub fn add_messages() {
    answer(|bytes| {
        let added = arguments::batch::<_, MAX_BATCH_MESSAGES>(bytes, |batch| {
            charge_adds((batch.len(), bytes.len()), |store, caller, now| store.add_messages(batch, caller, now))
        });
        let Some(added) = well_formed(added) else { return };
        replies::all_added(added.unwrap_or_else(|length| fail(batch_too_long(length))), reply);
    });
}

pub fn get_message_by_id() {
    answer(|bytes| {
        let (id, prove) = decoded(arguments::id(bytes));
        read(|store| {
            let record = store.record_by_id(id);
            let found = record.as_ref().ok().filter(|_| prove);
            let proof = found.and_then(|record| certified(|| store.prove_message(record)));
            replies::message(store, record, proof.as_ref(), reply);
        });
    });
}

pub fn get_message_by_hash() {
    answer(|bytes| {
        let hash = decoded(arguments::blob(bytes));
        read(|store| replies::message(store, store.record_by_hash(&hash), None, reply));
    });
}

pub fn get_messages_by_range() {
    answer(|bytes| {
        let (min_id, max_id, cursor) = decoded(arguments::span(bytes));
        read(|store| replies::page(store, store.records_by_range(min_id, max_id, cursor), None, reply));
    });
}

pub fn get_messages_by_key() {
    answer(|bytes| {
        let (key_id, cursor) = decoded(arguments::key(bytes));
        read(|store| {
            let page = store.records_by_key(&key_id, cursor);
            let found = page.as_ref().ok().filter(|_| cursor.prove);
            let proof = found.and_then(|page| certified(|| store.prove_page(&key_id, &cursor, page)));
            replies::page(store, page, proof.as_ref(), reply);
        });
    });
}

pub fn get_messages_by_time() {
    answer(|bytes| {
        let (from, until, cursor) = decoded(arguments::span(bytes));
        read(|store| replies::page(store, store.records_by_time(from, until, cursor), None, reply));
    });
}

pub fn get_key_heads() {
    answer(|bytes| {
        let heads = arguments::keys::<_, MAX_LOOKUP_ITEMS>(bytes, |key_ids, prove| {
            read(|store| {
                let heads = store.get_key_heads(key_ids)?;
                let proof = if prove { certified(|| store.prove_heads(key_ids)) } else { None };
                Ok(Heads { heads, first_id: store.shown_first_id(), proof })
            })
        });
        replies::heads(decoded(heads).unwrap_or_else(|length| Err(items_too_long(length))), reply);
    });
}

/// Charges an add of so many messages, in so many bytes.
fn charge_adds<T, E: From<Limited>>(
    size: (usize, usize),
    add: impl FnOnce(&mut Store, &Caller, u32) -> Result<T, E>,
) -> Result<T, E> {
    let look_up = |_: &Store, caller: &Caller| (Payer::of_caller(caller), ());
    charge(size, Purpose::Add, look_up, |store, caller, (), now| add(store, caller, now))
}

/// The proof with the subnet's certificate. `None` in an update and in a call of a canister, which have no certificate.
fn certified(prove: impl FnOnce() -> Option<Vec<u8>>) -> Option<Proof> {
    let certificate = ic_cdk::api::data_certificate()?;
    let bytes = prove()?;
    Some(Proof { certificate: ByteBuf::from(certificate), bytes: ByteBuf::from(bytes) })
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
        reply(&general::encode(Ok::<_, StatusError>(read(|store| store.get_status()))));
    });
}

pub fn get_metrics() {
    answer(|bytes| {
        let () = decoded(general::decode(bytes));
        let is_member = with_kept(|store| caller(store).is_member());
        let status = read(|store| store.status(store.sees_all() || is_member));
        reply(&general::encode(Ok::<_, StatusError>(metrics_of(&status))));
    });
}

fn metrics_of(status: &Status) -> String {
    metrics(status, heap_bytes(), ic_cdk::api::time() / 1_000_000)
}

pub fn acknowledge() {
    answer(|bytes| {
        let acknowledged = arguments::acknowledgements::<_, MAX_LOOKUP_ITEMS>(bytes, |items| {
            let look_up = |store: &Store, caller: &Caller| {
                let owned = store.first_owned(items.iter().map(|item| item.key_id), caller);
                (Payer::of_keys(caller, owned.is_some()), owned)
            };
            charge((items.len(), bytes.len()), Purpose::Other, look_up, |store, caller, owned, now| {
                store.acknowledge_all(items, owned, caller, now)
            })
        });
        let Some(acknowledged) = well_formed(acknowledged) else { return };
        replies::all_acknowledged(acknowledged.unwrap_or_else(|length| fail(acks_too_long(length))), reply);
    });
}

pub fn claim() {
    answer(|bytes| {
        let Some((key_id, proof)) = well_formed(general::decode::<(ByteBuf, OwnerProof)>(bytes)) else { return };
        let look_up = |store: &Store, caller: &Caller| {
            let found = store.look_up_for_claim(&key_id, &proof, caller);
            (Payer::of_keys(caller, found.as_ref().is_ok_and(KeyFound::is_there)), found)
        };
        reply(&general::encode(charge((1, bytes.len()), Purpose::Other, look_up, |store, caller, found, now| {
            store.claim(&key_id, found?, caller, now)
        })));
    });
}

pub fn set_key() {
    answer(|bytes| {
        let argument = general::decode::<(ByteBuf, Vec<KeySetting>)>(bytes);
        let Some((key_id, settings)) = well_formed(argument) else { return };
        let look_up = |store: &Store, caller: &Caller| {
            let found = store.look_up(&key_id, caller);
            let owns = found.as_ref().is_some_and(|found| found.is_owned_by(&key_id, caller.principal()));
            (Payer::of_keys(caller, owns), found)
        };
        reply(&general::encode(charge((1, bytes.len()), Purpose::Other, look_up, |store, caller, found, now| {
            store.set_key(&key_id, found, &settings, caller, now)
        })));
    });
}

pub fn set_settings() {
    answer(|bytes| {
        let Some((version, settings)) = well_formed(general::decode::<(u32, Vec<Setting>)>(bytes)) else { return };
        reply(&general::encode(administer(SettingsError::NotAllowed, |store, caller| {
            let current = store.settings_version();
            if version != current {
                return Err(SettingsError::Version { given: version, current });
            }
            let mut changed = *store.settings();
            changed.apply(&settings)?;
            check_policies(changed.reads, changed.writes, everybody_controls())?;
            let version = store.set_settings(&settings, now())?;
            log::settings(version, Some(caller.principal()), &settings);
            Ok(version)
        })));
    });
}

pub fn set_role() {
    answer(|bytes| {
        // A role that this release does not know must not remove the present one.
        let argument = general::decode_then_optional::<Principal, Role>(bytes);
        let Some((principal, role)) = well_formed(argument) else { return };
        reply(&general::encode(administer(RoleError::NotAllowed, |store, caller| {
            store.set_role(principal, role)?;
            log::role(principal, role, caller.principal());
            Ok(())
        })));
    });
}

pub fn get_roles() {
    answer(|bytes| {
        let after: Option<Principal> = decoded(general::decode_optional(bytes));
        reply(&general::encode(with_kept(|store| {
            if caller(store).is_admin() { Ok(store.roles(after)) } else { Err(RolesError::NotAllowed) }
        })));
    });
}

pub fn retry_rebuild() {
    answer(|bytes| {
        let Some(()) = well_formed(general::decode(bytes)) else { return };
        reply(&general::encode(administer(RetryError::NotAllowed, |store, caller| {
            if !store.retry_rebuild() {
                return Err(RetryError::NotFailed);
            }
            log::rebuild_restarted(caller.principal());
            Ok(())
        })));
    });
}

pub fn seal() {
    answer(|bytes| {
        let Some(()) = well_formed(general::decode(bytes)) else { return };
        reply(&general::encode(administer(SealError::NotAllowed, |store, caller| {
            if !store.is_sealed() {
                store.seal();
                log::sealed(caller.principal());
            }
            Ok(())
        })));
    });
}

pub fn resume() {
    answer(|bytes| {
        let Some(()) = well_formed(general::decode(bytes)) else { return };
        reply(&general::encode(administer(ResumeError::NotAllowed, |store, caller| {
            let epoch = store.resume(now()).ok_or(ResumeError::NotSealed)?;
            log::resumed(epoch, caller.principal());
            Ok(epoch)
        })));
    });
}

pub fn check() {
    answer(|bytes| {
        let (cursor,): (CheckCursor,) = decoded(general::decode(bytes));
        let is_admin = with_kept(|store| caller(store).is_admin());
        let report: Result<CheckReport, CheckError> =
            if is_admin { read(|store| store.check(cursor)) } else { Err(CheckError::NotAllowed) };
        reply(&general::encode(report));
    });
}

pub fn http_request() {
    answer(|bytes| {
        let (request,): (HttpRequest,) = decoded(general::decode(bytes));
        let certificate = ic_cdk::api::data_certificate();
        let response = read(|store| {
            let (status, root) = (store.get_status(), store.root());
            let certified = certificate.as_deref().map(|bytes| (bytes, &root));
            http::respond(&request, &status, || metrics_of(&status), certified)
        });
        reply(&general::encode(response));
    });
}
