//! The status of the store, with its limits.

use super::View;
use super::record::RECORD_BYTES;
use crate::api::{Limits, Settings, Status, StoreStatus};
use crate::limits::{
    MAX_BATCH_MESSAGES, MAX_CIPHERTEXT_BYTES, MAX_KEY_ID_BYTES, MAX_LOOKUP_ITEMS, MAX_PAGE_BYTES, MAX_PAGE_MESSAGES,
    MAX_PAYLOAD_STREAM_BYTES, MAX_REBUILD_PAGES, MAX_ROLES, MAX_STABLE_BYTES,
};
use crate::memory::LAYOUT_VERSION;
use ic_stable_structures::Memory;

impl<M: Memory + Clone> View<'_, M> {
    /// Release, settings and limits. Counts and sizes only if the caller sees the whole store.
    pub fn get_status(&self) -> Status {
        self.status(self.sees_all())
    }

    /// Release, settings and limits. Counts and sizes only if `counted`.
    pub fn status(&self, counted: bool) -> Status {
        Status {
            version: env!("CARGO_PKG_VERSION").to_string(),
            layout_version: LAYOUT_VERSION,
            epoch: self.state.epoch(),
            sealed: self.is_sealed(),
            settings: Settings { version: self.settings_version(), settings: self.settings().settings() },
            limits: Limits {
                key_id_bytes: MAX_KEY_ID_BYTES as u32,
                ciphertext_bytes: MAX_CIPHERTEXT_BYTES as u32,
                batch_messages: MAX_BATCH_MESSAGES as u32,
                lookup_items: MAX_LOOKUP_ITEMS as u32,
                page_messages: MAX_PAGE_MESSAGES,
                page_bytes: MAX_PAGE_BYTES as u32,
                last_id: self.capacity.last_id,
                index_entries: self.capacity.index_entries,
                payload_stream_bytes: MAX_PAYLOAD_STREAM_BYTES,
                stable_bytes: MAX_STABLE_BYTES,
                rebuild_pages: self.settings().rebuild_pages.limit().unwrap_or(MAX_REBUILD_PAGES),
                roles: MAX_ROLES,
            },
            store: counted.then(|| self.store_status()),
        }
    }

    fn store_status(&self) -> StoreStatus {
        let stored = self.stored();
        let oldest = (stored > 0).then(|| self.inbox.record(self.first_id()));
        StoreStatus {
            first_id: self.first_id(),
            next_id: self.inbox.next_id(),
            messages: stored,
            keys: self.keys.len(),
            backlog: self.backlog(),
            erasing: self.has_to_erase(),
            oldest_timestamp: oldest.as_ref().map_or(0, |record| record.timestamp()),
            newest_timestamp: if stored > 0 { self.inbox.last_timestamp() } else { 0 },
            live_bytes: oldest.map_or(0, |record| {
                u64::from(stored) * RECORD_BYTES as u64 + self.payloads.end().saturating_sub(record.offset())
            }),
            stable_bytes: self.memory.bytes(),
            stable_bytes_free: MAX_STABLE_BYTES - self.memory.bytes(),
            index_entries: self.indexes.entries(),
            low_memory: self.low_memory,
            rebuild: self.rebuild_progress(),
            rebuild_failure: self.rebuild_failure().map(|error| error.to_string()),
        }
    }
}
