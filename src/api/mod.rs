//! The types of `canister.did`, in its order and with its names.
//!
//! Errors carry the offending value and the limit it broke. A new case in a returned variant breaks clients that do not
//! know it. So every error type has had the case `Other` since the first release: later releases report new errors
//! through it, with a code from the changelog.

mod errors;
mod keys;
mod messages;
mod settings;
mod status;

pub use canister_base::gateway::{HttpRequest, HttpResponse};
pub use errors::*;
pub use keys::*;
pub use messages::*;
pub use settings::*;
pub use status::*;
