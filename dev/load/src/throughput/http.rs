//! The calls through the network.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use candid::Principal;
use client::agent::AgentTransport;
use client::request;
use ic_agent::{Agent, AgentError, RequestId};
use serde::Deserialize;
use serde_bytes::ByteBuf;
use test_support::process::Start;
use tokio::runtime::Runtime;

use super::cases::{Case, Kind, batch};
use super::{Cost, ROUNDS};
use crate::inbox::Inbox;
use crate::usage::Usage;
use crate::wire::Wire;

/// The kind of client that makes the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Bare connections with presigned requests. Only each client's last answer is checked, after all have come.
    Plain,
    /// The agent that programs use. It signs each call and verifies each answer.
    Agent,
}

/// The time of a call.
///
/// # Errors
///
/// If the network does not answer as it should.
pub fn measure(start: &Start, case: Case, transport: Transport) -> Result<Cost, String> {
    let network = start.run().map_err(|error| error.to_string())?;
    let canister = network.canister();
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let connect = |number: usize| {
        let number = u8::try_from(number).expect("clients are few");
        runtime.block_on(Inbox::connect(&network.url(), canister, number, None))
    };
    let inboxes: Vec<Inbox> = (0..case.clients).map(connect).collect::<Result<_, _>>().map_err(failed)?;
    if !case.kind.is_update() {
        let first = &inboxes[0].agent;
        runtime.block_on(call(first, canister, Kind::AddBatch, batch(0).arg)).map_err(failed)?;
    }
    let agents: Vec<Agent> = inboxes.into_iter().map(|inbox| inbox.agent).collect();
    // The first round warms up connections, keys and pages. The best of the others counts: it was disturbed least.
    let (mut best, mut made) = (Cost { time: Duration::MAX, server: Duration::MAX }, 0);
    for number in 0..=ROUNDS {
        let each = if number == 0 { 2 } else { case.calls / case.clients };
        let round = Round { kind: case.kind, canister, each, first: made };
        let usage = || Usage::of(network.id()).map_err(|error| error.to_string());
        let before = usage()?;
        let time = match transport {
            Transport::Agent => round.by_agents(&runtime, &agents)?,
            Transport::Plain => round.by_wires(network.address().port(), &agents)?,
        };
        let used = usage()?.cpu - before.cpu;
        let calls = (each * case.clients) as u32;
        made += u64::from(calls);
        if number > 0 {
            best = Cost { time: best.time.min(time / calls), server: best.server.min(used / calls) };
        }
    }

    let status = request::get_status();
    let query = agents[0].query(&canister, status.method).with_arg(status.arg.clone());
    let reply = runtime.block_on(async { query.call().await }).map_err(failed)?;
    let status = status.decode(&reply).map_err(|error| error.to_string())?;
    let stored = status.store.map_or(0, |store| store.messages);
    let expected = case.kind.stored(made);
    if u64::from(stored) != expected {
        return Err(format!("{}: {stored} messages are stored, not {expected}", case.name));
    }
    network.stop().map_err(|error| error.to_string())?;
    Ok(best)
}

/// Calls to make: `each` for every client, numbered from `first` on.
#[derive(Clone, Copy)]
struct Round {
    kind: Kind,
    canister: Principal,
    each: usize,
    first: u64,
}

impl Round {
    /// The numbers of a client's calls.
    fn numbers(&self, client: usize) -> Range<u64> {
        let from = self.first + (client * self.each) as u64;
        from..from + self.each as u64
    }

    fn arguments(&self, client: usize) -> impl Iterator<Item = Vec<u8>> {
        let kind = self.kind;
        self.numbers(client).map(move |number| kind.argument(number))
    }

    /// Checks the reply to a client's last call.
    fn check(&self, client: usize, reply: &[u8]) -> Result<(), String> {
        self.kind.check(self.numbers(client).end - 1, reply)
    }

    /// Makes the calls with the agents. Returns the time that it took.
    fn by_agents(self, runtime: &Runtime, agents: &[Agent]) -> Result<Duration, String> {
        let arguments: Vec<Vec<_>> = (0..agents.len()).map(|client| self.arguments(client).collect()).collect();
        let begin = Instant::now();
        let clients = agents.iter().cloned().zip(arguments).map(|(agent, arguments)| {
            runtime.spawn(async move {
                let mut latest = Vec::new();
                for argument in arguments {
                    latest = call(&agent, self.canister, self.kind, argument).await?;
                }
                Ok::<_, AgentError>(latest)
            })
        });
        let mut replies = Vec::new();
        for client in clients.collect::<Vec<_>>() {
            replies.push(runtime.block_on(client).map_err(|error| error.to_string())?.map_err(failed)?);
        }
        let time = begin.elapsed();
        for (client, reply) in replies.iter().enumerate() {
            self.check(client, reply)?;
        }
        Ok(time)
    }

    /// Makes the calls over bare connections. The agents sign them first. Returns the time that it took.
    fn by_wires(self, port: u16, agents: &[Agent]) -> Result<Duration, String> {
        let ready = Arc::new(Barrier::new(agents.len() + 1));
        let (version, endpoint) = if self.kind.is_update() { ("v4", "call") } else { ("v3", "query") };
        let path = format!("/api/{version}/canister/{}/{endpoint}", self.canister);
        let mut clients = Vec::new();
        for (number, agent) in agents.iter().enumerate() {
            let signed = self.arguments(number).map(|argument| sign(agent, self.canister, self.kind, argument));
            let envelopes: Vec<Envelope> = signed.collect::<Result<_, _>>().map_err(failed)?;
            let (path, ready) = (path.clone(), Arc::clone(&ready));
            clients.push(thread::spawn(move || {
                let wire = Wire::connect(port);
                ready.wait();
                let mut wire = wire?;
                let mut answer: &[u8] = &[];
                for envelope in &envelopes {
                    answer = wire.post(&path, &envelope.bytes)?;
                }
                let call = envelopes.last().and_then(|envelope| envelope.call);
                Ok::<_, io::Error>((call, answer.to_vec()))
            }));
        }
        ready.wait();
        let begin = Instant::now();
        let mut answers = Vec::new();
        for client in clients {
            let made = client.join().map_err(|_| "a client panicked".to_string())?;
            answers.push(made.map_err(|error| error.to_string())?);
        }
        let time = begin.elapsed();
        for (client, (call, answer)) in answers.iter().enumerate() {
            self.check(client, &reply(&agents[client], self.canister, *call, answer)?)?;
        }
        Ok(time)
    }
}

/// A signed request.
struct Envelope {
    /// The id, if the request is an update call.
    call: Option<RequestId>,
    bytes: Vec<u8>,
}

fn sign(agent: &Agent, canister: Principal, kind: Kind, argument: Vec<u8>) -> Result<Envelope, AgentError> {
    if kind.is_update() {
        let signed = agent.update(&canister, kind.method()).with_arg(argument).sign()?;
        Ok(Envelope { call: Some(signed.request_id), bytes: signed.signed_update })
    } else {
        let signed = agent.query(&canister, kind.method()).with_arg(argument).sign()?;
        Ok(Envelope { call: None, bytes: signed.signed_query })
    }
}

/// The answer to a query or call: the fields of the interface that contain a reply.
#[derive(Debug, Deserialize)]
struct Answer {
    status: String,
    reply: Option<QueryReply>,
    certificate: Option<ByteBuf>,
    reject_message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct QueryReply {
    arg: ByteBuf,
}

/// The reply in an answer's bytes. For a call it is read from the certificate, for a query it is not verified.
fn reply(agent: &Agent, canister: Principal, call: Option<RequestId>, answer: &[u8]) -> Result<Vec<u8>, String> {
    let answer: Answer =
        ciborium::from_reader(answer).map_err(|error| format!("the answer cannot be decoded: {error}"))?;
    match (call, answer) {
        (None, Answer { reply: Some(reply), .. }) => Ok(reply.arg.into_vec()),
        (Some(id), Answer { certificate: Some(certificate), .. }) => {
            let checked = AgentTransport::new(agent.clone(), canister).checked(&certificate);
            let reply = checked.as_ref().map_err(ToString::to_string)?.reply(&id);
            reply.map(<[u8]>::to_vec).map_err(|error| format!("a call has no reply: {error}"))
        }
        (_, Answer { status, reject_message, .. }) => Err(format!("{status} without a reply: {reject_message:?}")),
    }
}

async fn call(agent: &Agent, canister: Principal, kind: Kind, argument: Vec<u8>) -> Result<Vec<u8>, AgentError> {
    if kind.is_update() {
        agent.update(&canister, kind.method()).with_arg(argument).call_and_wait().await
    } else {
        agent.query(&canister, kind.method()).with_arg(argument).call().await
    }
}

fn failed(error: AgentError) -> String {
    format!("the network does not answer: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ic_transport_types::{NodeSignature, QueryResponse, RejectCode, RejectResponse, ReplyResponse};

    fn read(response: &QueryResponse) -> Result<Vec<u8>, String> {
        let agent = Agent::builder().with_url("http://127.0.0.1:1").build().unwrap();
        let mut bytes = Vec::new();
        ciborium::into_writer(response, &mut bytes).unwrap();
        reply(&agent, Principal::management_canister(), None, &bytes)
    }

    #[test]
    fn the_answers_of_the_interface_are_read() {
        let identity = Principal::self_authenticating([1]);
        let signatures = vec![NodeSignature { timestamp: 1, signature: vec![2; 64], identity }];
        // Longer than the library's buffer.
        let arg = vec![3; 100_000];
        let replied =
            QueryResponse::Replied { reply: ReplyResponse { arg: arg.clone() }, signatures: signatures.clone() };
        assert_eq!(read(&replied), Ok(arg));
        let (reject_code, reject_message) = (RejectCode::CanisterReject, "no".to_owned());
        let reject = RejectResponse { reject_code, reject_message, error_code: None };
        assert_eq!(
            read(&QueryResponse::Rejected { reject, signatures }),
            Err("rejected without a reply: Some(\"no\")".to_owned())
        );
    }
}
