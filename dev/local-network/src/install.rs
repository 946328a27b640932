//! The canisters that a network is started with.

use std::fs;
use std::time::SystemTime;

use local_ic::{LocalIc, Time};
use local_network::Canisters;

use crate::options::Wanted;

/// Rounds that new canisters have before anybody calls them: for their first timers, and for randomness that these ask for.
const ROUNDS_OF_AN_INSTALLATION: u32 = 4;

/// A new engine, whose randomness nobody knows.
///
/// # Errors
///
/// If the operating system returns no random bytes.
pub fn engine() -> Result<LocalIc, String> {
    let mut seed = [0; 32];
    getrandom::getrandom(&mut seed).map_err(|error| error.to_string())?;
    Ok(LocalIc::with_random_seed(seed))
}

/// Creates and installs the `wanted` canisters that do not exist yet, in this order. Existing ones stay as they are.
///
/// # Errors
///
/// If a module cannot be read or does not install.
pub fn missing(wanted: &[Wanted], engine: &LocalIc, canisters: &mut Canisters) -> Result<(), String> {
    let missing: Vec<_> = wanted.iter().filter(|wanted| !canisters.contains_key(&wanted.name)).collect();
    let now = Time::from(SystemTime::now());
    let rounds = if missing.is_empty() { 0 } else { ROUNDS_OF_AN_INSTALLATION };
    if !missing.is_empty() && now > engine.get_time() {
        engine.set_time(now);
    }
    for Wanted { name, module: path, argument } in missing {
        let module = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let argument = match argument {
            Some(argument) => argument.clone(),
            None => candid::encode_one(None::<candid::Reserved>).map_err(|error| error.to_string())?,
        };
        let canister = engine.create_canister();
        engine
            .try_install_canister(canister, module, argument, None)
            .map_err(|reject| format!("{} does not install as {name}: {reject}", path.display()))?;
        canisters.insert(name.clone(), canister);
    }
    for _ in 0..rounds {
        engine.tick();
    }
    Ok(())
}
