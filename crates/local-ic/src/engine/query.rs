//! Non-replicated queries.

use candid::Principal;

use super::call::answer;
use super::execute::Input;
use super::{Engine, no_method, out_of_cycles, running_code};
use crate::reject::RejectResponse;
use crate::sandbox::{Response, Target};
use crate::system_api::EntryPoint;
use crate::wasm::MethodKind;

impl Engine {
    /// Executes a query. Whatever it does is taken back.
    pub fn query(&mut self, callee: Principal, caller: Principal, method: &str, argument: Vec<u8>) -> Response {
        self.run_query(callee, caller, method, argument).map_err(RejectResponse::uncertified)
    }

    fn run_query(&mut self, callee: Principal, caller: Principal, method: &str, argument: Vec<u8>) -> Response {
        if callee == Principal::management_canister() {
            return self.management_query(caller, method, &argument);
        }
        let kind = self.prepare_query(callee, method)?;
        let entry = match kind {
            MethodKind::CompositeQuery => EntryPoint::CompositeQuery,
            _ => EntryPoint::Query,
        };
        let export = kind.export(method);
        let input = Input::call(caller, method, argument, self.number());
        answer(callee, self.execute(callee, entry, Target::Export(&export), input)).0
    }

    fn prepare_query(&self, callee: Principal, method: &str) -> Result<MethodKind, RejectResponse> {
        let canister = self.canister(callee)?;
        let code = running_code(canister)?;
        if !canister.can_pay(0) {
            return Err(out_of_cycles(canister, 0));
        }
        match code.module.methods.kind(method) {
            Some(kind) if kind != MethodKind::Update => Ok(kind),
            _ => Err(no_method(canister, "query", method)),
        }
    }
}
