//! A replica that lies: it answers another question, returns an earlier answer, or changes the answer.
//!
//! It cannot sign for the subnet. Agents do not check its own signature of a query's reply here, because a replica
//! signs its lies.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use ::client::api::*;
use candid::{CandidType, Deserialize, Empty, Principal};
use proofs::heads::HeadsProof;
use proofs::page::PageProof;
use serde_bytes::ByteBuf;
use serde_cbor::Value;

use super::asked::Asked;
use super::table::Lie;
use crate::decoded;
use crate::tamper::{self, Tamper, signed_as_of, tampered, with_reply};
use test_support::proxy::Between;

/// The path at which a program of another process chooses the next lie: `/lie/` and its number.
pub const CHOOSE: &str = "/lie/";

/// The change of the answer that a lie makes.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Nothing,
    Page(fn(&mut Page)),
    /// The page, and its proof.
    Proof(fn(&mut Page, &mut PageProof)),
    Heads(fn(&mut Heads)),
    HeadsProof(fn(&mut Heads, &mut HeadsProof)),
    Found(fn(&mut Found)),
    /// The whole answer is an earlier one.
    Older,
    /// The certificate is that of an earlier answer.
    OlderCertificate,
    /// The certificate's time is so many seconds later. Another network has signed it, and the reader trusts that
    /// network, because our clock is also the replica's.
    Later(i64),
}

/// The question that a lie answers.
#[derive(Clone, Copy, Debug)]
pub enum Instead {
    /// The reader's question.
    Asked,
    /// This question.
    Other(Asked),
    /// The reader's question, to another canister.
    OtherCanister,
}

/// The liar.
pub struct Liar {
    pub lies: Vec<&'static Lie>,
    pub canister: Principal,
    pub other_canister: Principal,
    /// Seconds of alice's ranks.
    pub seconds: Vec<u32>,
    /// The reply to an earlier question.
    pub older: Vec<u8>,
    /// The present lie; none at first.
    pub told: Mutex<Option<usize>>,
}

impl Liar {
    fn lie(&self) -> Option<&'static Lie> {
        self.told.lock().expect("no thread panicked").map(|at| self.lies[at])
    }

    /// The reply to a query, changed.
    fn changed(&self, change: Change, reply: &[u8]) -> Vec<u8> {
        match change {
            Change::Nothing => reply.to_vec(),
            Change::Older => self.older.clone(),
            Change::Page(change) => answered(reply, change),
            Change::Heads(change) => answered(reply, change),
            Change::Found(change) => answered(reply, change),
            Change::Proof(change) => answered(reply, |page: &mut Page| {
                let bytes = &page.proof.as_ref().expect("the network proves it").bytes;
                let mut proof = PageProof::from_bytes(bytes).expect("it is a proof");
                change(page, &mut proof);
                page.proof.as_mut().expect("it is still there").bytes = ByteBuf::from(proof.to_bytes());
            }),
            Change::HeadsProof(change) => answered(reply, |heads: &mut Heads| {
                let bytes = &heads.proof.as_ref().expect("the network proves it").bytes;
                let mut proof = HeadsProof::from_bytes(bytes).expect("it is a proof");
                change(heads, &mut proof);
                heads.proof.as_mut().expect("it is still there").bytes = ByteBuf::from(proof.to_bytes());
            }),
            Change::OlderCertificate => {
                let older = decoded::<Page, PageError>(&self.older).expect("it was answered").proof;
                let older = older.expect("it was proved").certificate;
                answered(reply, |page: &mut Page| {
                    page.proof.as_mut().expect("the network proves it").certificate.clone_from(&older);
                })
            }
            Change::Later(seconds) => answered(reply, |page: &mut Page| {
                let certificate = &mut page.proof.as_mut().expect("the network proves it").certificate;
                let (now, apart) = (SystemTime::now(), Duration::from_secs(seconds.unsigned_abs()));
                let time = if seconds < 0 { now - apart } else { now + apart };
                *certificate = ByteBuf::from(signed_as_of(certificate, time));
            }),
        }
    }

    /// The question that reaches the network. Anonymous requests are not signed, so they can be changed.
    fn asked(&self, instead: Instead, path: &str, body: Vec<u8>) -> (String, Vec<u8>) {
        let mut envelope: Value = serde_cbor::from_slice(&body).expect("an agent sent it");
        let content = tamper::field(&mut envelope, "content").expect("a request has one");
        match instead {
            Instead::Asked => return (path.to_string(), body),
            Instead::Other(asked) => {
                let (method, argument) = asked.request(&self.seconds);
                *tamper::field(content, "method_name").expect("a query has one") = Value::Text(method.into());
                *tamper::field(content, "arg").expect("a query has one") = Value::Bytes(argument);
            }
            Instead::OtherCanister => {
                let id = Value::Bytes(self.other_canister.as_slice().to_vec());
                *tamper::field(content, "canister_id").expect("a query has one") = id;
            }
        }
        let path = match instead {
            Instead::OtherCanister => path.replace(&self.canister.to_text(), &self.other_canister.to_text()),
            _ => path.to_string(),
        };
        (path, tamper::encoded(&envelope))
    }
}

impl Between for Liar {
    fn request(&self, path: &str, body: Vec<u8>) -> Option<(String, Vec<u8>)> {
        if let Some(number) = path.strip_prefix(CHOOSE) {
            *self.told.lock().expect("no thread panicked") = Some(number.parse().expect("a number"));
            return None;
        }
        match self.lie() {
            Some(lie) if path.ends_with("/query") => Some(self.asked(lie.instead, path, body)),
            _ => Some((path.to_string(), body)),
        }
    }

    fn response(&self, path: &str, _: &[u8], body: Vec<u8>) -> Vec<u8> {
        let Some(lie) = self.lie() else { return body };
        if matches!(lie.change, Change::Later(_)) && path == "/api/v2/status" {
            return tampered(&Tamper::RootKey, path, body);
        }
        if !path.ends_with("/query") {
            return body;
        }
        with_reply(&body, |honest| self.changed(lie.change, honest))
    }
}

/// An answer of this type, changed.
pub fn answered<T>(reply: &[u8], change: impl FnOnce(&mut T)) -> Vec<u8>
where
    T: CandidType + for<'a> Deserialize<'a>,
{
    let mut answer = candid::decode_one::<Result<T, Empty>>(reply).expect("the type is right").expect("it is no error");
    change(&mut answer);
    candid::encode_one(Ok::<T, Empty>(answer)).expect("it encodes")
}
