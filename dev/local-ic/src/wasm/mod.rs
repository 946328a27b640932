//! Turning a canister's Wasm into code that the engine runs: decompression, validation, instrumentation,
//! compilation.

mod compile;
mod decompress;
mod instrument;
mod kept;
mod metadata;
mod metering;
mod methods;
mod validate;
mod weights;

pub use compile::{CompiledModule, compile};
pub use instrument::{COUNTER, START, TABLE, global_export};
pub use metadata::Visibility;
pub use methods::MethodKind;
