//! The metrics in the text format of Prometheus: the status in numbers.
//!
//! The cycles balance is not among them: it tells attackers how long a flood must last.

use crate::api::{Ratification, Registration, Status};
use canister_base::metrics::{flag, text};

/// Turns a status into metrics at `now`, in unix milliseconds. `heap_bytes`: the size of the heap.
pub fn metrics(status: &Status, heap_bytes: u64, now: u64) -> String {
    text(now, |encoder| {
        encoder.gauge_vec("directory_info", "Release, as a label.")?.value(&[("version", &status.version)], 1.0)?;
        encoder.encode_counter("directory_updates_total", status.updates as f64, "Updates ever accepted.")?;
        encoder.encode_counter("directory_epochs_total", status.epochs as f64, "Epochs that have closed.")?;
        let budget = &status.settings.strangers;
        let limit = budget
            .cycles_a_day
            .limit()
            .map(|limit| ("max_cycles_today", limit as f64, "Setting: cycles that strangers may use on a day in UTC."));
        let gauges = [
            ("ready", flag(status.ready), "1 once the VRF key is drawn."),
            (
                "open_registration",
                flag(status.registration == Registration::open),
                "1 if anybody may register any name: for development.",
            ),
            (
                "certified_only",
                flag(status.ratification == Ratification::certified_only),
                "1 if no verifier ratifies: for development.",
            ),
            ("labels", status.labels as f64, "Number of labels."),
            ("max_labels", status.limits.labels as f64, "Maximum number of labels."),
            ("pending_updates", status.pending as f64, "Number of updates in the open epoch."),
            ("ratified_epochs", status.ratified as f64, "Number of epochs through the last ratified head."),
            ("indexed_labels", status.indexed as f64, "Labels that the rebuild after the upgrade has indexed."),
            ("labels_to_index", status.to_index as f64, "Labels that the rebuild after the upgrade must index."),
            ("stable_memory_bytes", status.stable_bytes as f64, "Bytes of stable memory that the canister occupies."),
            (
                "max_stable_memory_bytes",
                status.limits.stable_bytes as f64,
                "Bytes of stable memory that the platform allows.",
            ),
            ("heap_bytes", heap_bytes as f64, "Size of the heap in bytes."),
            (
                "cycles_today",
                status.cycles_today as f64,
                "Cycles that strangers have used today in UTC, counted while they are limited.",
            ),
        ];
        for (name, value, help) in gauges.into_iter().chain(limit) {
            encoder.encode_gauge(&format!("directory_{name}"), value, help)?;
        }
        Ok(())
    })
}
