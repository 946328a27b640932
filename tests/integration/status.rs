//! `get_status` returns counts and sizes of the store, and every limit.

use message_canister::api::*;
use message_canister::limits;
use message_canister::settings::Configuration;

use crate::support::{Inbox, START_SECONDS, bytes};

#[test]
fn an_empty_store() {
    let inbox = Inbox::new();
    let status = inbox.get_status();
    let stable_bytes = inbox.platform.stable_memory(inbox.id).len() as u64;
    let store = StoreStatus {
        first_id: 1,
        next_id: 1,
        messages: 0,
        keys: 0,
        backlog: 0,
        erasing: false,
        oldest_timestamp: 0,
        newest_timestamp: 0,
        live_bytes: 0,
        stable_bytes,
        stable_bytes_free: limits::MAX_STABLE_BYTES - stable_bytes,
        index_entries: 0,
        low_memory: false,
        rebuild: None,
        rebuild_failure: None,
    };
    let expected = Status {
        version: env!("CARGO_PKG_VERSION").to_string(),
        layout_version: 2,
        epoch: status.epoch,
        sealed: false,
        settings: Settings { version: 1, settings: Configuration::default().settings() },
        limits: status.limits,
        store: Some(store),
    };
    assert!(status.epoch > 0, "the second of the installation");
    assert_eq!(status, expected, "the status of an empty store");
}

#[test]
fn every_limit_is_told() {
    let expected = Limits {
        key_id_bytes: 64,
        ciphertext_bytes: 2_000_000,
        batch_messages: 1_000,
        lookup_items: 1_000,
        page_messages: limits::MAX_PAGE_MESSAGES,
        page_bytes: limits::MAX_PAGE_BYTES as u32,
        last_id: 4_294_967_294,
        index_entries: limits::MAX_INDEX_ENTRIES,
        payload_stream_bytes: 1 << 48,
        stable_bytes: 500 << 30,
        rebuild_pages: limits::MAX_REBUILD_PAGES,
        roles: limits::MAX_ROLES,
    };
    assert_eq!(Inbox::new().get_status().limits, expected, "the limits that clients and operators plan with");
}

#[test]
fn counts_and_sizes_follow_every_add() {
    let inbox = Inbox::new();
    let mut live_bytes = 0;
    let mut keys = 0;
    for n in 0..60u32 {
        inbox.set_clock(n);
        let key_length = if n % 2 == 0 { 20 } else { 41 };
        keys = keys.max(n % 14 + 1);
        inbox.add_message(&bytes(n % 14, key_length), &bytes(n, 100 + n as usize)).expect("stored");
        // A record, the ciphertext, and what of the key id does not fit the record.
        live_bytes += 84 + 100 + u64::from(n) + if n % 2 == 0 { 0 } else { 18 };
        let status = inbox.store_status();
        assert_eq!((status.messages, status.keys, status.next_id), (n + 1, keys, n + 2), "counts after {n} more");
        assert_eq!(status.oldest_timestamp, START_SECONDS, "when the first was stored");
        assert_eq!(status.newest_timestamp, START_SECONDS + n, "when the last was stored");
        assert_eq!(status.live_bytes, live_bytes, "bytes after {n} more");
        assert_eq!(status.index_entries, u64::from(n + 1), "a message takes an entry");
    }
}

#[test]
fn stable_memory_is_told_as_it_grows() {
    let inbox = Inbox::new();
    let (first, limits) = (inbox.store_status(), inbox.get_status().limits);
    let mut grown = false;
    for n in 0..20 {
        inbox.add_message(b"key", &bytes(n, 2_000_000)).expect("stored");
        let status = inbox.store_status();
        let sum = status.stable_bytes + status.stable_bytes_free;
        assert_eq!(sum, limits.stable_bytes, "the used and the free bytes are all bytes");
        grown |= status.stable_bytes > first.stable_bytes;
    }
    assert!(grown, "40 MB do not fit what an empty store occupies");
    let stable = inbox.platform.stable_memory(inbox.id).len() as u64;
    assert_eq!(inbox.store_status().stable_bytes, stable, "as much as the platform charges for");
}
