//! Access rules: owners of keys, roles, policies, send keys and quotas. The rules are pure, without calls to the
//! platform.
//!
//! ```text
//! caller, role, controller ──▶ Caller ──▶ policy ──▶ Sight: what a read may show
//!                                │           └─────▶ Share ──▶ quota: may one more message come in
//! key id, record ──▶ owner ──▶ KeyRights: claim, apply settings
//! ```
//!
//! | module | its job |
//! |---|---|
//! | [`budget`] | the payer of a call, and whether the call is admitted |
//! | [`owner`] | the owners of key ids, and their proofs |
//! | [`roles`] | roles by principal, in a memory of their own |
//! | [`caller`] | the rights of a caller's role |
//! | [`policy`] | the callers that may add and read, and the share of a quota that an add may fill |
//! | [`quota`] | whether a message fits into a key's quota |
//! | [`key`] | the rights in a key's record, and the calls that change them |

pub mod budget;
pub mod caller;
pub mod key;
pub mod owner;
pub mod policy;
pub mod quota;
pub mod roles;
#[cfg(test)]
mod tests;

pub use caller::Caller;
pub use key::KeyRights;
pub use policy::{Share, Sight};
pub use roles::Roles;
