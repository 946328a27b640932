//! The canister's log: one line for each event that an operator should know of. The platform keeps the latest lines for the
//! controllers (`icp canister logs`).

use candid::Principal;
use directory::api::Settings;

const RELEASE: &str = env!("CARGO_PKG_VERSION");

fn line(text: &str) {
    ic_cdk::api::debug_print(text);
}

/// The canister was installed.
pub fn installed() {
    line(&format!("release {RELEASE} is installed"));
}

/// The VRF key is drawn. The directory answers from now on.
pub fn ready() {
    line("the VRF key is drawn");
}

/// The canister was upgraded to this release. This many labels must be indexed.
pub fn upgraded(labels: u64) {
    line(&format!("upgraded to release {RELEASE}: {labels} labels are to be indexed"));
}

/// A rebuild of the index is over.
pub fn rebuilt(labels: u64) {
    line(&format!("the index is rebuilt: {labels} labels"));
}

/// Settings were changed.
pub fn settings(by: Principal, settings: &Settings) {
    line(&format!("settings by {by}: {settings:?}"));
}

/// The budget was used up. This is logged once each time.
pub fn budget_used_up() {
    line("the budget of strangers is used up");
}

/// An epoch is due, but stable memory has no room for its head.
pub fn epoch_waits() {
    line("an epoch waits for stable memory");
}
