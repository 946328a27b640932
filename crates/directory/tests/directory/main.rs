//! The built canister on the embedded engine, and its look-ups under the verifier of directory-core.

mod budgets;
mod bundles;
mod checks;
mod epochs;
mod faults;
mod fuzz;
mod labels;
mod model;
mod native;
mod ratification;
mod registrar;
mod serve;
mod site;
mod upgrades;
