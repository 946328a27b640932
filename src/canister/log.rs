//! The canister's log: one line for each event that an operator should know of. The platform keeps the latest lines for
//! the controllers (`icp canister logs`).

use candid::Principal;
use message_canister::access::budget::Payer;
use message_canister::api::{Role, Setting};
use message_canister::store::RebuildError;
use stable::Damaged;

const RELEASE: &str = env!("CARGO_PKG_VERSION");

fn line(text: &str) {
    ic_cdk::api::debug_print(text);
}

pub fn installed() {
    line(&format!("release {RELEASE} is installed"));
}

/// `messages`: number of messages that are to be indexed after an upgrade.
pub fn upgraded(messages: u32) {
    line(&format!("upgraded to release {RELEASE}: {messages} messages are to be indexed"));
}

pub fn rebuilt(messages: u64) {
    line(&format!("the index is rebuilt: it has {messages} entries"));
}

pub fn rebuild_stopped(error: RebuildError) {
    line(&format!("the rebuild of the index has stopped: {error}"));
}

pub fn rebuild_restarted(by: Principal) {
    line(&format!("{by} restarted the rebuild of the index"));
}

/// Settings were changed by an admin, or by an installation or upgrade.
pub fn settings(version: u32, by: Option<Principal>, settings: &[Setting]) {
    let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
    line(&format!("settings version {version}{by}: {settings:?}"));
}

/// Logs a new role, or that there is none any more, with the admin's principal.
pub fn role(principal: Principal, role: Option<Role>, by: Principal) {
    match role {
        Some(role) => line(&format!("{principal} is {role:?} now, by {by}")),
        None => line(&format!("{principal} has no role now, by {by}")),
    }
}

/// Logged once each time that a budget is used up, not for each refused call.
pub fn budget_used_up(payer: Payer) {
    line(&format!("the budget of {} is used up", format!("{payer:?}").to_lowercase()));
}

pub fn sealed(by: Principal) {
    line(&format!("sealed by {by}: adds are refused"));
}

pub fn resumed(epoch: u64, by: Principal) {
    line(&format!("resumed by {by}, with epoch {epoch}"));
}

pub fn low_memory() {
    line("low memory: no more keys are opened until an upgrade");
}

pub fn not_forgotten(damaged: Damaged) {
    line(&format!("a key was not forgotten: {damaged}"));
}
