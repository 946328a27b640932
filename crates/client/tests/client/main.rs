//! The client against transports that fail, and canisters that answer what no message canister would.

mod readers;
mod repeats;
mod script;
