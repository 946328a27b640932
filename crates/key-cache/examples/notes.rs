//! Notes in a database, encrypted at rest.
//!
//! ```text
//! cargo run -p key-cache --example notes -- FOLDER put TITLE TEXT
//! cargo run -p key-cache --example notes -- FOLDER get TITLE
//! cargo run -p key-cache --example notes -- FOLDER rotate
//! ```
//!
//! FOLDER has `root.key`, to be kept apart from backups of the database, and `notes.redb`. Titles are row keys, and stay
//! readable.

use key_cache::local::{LocalManager, RootKey};
use key_cache::{
    Generation, KeyCache, KeyId, KeyName, Limits, Place, Runtime, WrappedKey, Wrapping, block_on, generation_of,
};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::error::Error;
use std::path::Path;

/// Wrapped keys by generation. The last one seals; those before still open the values that they sealed.
const KEYS: TableDefinition<Generation, &[u8]> = TableDefinition::new("keys");
const NOTES: TableDefinition<&str, &[u8]> = TableDefinition::new("notes");

struct Notes {
    database: Database,
    cache: KeyCache<LocalManager>,
    id: KeyId,
}

impl Notes {
    fn open(folder: &Path) -> Result<Self, Box<dyn Error>> {
        std::fs::create_dir_all(folder)?;
        let key_file = folder.join("root.key");
        let root =
            if key_file.exists() { RootKey::open_key_file(&key_file)? } else { RootKey::create_key_file(&key_file)? };
        let cache = KeyCache::new(LocalManager::new(root), Limits::default(), Runtime::threads())?;
        let notes = Self { database: Database::create(folder.join("notes.redb"))?, cache, id: KeyId::new(b"notes")? };
        let write = notes.database.begin_write()?;
        write.open_table(NOTES)?;
        let empty = write.open_table(KEYS)?.last()?.is_none();
        write.commit()?;
        if empty {
            notes.rotate()?;
        }
        Ok(notes)
    }

    /// Makes a new key. It is stored before it seals anything.
    fn rotate(&self) -> Result<Generation, Box<dyn Error>> {
        let write = self.database.begin_write()?;
        let generation = write.open_table(KEYS)?.last()?.map_or(1, |(last, _)| last.value() + 1);
        let wrapped = block_on(self.cache.create(KeyName { id: self.id, generation }))?;
        write.open_table(KEYS)?.insert(generation, wrapped.wrapping.as_bytes())?;
        write.commit()?;
        Ok(generation)
    }

    fn put(&self, title: &str, text: &str) -> Result<(), Box<dyn Error>> {
        let newest = self.wrapped(None)?;
        let sealed = block_on(self.cache.seal(&newest, &place(title), text.as_bytes()))?;
        let write = self.database.begin_write()?;
        write.open_table(NOTES)?.insert(title, &*sealed)?;
        Ok(write.commit()?)
    }

    fn get(&self, title: &str) -> Result<Option<String>, Box<dyn Error>> {
        let Some(sealed) = self.database.begin_read()?.open_table(NOTES)?.get(title)? else { return Ok(None) };
        let wrapped = self.wrapped(Some(generation_of(sealed.value())?))?;
        let text = block_on(self.cache.open(&wrapped, &place(title), sealed.value()))?;
        // The manager has a newer root key: the key's new wrapping replaces the old one.
        if let Some(newer) = self.cache.cached(&wrapped.name).and_then(|key| key.newer_wrapping(&wrapped)) {
            let write = self.database.begin_write()?;
            write.open_table(KEYS)?.insert(newer.name.generation, newer.wrapping.as_bytes())?;
            write.commit()?;
        }
        Ok(Some(String::from_utf8(text)?))
    }

    /// A key as it is stored: of this generation, or the newest.
    fn wrapped(&self, generation: Option<Generation>) -> Result<WrappedKey, Box<dyn Error>> {
        let keys = self.database.begin_read()?.open_table(KEYS)?;
        let (generation, wrapping) = match generation {
            Some(generation) => (generation, keys.get(generation)?.ok_or(format!("no key {generation}"))?),
            None => keys.last()?.map(|(last, wrapping)| (last.value(), wrapping)).ok_or("no key")?,
        };
        let name = KeyName { id: self.id, generation };
        Ok(WrappedKey { name, wrapping: Wrapping::new(wrapping.value())? })
    }
}

fn place(title: &str) -> Place<'_> {
    Place { store: b"example", table: b"notes", row: title.as_bytes(), column: b"text" }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [folder, "put", title, text] => Notes::open(Path::new(folder))?.put(title, text)?,
        [folder, "get", title] => {
            println!("{}", Notes::open(Path::new(folder))?.get(title)?.ok_or("no such note")?);
        }
        [folder, "rotate"] => println!("generation {}", Notes::open(Path::new(folder))?.rotate()?),
        _ => return Err("usage: notes FOLDER put TITLE TEXT | get TITLE | rotate".into()),
    }
    Ok(())
}
