//! The built canister on the embedded engine, and its look-ups under the verifier of directory-core.

mod bundles;
mod costs;
mod docs;
mod epochs;
mod labels;
mod ratification;
mod registrar;
mod site;
mod stages;
mod upgrades;
