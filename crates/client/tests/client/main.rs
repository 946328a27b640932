//! The client against transports that fail, and against canisters whose answers no message canister would return.

mod directory;
mod honest;
mod lies;
mod readers;
mod repeats;
mod restored;
mod script;
mod stored;
