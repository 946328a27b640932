//! `verifier status`: reads the folder, even while a process runs in it.

use super::{DONE, HALTED};
use directory_core::checkpoint::origin;
use std::error::Error;
use std::path::Path;
use verifier::certificate::Authority;
use verifier::disk::{Files, ReadOnly, read_whole};
use verifier::follow;
use verifier::journal;
use verifier::network::Platform;
use verifier::settings::Settings;
use verifier::signer::Signer;
use verifier::verifier as files;

pub fn run(config: &Path) -> Result<u8, Box<dyn Error>> {
    let settings = Settings::read(config).map_err(|error| error.to_string())?;
    let key = settings.signing_key().map_err(|error| error.to_string())?;
    let look = ReadOnly::new(&settings.folder);
    let origin = origin(settings.canister);
    let signer = Signer::open(&look, &settings.name, key, origin).map_err(|error| format!("{error:?}"))?;
    println!("verifier: {} {}", signer.public().name(), hex::encode(signer.public().key().bytes()));
    println!("folder: {}", settings.folder.display());
    println!("journal: {} bytes", look.size(journal::FILE)?);
    match signer.last() {
        Some(last) => println!(
            "signed: {} heads, root {}, at {} s since 1970",
            last.checkpoint.size,
            hex::encode(last.checkpoint.root),
            last.cosignature.time
        ),
        None => println!("signed: nothing yet"),
    }
    if let Some(bytes) = read_whole(&look, follow::CERTIFIED)? {
        let platform = Platform::new(&settings.network, settings.root_key.as_deref(), settings.canister)?;
        let certified = Authority::new(settings.canister, &platform.root_key())?.decode(&bytes)?;
        println!("certified: {} heads, {} updates", certified.log.checkpoint.size, certified.log.updates);
    }
    match read_whole(&look, files::HALTED)? {
        Some(why) => {
            println!("halted: {}", String::from_utf8_lossy(&why));
            Ok(HALTED)
        }
        None => Ok(DONE),
    }
}
