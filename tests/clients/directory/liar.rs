//! A replica that lies about a directory: it replays and forges answers. It cannot sign for the subnet. Agents do not check its
//! own signature of a query's reply here, because a replica signs its lies.

use std::sync::{Arc, Mutex};

use ::client::directory::api::Found;
use serde_bytes::ByteBuf;

use crate::lies::{CHOOSE, answered};
use crate::tamper::with_reply;
use test_support::proxy::Between;

/// A client's question.
#[derive(Clone, Copy, Debug)]
pub enum Question {
    /// A look-up of the label of this name.
    Lookup(&'static str),
    /// The bundles of alice's devices.
    Bundles,
}

/// The liar's answer.
pub enum Answer {
    /// This reply.
    Reply(Vec<u8>),
    /// The honest reply with one piece replaced by another of its length.
    Forged { from: Vec<u8>, to: Vec<u8> },
    /// The honest reply with this proof.
    Proof(ByteBuf),
    /// The honest reply without its certificate.
    Uncertified,
}

/// A lie, and the errors that the clients must return.
pub struct Lie {
    pub name: &'static str,
    pub question: Question,
    /// Whether the client remembers an earlier look-up, or an earlier bundle.
    pub remembers: bool,
    pub answer: Answer,
    /// A part of the error text of the client for Rust.
    pub rust: &'static str,
    /// The first characters of the error code of the client in TypeScript.
    pub typescript: &'static str,
}

/// The liar.
pub struct Liar {
    pub lies: Arc<[Lie]>,
    /// The present lie; none at first.
    pub told: Mutex<Option<usize>>,
}

impl Answer {
    /// The reply in the place of the honest one.
    fn of(&self, honest: &[u8]) -> Vec<u8> {
        match self {
            Self::Reply(reply) => reply.clone(),
            Self::Forged { from, to } => {
                let mut reply = honest.to_vec();
                let at = reply.windows(from.len()).position(|bytes| bytes == from).expect("the reply has it");
                reply[at..at + to.len()].copy_from_slice(to);
                reply
            }
            Self::Proof(proof) => answered(honest, |found: &mut Found| found.proof.clone_from(proof)),
            Self::Uncertified => answered(honest, |found: &mut Found| found.certified.certificate = None),
        }
    }
}

impl Between for Liar {
    fn request(&self, path: &str, body: Vec<u8>) -> Option<(String, Vec<u8>)> {
        let Some(number) = path.strip_prefix(CHOOSE) else { return Some((path.to_string(), body)) };
        *self.told.lock().expect("no thread panicked") = Some(number.parse().expect("a number"));
        None
    }

    fn response(&self, path: &str, _: &[u8], body: Vec<u8>) -> Vec<u8> {
        let told = *self.told.lock().expect("no thread panicked");
        let Some(lie) = told.map(|told| &self.lies[told]).filter(|_| path.ends_with("/query")) else { return body };
        with_reply(&body, |honest| lie.answer.of(honest))
    }
}
