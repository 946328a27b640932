//! `verifier status`: reads the folder, even while a process runs in it.

use super::{DONE, HALTED, now};
use directory_core::checkpoint::origin;
use std::error::Error;
use std::path::Path;
use verifier::certificate::{Authority, Certified};
use verifier::disk::{Files, ReadOnly, read_whole};
use verifier::follow;
use verifier::journal;
use verifier::settings::Settings;
use verifier::signer::Signer;
use verifier::verifier as files;

const SECOND: u64 = 1_000_000_000;

pub fn run(config: &Path) -> Result<u8, Box<dyn Error>> {
    let settings = Settings::read(config).map_err(|error| error.to_string())?;
    let key = settings.signing_key().map_err(|error| error.to_string())?;
    let folder = ReadOnly::new(&settings.folder);
    let origin = origin(settings.canister);
    let signer = Signer::open(&folder, &settings.name, key, origin).map_err(|error| format!("{error:?}"))?;
    let (certified, now) = (certified(&folder, &settings)?, now());

    println!("verifier: {} {}", signer.public().name(), hex::encode(signer.public().key().bytes()));
    println!("folder: {}, journal of {} bytes", settings.folder.display(), folder.size(journal::FILE)?);
    match &certified {
        Some(Certified { log, time, .. }) => {
            println!("certified: {} heads, {} updates, {}", log.checkpoint.size, log.updates, ago(*time, now));
        }
        None => println!("certified: nothing is known yet"),
    }
    let head = journal::last_head(&folder)?;
    let [heads, updates, labels] =
        head.map_or([0; 3], |head| [head.epoch + 1, head.first_update + u64::from(head.updates), head.labels]);
    let closed = head.map_or(String::new(), |head| format!("; the last head closed {}", ago(head.time, now)));
    println!("replayed: {heads} heads, {updates} updates, {labels} labels{closed}");
    let signed = signer.last().map(|last| last.checkpoint);
    match signer.last() {
        Some(last) => println!(
            "signed: {} heads, root {}, {}",
            last.checkpoint.size,
            hex::encode(last.checkpoint.root),
            ago(last.cosignature.time.saturating_mul(SECOND), now)
        ),
        None => println!("signed: nothing yet"),
    }
    if let Some(why) = read_whole(&folder, files::HALTED)? {
        println!("halted: {}", String::from_utf8_lossy(&why));
        return Ok(HALTED);
    }
    let state = match certified.map(|certified| certified.log) {
        None => "it has not heard from the directory yet".to_owned(),
        Some(log) if heads < log.checkpoint.size => {
            format!("catching up, {} % of the updates are replayed", updates * 100 / log.updates.max(1))
        }
        Some(_) if signed.is_some_and(|signed| signed.size == heads) => "every certified head is signed".to_owned(),
        Some(_) => "every certified head is replayed, and the newest is not signed".to_owned(),
    };
    println!("state: {state}");
    Ok(DONE)
}

/// The last certified log that the verifier has seen.
fn certified(folder: &ReadOnly, settings: &Settings) -> Result<Option<Certified>, Box<dyn Error>> {
    let Some(bytes) = read_whole(folder, follow::CERTIFIED)? else { return Ok(None) };
    Ok(Some(Authority::new(settings.canister, &settings.platform()?.root_key())?.decode(&bytes)?))
}

/// How long before `now` a time is, both in nanoseconds since 1970.
fn ago(time: u64, now: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = now.saturating_sub(time) / SECOND;
    let (number, unit) = match seconds {
        0..MINUTE => (seconds, "s"),
        MINUTE..HOUR => (seconds / MINUTE, "min"),
        HOUR..DAY => (seconds / HOUR, "h"),
        _ => (seconds / DAY, "d"),
    };
    format!("{number} {unit} ago")
}
