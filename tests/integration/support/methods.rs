//! Every method of the interface, with good arguments for each.

use candid::encode_args;
use message_canister::api::*;
use serde_bytes::ByteBuf;

use super::client::new_message;
use super::raw::Parts;
use super::{START_SECONDS, bytes, first_page, page_after, sha256, stranger};

/// A method of `canister.did`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    pub name: &'static str,
    pub is_query: bool,
}

const fn query(name: &'static str) -> Method {
    Method { name, is_query: true }
}

const fn update(name: &'static str) -> Method {
    Method { name, is_query: false }
}

/// All of them; a test holds this list equal to the file.
pub const METHODS: [Method; 26] = [
    update("add_message"),
    update("add_messages"),
    query("get_message_by_id"),
    query("get_message_by_hash"),
    query("get_messages_by_range"),
    query("get_messages_by_key"),
    query("get_messages_by_time"),
    query("get_min_message_id"),
    query("get_max_message_id"),
    query("get_min_message_id_by_key"),
    query("get_max_message_id_by_key"),
    query("get_key_heads"),
    query("has_messages"),
    update("acknowledge"),
    update("claim"),
    update("set_key"),
    query("get_status"),
    query("get_metrics"),
    update("set_settings"),
    update("set_role"),
    query("get_roles"),
    update("retry_rebuild"),
    update("seal"),
    update("resume"),
    query("check"),
    query("http_request"),
];

/// Arguments that each method accepts: several for those that take any, encoded as agents in Rust and in JavaScript do.
pub fn good_arguments(method: Method) -> Vec<Vec<u8>> {
    let key = || ByteBuf::from(bytes(1, 41));
    let stored = |n: u32| Stored { key_id: ByteBuf::from(bytes(n, 20)), hash: ByteBuf::from(sha256(&bytes(n, 100))) };
    let pages = [first_page(Order::ascending), page_after(1, Order::descending, 3)];
    let encoded = match method.name {
        "add_message" => vec![
            encode_args((key(), ByteBuf::from(bytes(2, 180)))),
            encode_args((ByteBuf::from("k"), ByteBuf::from("c"))),
        ],
        "add_messages" => vec![
            encode_args((vec![new_message(b"alice", b"one"), new_message(&bytes(3, 64), &bytes(4, 300))],)),
            encode_args((Vec::<NewMessage>::new(),)),
        ],
        "get_message_by_id" => vec![encode_args((1u32,)), encode_args((0u32,)), encode_args((1u32, Some(true)))],
        "check" => vec![encode_args((CheckCursor::default(),))],
        "get_message_by_hash" => vec![encode_args((ByteBuf::from(sha256(b"one")),))],
        "get_messages_by_range" => pages.map(|page| encode_args((1u32, 9u32, page))).into(),
        "get_messages_by_key" => {
            let starts = [Start::beginning, Start::after(1), Start::time(START_SECONDS), Start::rank(1)];
            let cursor =
                |start| KeyCursor { start, order: Order::descending, limit: 3, prove: start == Start::rank(1) };
            starts.map(|start| encode_args((key(), cursor(start)))).into()
        }
        "get_messages_by_time" => pages.map(|page| encode_args((0u32, u32::MAX, page))).into(),
        "get_min_message_id_by_key" | "get_max_message_id_by_key" => vec![encode_args((key(),))],
        "get_key_heads" => vec![
            encode_args((vec![key(), ByteBuf::from("k")],)),
            encode_args((vec![key(), ByteBuf::from("k")], Some(true))),
        ],
        "acknowledge" => vec![encode_args((vec![Acknowledgement { key_id: key(), through: 1 }],))],
        "claim" => vec![
            encode_args((key(), OwnerProof::own)),
            encode_args((ByteBuf::from(bytes(1, 32)), OwnerProof::salt(ByteBuf::from([0; 16])))),
        ],
        "set_key" => vec![
            encode_args((key(), vec![KeySetting::kept(true)])),
            encode_args((key(), vec![KeySetting::owner(NewOwner::claimant)])),
        ],
        "set_role" => vec![encode_args((stranger(), Some(Role::reader))), encode_args((stranger(), None::<Role>))],
        "get_roles" => vec![encode_args(()), encode_args((Some(stranger()),))],
        "has_messages" => vec![encode_args((vec![stored(1), stored(2)],))],
        // The first has a wrong version, so it changes nothing.
        "set_settings" => [(u32::MAX, Bound::Unlimited), (1, Bound::AtMost(100))]
            .map(|(version, pages)| encode_args((version, vec![Setting::rebuild_pages(pages)])))
            .into(),
        "http_request" => vec![encode_args((request(),))],
        _ => vec![encode_args(())],
    };
    let rust: Vec<_> = encoded.into_iter().map(|bytes| bytes.expect("good arguments can be encoded")).collect();
    let javascript = rust.iter().map(|bytes| Parts::of(bytes).parts_first().bytes());
    rust.iter().cloned().chain(javascript.filter(|bytes| !rust.contains(bytes))).collect()
}

fn request() -> HttpRequest {
    HttpRequest {
        method: "GET".to_string(),
        url: "/".to_string(),
        headers: vec![("host".to_string(), "localhost".to_string())],
        body: ByteBuf::new(),
    }
}
