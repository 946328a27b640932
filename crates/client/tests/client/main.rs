//! The client against transports that fail, and canisters that answer what no message canister would.

mod directory;
mod honest;
mod lies;
mod readers;
mod repeats;
mod script;
mod stored;
