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
        "When the store was installed, or resumed after it was sealed.",
    )?;
    gauge("message_canister_sealed", flag(status.sealed), "1 while the store is sealed and takes no messages.")?;
    gauge(
        "message_canister_settings_version",
        status.settings.version.into(),
        "How often the settings have been set.",
    )?;
    for setting in &status.settings.settings {
        match setting {
            Setting::max_messages(bound) => {
                if let Some(limit) = bound.limit() {
                    gauge("message_canister_max_messages", limit.into(), "Setting: live messages at most.")?;
                }
            }
            Setting::max_bytes(bound) => {
                if let Some(limit) = bound.limit() {
                    gauge("message_canister_max_bytes", limit as f64, "Setting: bytes of live messages at most.")?;
                }
            }
            Setting::max_keys(keys) => {
                gauge("message_canister_max_keys", keys.all.into(), "Setting: known keys at most.")?;
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
        ("messages", store.messages.into(), "Messages that are not dropped."),
        ("max_messages_added", status.limits.last_id.into(), "Messages that can ever be stored: ids end there."),
        ("keys", store.keys.into(), "Known keys."),
        ("backlog_messages", store.backlog.into(), "Dropped messages that are not yet swept."),
        ("erasing", flag(store.erasing), "1 while ciphertexts of acknowledged messages wait to be overwritten."),
        (
            "oldest_message_timestamp_seconds",
            store.oldest_timestamp.into(),
            "When the oldest live message was stored; 0: there is none.",
        ),
        (
            "newest_message_timestamp_seconds",
            store.newest_timestamp.into(),
            "When the newest live message was stored; 0: there is none.",
        ),
        ("live_bytes", store.live_bytes as f64, "Records, ciphertexts and long key ids of live messages."),
        ("stable_memory_bytes", store.stable_bytes as f64, "Stable memory occupied."),
        ("max_stable_memory_bytes", status.limits.stable_bytes as f64, "Stable memory that the platform allows."),
        ("heap_bytes", heap_bytes as f64, "Size of the heap."),
        ("low_memory", flag(store.low_memory), "1 while the heap is close to its limit and no more keys are opened."),
        ("index_entries", store.index_entries as f64, "Entries of the index in use."),
        ("max_index_entries", status.limits.index_entries as f64, "Entries that the index can have."),
        (
            "rebuild_messages",
            rebuild.map_or(0, |rebuild| rebuild.total).into(),
            "Messages that a rebuild indexes; 0: there is none.",
        ),
        ("rebuild_messages_done", rebuild.map_or(0, |rebuild| rebuild.done).into(), "Messages that it has indexed."),
        ("rebuild_failed", flag(store.rebuild_failure.is_some()), "1 once a rebuild has stopped."),
    ] {
        encoder.encode_gauge(&format!("message_canister_{name}"), value, help)?;
    }
    Ok(())
}
