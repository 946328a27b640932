//! The replica between the people and the network. It lies when it is told to, and signs its lies as the network's node.

use candid::Principal;
use client::api::{Page, PageError};
use ic_transport_types::{Envelope, EnvelopeContent, NodeSignature, QueryResponse};
use local_network::Keys;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use test_support::proxy::Between;

/// A lie about the pages of inboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    /// Leaves the newest message out.
    HidesTheNewest,
    /// Leaves the first message out.
    CutsThePage,
    /// Changes the last message and its hash.
    AltersBytes,
    /// Answers with the first page of the inbox that was ever shown.
    ShowsAnOldPage,
}

impl Lie {
    pub const ALL: [Self; 4] = [Self::HidesTheNewest, Self::CutsThePage, Self::AltersBytes, Self::ShowsAnOldPage];
}

/// The replica.
pub struct Replica {
    keys: Arc<Keys>,
    canister: Principal,
    state: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    lie: Option<Lie>,
    /// How often each lie was told.
    lies: BTreeMap<Lie, u64>,
    /// The first page with messages of each inbox.
    first: BTreeMap<Vec<u8>, Page>,
}

impl Replica {
    pub fn new(keys: Arc<Keys>, canister: Principal) -> Self {
        Self { keys, canister, state: Mutex::default() }
    }

    /// Tells this lie from now on. `None`: tells the truth.
    pub fn tell(&self, lie: Option<Lie>) {
        self.state.lock().unwrap().lie = lie;
    }

    /// How often it told a lie.
    pub fn told(&self, lie: Lie) -> u64 {
        self.state.lock().unwrap().lies.get(&lie).copied().unwrap_or(0)
    }

    /// The changed page, if this lie changes it.
    fn changed(&self, inbox: &[u8], page: &Page) -> Option<Page> {
        let mut state = self.state.lock().unwrap();
        let mut page = page.clone();
        let last = page.messages.last()?.id;
        let first = state.first.entry(inbox.to_vec()).or_insert_with(|| page.clone()).clone();
        let lie = state.lie?;
        match lie {
            Lie::HidesTheNewest => drop(page.messages.pop()),
            Lie::CutsThePage => drop(page.messages.remove(0)),
            Lie::AltersBytes => {
                let message = page.messages.last_mut().unwrap();
                *message.ciphertext.last_mut().unwrap() ^= 1;
                message.hash = Sha256::digest(&message.ciphertext).to_vec().into();
            }
            Lie::ShowsAnOldPage if first.messages.last().is_some_and(|message| message.id < last) => page = first,
            Lie::ShowsAnOldPage => return None,
        }
        *state.lies.entry(lie).or_default() += 1;
        Some(page)
    }

    /// The changed reply to a page's query, if this lie changes it.
    fn lied(&self, asked: &EnvelopeContent, response: &[u8]) -> Option<Vec<u8>> {
        let EnvelopeContent::Query { canister_id, method_name, arg, .. } = asked else { return None };
        if *canister_id != self.canister || method_name != "get_messages_by_key" {
            return None;
        }
        let mut response: QueryResponse = serde_cbor::from_slice(response).ok()?;
        let QueryResponse::Replied { reply, .. } = &mut response else { return None };
        let page = candid::decode_one::<Result<Page, PageError>>(&reply.arg).unwrap().ok()?;
        let mut inbox = candid::de::IDLDeserialize::new(arg).unwrap();
        let inbox: serde_bytes::ByteBuf = inbox.get_value().unwrap();
        reply.arg = candid::encode_one(Ok::<_, PageError>(self.changed(&inbox, &page)?)).unwrap();
        let timestamp = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
        let signature = self.keys.sign_as_node(&response.signable(asked.to_request_id(), timestamp));
        let QueryResponse::Replied { signatures, .. } = &mut response else { unreachable!("it is the same") };
        *signatures = vec![NodeSignature { timestamp, signature, identity: self.keys.node_id }];
        let mut bytes = vec![0xd9, 0xd9, 0xf7];
        bytes.extend(serde_cbor::to_vec(&response).unwrap());
        Some(bytes)
    }
}

impl Between for Replica {
    fn response(&self, path: &str, asked: &[u8], body: Vec<u8>) -> Vec<u8> {
        if !path.ends_with("/query") {
            return body;
        }
        let lied =
            serde_cbor::from_slice::<Envelope<'_>>(asked).ok().and_then(|envelope| self.lied(&envelope.content, &body));
        lied.unwrap_or(body)
    }
}
