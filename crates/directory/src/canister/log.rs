//! The canister's log: one line for each event that an operator should know of. The platform keeps the latest lines for the
//! controllers (`icp canister logs`).

use candid::Principal;
use directory::api::Settings;

const RELEASE: &str = env!("CARGO_PKG_VERSION");

fn line(text: &str) {
    ic_cdk::api::debug_print(text);
}

pub fn installed() {
    line(&format!("release {RELEASE} is installed"));
}

/// The VRF key is drawn. The directory answers from now on.
pub fn ready() {
    line("the VRF key is drawn");
}

/// `labels`: number of labels that are to be indexed after an upgrade.
pub fn upgraded(labels: u64) {
    line(&format!("upgraded to release {RELEASE}: {labels} labels are to be indexed"));
}

pub fn rebuilt(labels: u64) {
    line(&format!("the index is rebuilt: {labels} labels"));
}

pub fn settings(by: Principal, settings: &Settings) {
    line(&format!("settings by {by}: {settings:?}"));
}

/// Logged once each time that the budget is used up, not for each refused call.
pub fn budget_used_up() {
    line("the budget of strangers is used up");
}

/// An epoch is due, but stable memory has no room for its head.
pub fn epoch_waits() {
    line("an epoch waits for stable memory");
}
