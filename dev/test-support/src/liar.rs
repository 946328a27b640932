//! A node that lies about the messages of a key. It signs its lies, so no agent objects. It cannot sign for the subnet.

use candid::de::IDLDeserialize;
use client::api::{Page, PageError};
use ic_transport_types::{Envelope, EnvelopeContent, QueryResponse};
use local_network::Keys;
use serde_bytes::ByteBuf;

/// The tag of self-described CBOR.
const SELF_DESCRIBED: &[u8] = b"\xd9\xd9\xf7";

/// The response to a request. If it is a page of `get_messages_by_key`, `change` gets the key id and the page, and the page that
/// it returns is signed anew by the node. `None`: the response stays as it is.
pub fn with_page(
    keys: &Keys,
    path: &str,
    asked: &[u8],
    body: Vec<u8>,
    change: impl FnOnce(&[u8], Page) -> Option<Page>,
) -> Vec<u8> {
    let lie = path.ends_with("/query").then(|| lie(keys, asked, &body, change)).flatten();
    lie.unwrap_or(body)
}

fn lie(keys: &Keys, asked: &[u8], body: &[u8], change: impl FnOnce(&[u8], Page) -> Option<Page>) -> Option<Vec<u8>> {
    let envelope: Envelope<'_> = serde_cbor::from_slice(asked).ok()?;
    let EnvelopeContent::Query { method_name, arg, .. } = &*envelope.content else { return None };
    if method_name != "get_messages_by_key" {
        return None;
    }
    let mut response: QueryResponse = serde_cbor::from_slice(body).ok()?;
    let QueryResponse::Replied { reply, signatures } = &mut response else { return None };
    let timestamp = signatures.first()?.timestamp;
    let key_id: ByteBuf = IDLDeserialize::new(arg).and_then(|mut values| values.get_value()).expect("it is the key id");
    let page = candid::decode_one::<Result<Page, PageError>>(&reply.arg).expect("it is a page").ok()?;
    reply.arg = candid::encode_one(Ok::<_, PageError>(change(&key_id, page)?)).expect("a page can be encoded");
    keys.sign_query(envelope.content.to_request_id(), timestamp, &mut response);
    Some([SELF_DESCRIBED, &serde_cbor::to_vec(&response).expect("a response can be encoded")].concat())
}
