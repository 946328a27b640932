//! The metrics in the text format of Prometheus: the status as numbers, as far as the caller may see it.
//!
//! The cycles balance is not among them, because it would tell attackers how long a flood must last.

use crate::api::{Setting, Status, StoreStatus};
use canister_base::metrics::{Encoder, flag, text};
use std::io;

/// Turns a status into metrics at `now`, in unix milliseconds. `heap_bytes`: the size of the heap, which is shown
/// together with the counts.
pub fn metrics(status: &Status, heap_bytes: u64, now: u64) -> String {
    text(now, |encoder| {
        of_everybody(encoder, status)?;
        status.store.as_ref().map_or(Ok(()), |store| of_the_store(encoder, store, status, heap_bytes))
    })
}

/// The metrics that strangers may see.
fn of_everybody(encoder: &mut Encoder, status: &Status) -> io::Result<()> {
    let layout = status.layout_version.to_string();
    encoder
        .gauge_vec("message_canister_info", "Release and layout of stable memory, as labels.")?
        .value(&[("version", &status.version), ("layout", &layout)], 1.0)?;
    let mut gauge = |name: &str, value: f64, help: &str| encoder.encode_gauge(name, value, help);
    gauge(
        "message_canister_epoch_timestamp_seconds",
        status.epoch as f64,
        "Time when the store was installed or last resumed, in seconds since 1970.",
    )?;
    gauge("message_canister_sealed", flag(status.sealed), "1 while the store is sealed and takes no messages.")?;
    gauge(
        "message_canister_settings_version",
        status.settings.version.into(),
        "Number of times that the settings have been set.",
    )?;
    for setting in &status.settings.settings {
        match setting {
            Setting::max_messages(bound) => {
                if let Some(limit) = bound.limit() {
                    gauge(
                        "message_canister_max_messages",
                        limit.into(),
                        "Setting: maximum number of stored messages.",
                    )?;
                }
            }
            Setting::max_bytes(bound) => {
                if let Some(limit) = bound.limit() {
                    gauge("message_canister_max_bytes", limit as f64, "Setting: maximum bytes of stored messages.")?;
                }
            }
            Setting::max_keys(keys) => {
                gauge("message_canister_max_keys", keys.all.into(), "Setting: maximum number of known keys.")?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Counts and sizes.
fn of_the_store(encoder: &mut Encoder, store: &StoreStatus, status: &Status, heap_bytes: u64) -> io::Result<()> {
    let added = store.next_id.saturating_sub(1);
    encoder.encode_counter("message_canister_messages_added_total", added.into(), "Messages ever stored.")?;
    encoder.encode_counter(
        "message_canister_messages_dropped_total",
        store.first_id.saturating_sub(1).into(),
        "Messages dropped by retention.",
    )?;
    let rebuild = store.rebuild;
    for (name, value, help) in [
        ("messages", store.messages.into(), "Stored messages: all that are not dropped."),
        (
            "max_messages_added",
            status.limits.last_id.into(),
            "Number of messages that can ever be stored: the highest id.",
        ),
        ("keys", store.keys.into(), "Known keys."),
        ("backlog_messages", store.backlog.into(), "Dropped messages that are not yet swept."),
        ("erasing", flag(store.erasing), "1 while ciphertexts of acknowledged messages wait to be overwritten."),
        (
            "oldest_message_timestamp_seconds",
            store.oldest_timestamp.into(),
            "Time when the oldest stored message was added, in seconds since 1970; 0: none is stored.",
        ),
        (
            "newest_message_timestamp_seconds",
            store.newest_timestamp.into(),
            "Time when the newest stored message was added, in seconds since 1970; 0: none is stored.",
        ),
        (
            "live_bytes",
            store.live_bytes as f64,
            "Bytes of stored messages: records, ciphertexts and the ends of long key ids.",
        ),
        ("stable_memory_bytes", store.stable_bytes as f64, "Bytes of stable memory that the canister occupies."),
        (
            "max_stable_memory_bytes",
            status.limits.stable_bytes as f64,
            "Bytes of stable memory that the platform allows.",
        ),
        ("heap_bytes", heap_bytes as f64, "Size of the heap in bytes."),
        ("low_memory", flag(store.low_memory), "1 while the heap is close to its limit and no more keys are opened."),
        ("index_entries", store.index_entries as f64, "Number of index entries in use."),
        ("max_index_entries", status.limits.index_entries as f64, "Maximum number of index entries."),
        (
            "rebuild_messages",
            rebuild.map_or(0, |rebuild| rebuild.total).into(),
            "Messages that the rebuild of the index must index; 0: there is no rebuild.",
        ),
        (
            "rebuild_messages_done",
            rebuild.map_or(0, |rebuild| rebuild.done).into(),
            "Messages that the rebuild of the index has indexed.",
        ),
        ("rebuild_failed", flag(store.rebuild_failure.is_some()), "1 if the rebuild of the index has stopped."),
    ] {
        encoder.encode_gauge(&format!("message_canister_{name}"), value, help)?;
    }
    Ok(())
}
