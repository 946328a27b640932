//! The client against transports that fail, and against canisters with answers that no message canister would give.

mod directory;
mod honest;
mod lies;
mod readers;
mod repeats;
mod script;
mod stored;
