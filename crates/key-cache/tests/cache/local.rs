//! Root keys in files, and their wrappings.
//!
//! The bytes below were made by Python's cryptography, argon2-cffi and PyNaCl, from the byte maps in the documentation.

use crate::support::wrapping;
use key_cache::local::{
    Cost, FileError, FileKind, LocalManager, PassphraseError, RootKey, WRAPPING_LENGTH, WrappingError,
};
use key_cache::{KeyCache, KeyError, KeyId, KeyManager, KeyName, Limits, Place, Runtime, WrappedKey, block_on};
use std::fs::{Permissions, read, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const KEY_FILE: &str = "4b43524f4f540100000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// 40 41 … 5f, of id "golden" and generation 7, by the root key 00 01 … 1f.
const WRAPPING: &str =
    "01b46eb61f735f1a19422897d61316b360f065aa57256f40419b58941f215259223a1ca33b2503b065743d7dc3cadffdf1";
/// That root key under "correct horse", 64 KiB, 2 passes.
const PASSPHRASE_FILE: &str = "4b435041535301004000000002000000a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\
                               241ec89d8805ed69678e7616bed102461bd4786d17941316d52d34d1edc5ee71ab7a5932b9d5b1aa";
/// "plaintext" at store, table, row, column, by that key.
const VALUE: &str = "0107000000c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7\
                     2a3db3839c82bafd26d6d9ea988542956e7d2799f60270a124";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn private(folder: &TempDir, name: &str, contents: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    write(&path, contents).unwrap();
    set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path
}

fn golden() -> WrappedKey {
    let name = KeyName { id: KeyId::new(b"golden").unwrap(), generation: 7 };
    WrappedKey { name, wrapping: wrapping(&bytes(WRAPPING)) }
}

fn cache(manager: LocalManager) -> KeyCache<LocalManager> {
    KeyCache::new(manager, Limits::default(), Runtime::threads()).unwrap()
}

#[test]
fn bytes_made_by_others_open() {
    let folder = tempfile::tempdir().unwrap();
    let by_file = RootKey::open_key_file(&private(&folder, "key", &bytes(KEY_FILE))).unwrap();
    let passphrase = private(&folder, "pass", &bytes(PASSPHRASE_FILE));
    let by_passphrase = RootKey::open_passphrase_file(&passphrase, b"correct horse").unwrap();
    for root in [by_file, by_passphrase] {
        let cache = cache(LocalManager::new(root));
        let key = block_on(cache.get(&golden())).unwrap();
        assert!(key.with(|key| key.iter().copied().eq(0x40..0x60)).unwrap());
        assert_eq!(key.newer_wrapping(&golden()), None);
        let place = Place { store: b"store", table: b"table", row: b"row", column: b"column" };
        assert_eq!(key.open(&place, &bytes(VALUE)).unwrap(), b"plaintext");
    }
}

#[test]
fn a_wrapping_unwraps_under_its_own_name_and_root_only() {
    let folder = tempfile::tempdir().unwrap();
    let manager = LocalManager::new(RootKey::open_key_file(&private(&folder, "key", &bytes(KEY_FILE))).unwrap());
    let refused = |wrapped: &WrappedKey| block_on(manager.unwrap_key(wrapped)).unwrap_err();
    for (id, generation) in [(&b"golden"[..], 8), (b"golde", 7), (b"golden\0", 7)] {
        let name = KeyName { id: KeyId::new(id).unwrap(), generation };
        assert_eq!(refused(&WrappedKey { name, ..golden() }), WrappingError::Refused { name });
    }
    for at in 0..WRAPPING_LENGTH {
        let mut changed = bytes(WRAPPING);
        changed[at] ^= 0x40;
        let error = refused(&WrappedKey { wrapping: wrapping(&changed), ..golden() });
        match at {
            0 => assert_eq!(error, WrappingError::Version { found: 0x41 }),
            1..9 => assert!(matches!(error, WrappingError::UnknownRoot { .. })),
            _ => assert!(matches!(error, WrappingError::Refused { .. })),
        }
    }
    for length in [1, WRAPPING_LENGTH - 1, WRAPPING_LENGTH + 1] {
        let other: Vec<u8> = bytes(WRAPPING).into_iter().chain([0]).take(length).collect();
        let error = refused(&WrappedKey { wrapping: wrapping(&other), ..golden() });
        assert_eq!(error, WrappingError::Length { found: length });
    }
}

/// From a key file to a passphrase: the source's wrapping anew on opening.
#[test]
fn a_new_root_key_takes_over_key_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let (key, pass) = (folder.path().join("key"), folder.path().join("pass"));
    let name = KeyName { id: KeyId::new(b"database").unwrap(), generation: 1 };
    let old = cache(LocalManager::new(RootKey::create_key_file(&key).unwrap()));
    let stored = block_on(old.create(name)).unwrap();
    let secret = block_on(old.get(&stored)).unwrap().with(|key| *key).unwrap();

    let new = RootKey::create_passphrase_file(&pass, b"secret", Cost::new(64, 1).unwrap()).unwrap();
    let both = cache(LocalManager::new(new).with_earlier(RootKey::open_key_file(&key).unwrap()));
    let newer = block_on(both.get(&stored)).unwrap().newer_wrapping(&stored).expect("wrapped anew");

    let after = cache(LocalManager::new(RootKey::open_passphrase_file(&pass, b"secret").unwrap()));
    assert_eq!(block_on(after.get(&newer)).unwrap().with(|key| *key).unwrap(), secret);
    let orphan = WrappedKey { name: KeyName { generation: 2, ..name }, ..stored };
    let error = block_on(after.get(&orphan)).unwrap_err();
    assert!(matches!(&error, KeyError::Manager(error) if matches!(**error, WrappingError::UnknownRoot { .. })));
}

#[test]
fn key_files_are_private_whole_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    RootKey::create_key_file(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let before = read(&path).unwrap();
    assert!(matches!(RootKey::create_key_file(&path), Err(FileError::Io { .. })));
    assert_eq!(read(&path).unwrap(), before);

    for mode in [0o640, 0o604, 0o620, 0o601] {
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert!(matches!(RootKey::open_key_file(&path), Err(FileError::Mode { mode: found, .. }) if found == mode));
    }
    set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    RootKey::open_key_file(&path).unwrap();

    let whole = bytes(KEY_FILE);
    for (at, wrong) in
        [&whole[..39], &[&whole[..], &[0]].concat(), &bytes(PASSPHRASE_FILE)[..40], b""].iter().enumerate()
    {
        let path = private(&folder, &at.to_string(), wrong);
        assert!(matches!(RootKey::open_key_file(&path), Err(FileError::Format { .. })));
    }
    let begun = private(&folder, "begun", &whole[..7]);
    assert!(matches!(FileKind::of(&begun), Err(FileError::Format { .. })));
    assert!(matches!(RootKey::open_key_file(folder.path()), Err(FileError::Format { .. })));
    assert!(matches!(RootKey::open_key_file(Path::new("/nonexistent")), Err(FileError::Io { .. })));
}

#[test]
fn a_passphrase_opens_its_file_and_can_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    let cost = Cost::new(64, 1).unwrap();
    let path = private(&folder, "pass", &bytes(PASSPHRASE_FILE));
    assert!(matches!(RootKey::open_passphrase_file(&path, b"wrong"), Err(PassphraseError::Refused)));
    let root = RootKey::open_passphrase_file(&path, b"correct horse").unwrap();
    root.replace_by_passphrase_file(&path, b"battery staple", cost).unwrap();
    assert!(matches!(RootKey::open_passphrase_file(&path, b"correct horse"), Err(PassphraseError::Refused)));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let cache = cache(LocalManager::new(RootKey::open_passphrase_file(&path, b"battery staple").unwrap()));
    assert!(block_on(cache.get(&golden())).is_ok(), "the root key is the same");

    root.replace_by_key_file(&path).unwrap();
    assert_eq!(FileKind::of(&path).unwrap(), FileKind::Key);
    let by_file = self::cache(LocalManager::new(RootKey::open_key_file(&path).unwrap()));
    assert!(block_on(by_file.get(&golden())).is_ok());
    root.replace_by_passphrase_file(&path, b"battery staple", cost).unwrap();
    assert_eq!(FileKind::of(&path).unwrap(), FileKind::Passphrase);

    // Each changed byte refuses; costs out of bounds are not tried.
    for at in 0..bytes(PASSPHRASE_FILE).len() {
        let mut changed = bytes(PASSPHRASE_FILE);
        changed[at] ^= 0x08;
        let path = private(&folder, "changed", &changed);
        let error = RootKey::open_passphrase_file(&path, b"correct horse").err().expect("refused");
        match at {
            0..8 => assert!(matches!(error, PassphraseError::File(FileError::Format { .. }))),
            11 | 13..16 => assert!(matches!(error, PassphraseError::Cost(_))),
            _ => assert!(matches!(error, PassphraseError::Refused), "byte {at}: {error}"),
        }
    }
    assert!(Cost::new(7, 1).is_err() && Cost::new(8, 0).is_err() && Cost::new((1 << 20) + 1, 1).is_err());
}

/// Every process of the user has it, until its time is over or it is locked.
#[test]
fn an_unlocked_root_key_is_in_the_keyring_for_its_time_and_while_its_file_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let cost = Cost::new(64, 1).unwrap();
    let path = folder.path().join("pass");
    let root = RootKey::create_passphrase_file(&path, b"secret", cost).unwrap();
    let is_unlocked = || RootKey::open_unlocked(&path).unwrap().is_some();
    assert!(!is_unlocked() && !RootKey::lock(&path).unwrap());
    root.keep_unlocked(&path, Duration::from_secs(60)).unwrap();
    let cache = cache(LocalManager::new(RootKey::open_unlocked(&path).unwrap().unwrap()));
    let wrapped = block_on(cache.create(golden().name)).unwrap();
    let by_passphrase = self::cache(LocalManager::new(RootKey::open_passphrase_file(&path, b"secret").unwrap()));
    assert!(block_on(by_passphrase.get(&wrapped)).is_ok(), "it is the same root key");
    assert!(RootKey::lock(&path).unwrap() && !is_unlocked());

    // A new file of the same root key: another passphrase was not said, and the entry of the old file is deleted.
    let old = folder.path().join("old");
    let is_replaced = |replace: &dyn Fn()| {
        root.keep_unlocked(&path, Duration::from_secs(60)).unwrap();
        std::fs::copy(&path, &old).unwrap();
        replace();
        assert!(RootKey::open_unlocked(&old).unwrap().is_none());
    };
    is_replaced(&|| root.replace_by_passphrase_file(&path, b"another", cost).unwrap());
    assert!(!is_unlocked());
    is_replaced(&|| root.replace_by_key_file(&path).unwrap());
    root.replace_by_passphrase_file(&path, b"secret", cost).unwrap();

    root.keep_unlocked(&path, Duration::from_secs(1)).unwrap();
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while is_unlocked() {
        assert!(std::time::Instant::now() < until, "its time does not end");
        std::thread::sleep(Duration::from_millis(100));
    }
}
