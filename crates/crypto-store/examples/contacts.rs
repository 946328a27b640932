//! Contacts that are asked for over a network, in a store that several processes have open.
//!
//! ```text
//! cargo run -p crypto-store --example contacts -- FOLDER add NAME
//! cargo run -p crypto-store --example contacts -- FOLDER refresh NAME
//! cargo run -p crypto-store --example contacts -- FOLDER list
//! cargo run -p crypto-store --example contacts -- FOLDER rotate-key
//! ```
//!
//! FOLDER has `root.key`, to be kept apart from backups of the store, and the store. Run `refresh` of one name several times at
//! once: each run waits for the network between reading and writing, without a lock, and none of their counts is lost.

use crypto_store::fields::Contact;
use crypto_store::{Error, Options, Store, retry};
use key_cache::local::{LocalManager, RootKey};
use key_cache::{KeyCache, Limits, Runtime, block_on};
use std::error::Error as StdError;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Contacts that `list` shows.
const SHOWN: usize = 100;

fn open(folder: &Path) -> Result<Store, Box<dyn StdError>> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join("root.key");
    let root = if file.exists() { RootKey::open_key_file(&file)? } else { RootKey::create_key_file(&file)? };
    let keys = KeyCache::new(LocalManager::new(root), Limits::default(), Runtime::threads())?;
    let store = Store::open(&folder.join("store"), Arc::new(keys), Options::default())?;
    // A killed rotation continues.
    block_on(store.finish_rotation())?;
    Ok(store)
}

/// A contact is the number of times that it was refreshed.
fn contact(times: u32) -> Contact {
    Contact { format: 1, bytes: times.to_be_bytes().to_vec() }
}

fn times(contact: &Contact) -> u32 {
    contact.bytes.first_chunk().map_or(0, |times| u32::from_be_bytes(*times))
}

/// Stands for a look-up in a directory, which may take its time.
async fn ask_the_network() {
    std::thread::sleep(Duration::from_millis(200));
}

/// Reads, awaits and writes. If others have written meanwhile, it starts again.
async fn refresh(store: &Store, name: &str) -> Result<Option<u32>, Error> {
    retry(async || {
        let (read, written) = (name.to_owned(), name.to_owned());
        let Some(known) = store.read(move |snapshot| snapshot.get::<Contact>(read)).await? else { return Ok(None) };
        ask_the_network().await;
        let next = times(&known) + 1;
        store.write(move |tx| tx.put_if(written, Some(known.version), contact(next))).await?;
        Ok(Some(next))
    })
    .await
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn StdError>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [folder, "add", name] => {
            let name = name.to_owned();
            block_on(open(Path::new(folder))?.write(move |tx| tx.put_if(name, None, contact(0))))?;
        }
        [folder, "refresh", name] => match block_on(refresh(&open(Path::new(folder))?, name))? {
            Some(times) => println!("{name}: refreshed {times} times"),
            None => return Err(format!("{name}: no such contact").into()),
        },
        [folder, "list"] => {
            let store = open(Path::new(folder))?;
            let rows: Result<_, Error> = block_on(store.read(|snapshot| snapshot.range::<Contact>("", "", SHOWN)));
            for row in rows? {
                println!("{}: refreshed {} times", String::from_utf8_lossy(&row.key), times(&row.held));
            }
        }
        [folder, "rotate-key"] => println!("key {}", block_on(open(Path::new(folder))?.rotate_key())?),
        _ => return Err("usage: contacts FOLDER add NAME | refresh NAME | list | rotate-key".into()),
    }
    Ok(())
}
