//! Non-replicated queries.

use candid::Principal;

use super::call::answer;
use super::execute::{Input, Moment, execute};
use super::management::{answer_query, subject_of_query};
use super::{Engine, no_method, out_of_cycles, running_code};
use crate::canister::Canister;
use crate::metrics::QueryStatistics;
use crate::reject::RejectResponse;
use crate::sandbox::{Certifier, Response, Target};
use crate::system_api::EntryPoint;
use crate::wasm::MethodKind;

/// A query.
pub struct Query {
    /// The canister that is asked.
    pub callee: Principal,
    /// The caller.
    pub caller: Principal,
    /// The method.
    pub method: String,
    /// The argument.
    pub argument: Vec<u8>,
}

impl Engine {
    /// Executes a query. All its changes are rolled back.
    pub fn query(&mut self, query: Query) -> Response {
        let (moment, root) = (self.moment(), self.number());
        let canister = query.subject().and_then(|id| self.canister_mut(id));
        let response = canister.and_then(|canister| {
            let Answered { response, statistics } = query.run(canister, moment, root, None);
            canister.queries += statistics;
            response
        });
        response.map_err(RejectResponse::uncertified)
    }
}

impl Query {
    /// The canister whose state answers it: the callee, or the one that the management canister is asked about.
    pub fn subject(&self) -> Result<Principal, RejectResponse> {
        match self.callee == Principal::management_canister() {
            true => subject_of_query(&self.method, &self.argument),
            false => Ok(self.callee),
        }
    }

    /// Executes it on its subject. `root` is the number that its execution is recorded under.
    pub fn run(self, canister: &mut Canister, moment: Moment, root: u64, certifier: Option<Certifier>) -> Answered {
        let Self { callee, caller, method, argument } = self;
        if callee == Principal::management_canister() {
            return answer_query(canister, caller, &method, &argument).into();
        }
        let kind = match prepare(canister, &method) {
            Ok(kind) => kind,
            Err(reject) => return Err(reject).into(),
        };
        let request_bytes = argument.len() as u64;
        let entry = match kind {
            MethodKind::CompositeQuery => EntryPoint::CompositeQuery,
            _ => EntryPoint::Query,
        };
        let export = kind.export(&method);
        let input = Input { certifier, ..Input::call(caller, &method, argument, root) };
        let output = execute(canister, entry, Target::Export(&export), input, moment);
        let instructions = output.instructions;
        let (response, _) = answer(callee, output);
        let response_bytes = response.as_ref().map_or(0, |reply| reply.len() as u64);
        Answered { response, statistics: QueryStatistics { calls: 1, instructions, request_bytes, response_bytes } }
    }
}

/// The answer to a query.
pub struct Answered {
    /// The answer.
    pub response: Response,
    /// The query's part of the statistics; nothing, if it was not executed.
    pub statistics: QueryStatistics,
}

impl From<Response> for Answered {
    fn from(response: Response) -> Self {
        Self { response, statistics: QueryStatistics::default() }
    }
}

fn prepare(canister: &Canister, method: &str) -> Result<MethodKind, RejectResponse> {
    let code = running_code(canister)?;
    if !canister.can_pay(0) {
        return Err(out_of_cycles(canister, 0));
    }
    match code.module.methods.kind(method) {
        Some(kind) if kind != MethodKind::Update => Ok(kind),
        _ => Err(no_method(canister, "query", method)),
    }
}
