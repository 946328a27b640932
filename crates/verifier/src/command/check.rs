//! `verifier check`.

use super::{DONE, UNPROVEN};
use std::error::Error;
use std::fs::File;
use std::path::Path;
use verifier::evidence::{Proven, Unproven, check};
use verifier::settings::Settings;

pub fn run(path: &Path, config: Option<&Path>) -> Result<u8, Box<dyn Error>> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let scratch = tempfile::tempdir()?;
    let proven = match check(file, scratch.path()) {
        Ok(proven) => proven,
        Err(Unproven::Disk(error)) => return Err(error.into()),
        Err(unproven) => {
            println!("{unproven}");
            return Ok(UNPROVEN);
        }
    };
    let Proven { pinned, what, time, module, .. } = &proven;
    println!("proven: {what}");
    println!("certified at: {time} ns since 1970");
    for (name, value) in [
        ("canister", pinned.canister.to_text()),
        ("root key", hex::encode(&pinned.root_key)),
        ("VRF key", hex::encode(pinned.vrf_key)),
        ("configuration", hex::encode(pinned.hash())),
    ] {
        println!("{name}: {value}");
    }
    let Some(config) = config else {
        println!("The evidence is about the directory with these keys. Compare them with those that your clients pin.");
        return Ok(DONE);
    };
    let settings = Settings::read(config).map_err(|error| error.to_string())?;
    let is_pinned = settings.canister == pinned.canister
        && settings.vrf_key == pinned.vrf_key
        && settings.configuration == pinned.hash()
        && settings.platform()?.root_key() == pinned.root_key;
    if !is_pinned {
        println!("These are not the keys of {}: it proves nothing about that directory.", config.display());
        return Ok(UNPROVEN);
    }
    println!("These are the keys of {}.", config.display());
    if module.is_some_and(|module| settings.modules.contains(&module)) {
        println!("But that file allows this module: it proves no lie.");
        return Ok(UNPROVEN);
    }
    Ok(DONE)
}
