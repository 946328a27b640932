//! The calls on the engine itself.

use std::time::{Duration, Instant, SystemTime};

use candid::{Principal, encode_args};
use local_ic::{LocalIc, RejectResponse, Time};
use message_canister::api::Setting;

use super::ROUNDS;
use super::cases::{Case, batch};

/// The time of a call. Calls are made one after the other, because the engine executes one at a time.
///
/// # Errors
///
/// If one is rejected.
pub fn measure(wasm: &[u8], case: Case) -> Result<Duration, String> {
    let engine = LocalIc::new();
    engine.set_time(Time::from(SystemTime::now()));
    let canister = engine.create_canister();
    let argument = encode_args((None::<Vec<Setting>>,)).map_err(|error| error.to_string())?;
    engine.try_install_canister(canister, wasm.to_vec(), argument, None).map_err(rejected)?;
    // The canister fetches its random seed in these rounds.
    for _ in 0..5 {
        engine.tick();
    }
    let caller = Principal::anonymous();
    if !case.kind.is_update() {
        engine.update_call(canister, caller, "add_messages", batch(0).arg).map_err(rejected)?;
    }
    let (kind, method) = (case.kind, case.kind.method());
    let (mut best, mut made) = (Duration::MAX, 0);
    for round in 0..=ROUNDS {
        let arguments: Vec<_> = (made..made + case.calls as u64).map(|number| kind.argument(number)).collect();
        made += case.calls as u64;
        let begin = Instant::now();
        for argument in arguments {
            let answer = if kind.is_update() {
                engine.update_call(canister, caller, method, argument)
            } else {
                engine.query_call(canister, caller, method, argument)
            };
            answer.map_err(rejected)?;
        }
        if round > 0 {
            best = best.min(begin.elapsed() / case.calls as u32);
        }
    }
    Ok(best)
}

fn rejected(reject: RejectResponse) -> String {
    format!("the engine rejected a call: {reject}")
}
