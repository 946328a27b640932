//! Access rules: owners of keys, roles, policies, send keys and quotas. Pure rules, without calls to the platform.
//!
//! ```text
//! caller, role, controller ──▶ Caller ──▶ policy ──▶ Sight: what a read may show
//!                                │           └─────▶ Share ──▶ quota: may one more message come in
//! key id, record ──▶ owner ──▶ KeyRights: claim, apply settings
//! ```
//!
//! | module | its job |
//! |---|---|
//! | [`budget`] | who pays for a call, and whether it is admitted |
//! | [`owner`] | who can own a key id, and how somebody proves it |
//! | [`roles`] | roles by principal, in a memory of their own |
//! | [`caller`] | what a caller's role lets it do |
//! | [`policy`] | who may add and read, and which share of a quota an add may fill |
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
