//! A store that an earlier release wrote: every later release opens it.
//!
//! An image in `tests/images` is never written again. To make the image of a new version, write it with
//! `cargo test -p crypto-store --test store -- --ignored image`, under a new name.

use crate::olm::pair;
use crate::support::{Home, forget_place, read, write};
use crypto_store::fields::{Contact, Pending};
use crypto_store::{Error, Field, Table};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use vodozemac::megolm::{GroupSession, InboundGroupSession, MegolmMessage, SessionConfig};
use vodozemac::olm::{Account, OlmMessage, Session};

/// The version that this release writes, and the last image.
pub const VERSION: i32 = 3;

fn image(version: i32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/images/store-{version}"))
}

/// A home with the store of an image.
pub fn home_of(version: i32) -> Home {
    let home = Home(tempfile::tempdir().unwrap());
    fs::create_dir(home.path().join("store")).unwrap();
    fs::copy(image(version).join("root.key"), home.path().join("root.key")).unwrap();
    fs::set_permissions(home.path().join("root.key"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::copy(image(version).join("store.sqlite"), home.database()).unwrap();
    forget_place(&home);
    home
}

#[test]
fn the_image_of_each_version_opens_and_its_ratchets_go_on() {
    for version in 1..=VERSION {
        let home = home_of(version);
        goes_on(&home);
        let user_version: i32 = Connection::open(home.database())
            .unwrap()
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(user_version, VERSION);
    }
}

pub fn goes_on(home: &Home) {
    let store = home.open();
    let received = write(&store, |tx| {
        let account = tx.get::<Account>("self")?.unwrap();
        let contact = tx.get::<Contact>("self")?.unwrap();
        assert_eq!(contact.bytes, account.curve25519_key().to_bytes());
        let pending = tx.get::<Pending>("olm")?.unwrap();
        let message = OlmMessage::from_parts(pending.format.into(), &pending.bytes).unwrap();
        tx.update("peer", |session: &mut Session| session.decrypt(&message).map_err(|_| Error::Lost))
    });
    assert_eq!(received.unwrap().unwrap(), b"from the image");
    let (mut inbound, group, pending) = read(&store, |snapshot| {
        let inbound = snapshot.get::<InboundGroupSession>("group")?.unwrap().copy();
        let group = snapshot.get::<GroupSession>("group")?.unwrap();
        Ok((inbound, group, snapshot.get::<Pending>("megolm")?.unwrap()))
    })
    .unwrap();
    assert_eq!(group.message_index(), 1);
    let opened = inbound.decrypt(&MegolmMessage::from_bytes(&pending.bytes).unwrap()).unwrap();
    assert_eq!(opened.plaintext, b"from the image");
}

/// The schema is what `docs/crypto-store.md` shows, for new stores as for those that were migrated.
#[test]
fn the_schema_is_the_documented_one() {
    let home = Home::new();
    drop(home.open());
    let schema = |path: &Path| -> Vec<String> {
        let file = Connection::open(path).unwrap();
        let mut select = file.prepare("SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name").unwrap();
        let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(|sql| sql.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let new = schema(&home.database());
    for version in 1..=VERSION {
        let migrated = home_of(version);
        drop(migrated.open());
        assert_eq!(new, schema(&migrated.database()), "{version}");
    }

    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/crypto-store.md")).unwrap();
    let docs = docs.split_whitespace().collect::<Vec<_>>().join(" ");
    for sql in new.iter().filter(|sql| !sql.contains("value BLOB") && !sql.contains("sqlite_sequence")) {
        assert!(docs.contains(sql), "{sql}");
    }
    for table in Table::ALL {
        let sql = format!(
            "CREATE TABLE {} (key BLOB PRIMARY KEY, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT",
            table.name()
        );
        assert!(new.contains(&sql), "{sql}");
        assert!(docs.contains(&format!("| {} | `{}` |", table as i64, table.name())), "{table:?}");
    }
}

#[test]
#[ignore = "writes the image of a new version"]
fn write_the_image() {
    assert!(!image(VERSION).exists(), "an image is never written again");
    let home = Home::new();
    let store = home.open();
    let (account, mut sending, receiving) = pair();
    let identity = account.curve25519_key().to_bytes().to_vec();
    let (kind, olm) = sending.encrypt("from the image").unwrap().to_parts();
    let mut group = GroupSession::new(SessionConfig::default());
    let inbound = InboundGroupSession::new(&group.session_key(), SessionConfig::default());
    let megolm = group.encrypt("from the image").to_bytes();
    write(&store, move |tx| {
        tx.put("self", account)?;
        tx.put("self", Contact { format: 1, bytes: identity })?;
        tx.put("peer", receiving)?;
        tx.put("group", group)?;
        tx.put("group", inbound)?;
        tx.put("olm", Pending { format: kind as u8, bytes: olm })?;
        tx.put("megolm", Pending { format: 1, bytes: megolm })
    })
    .unwrap();
    drop(store);
    let file = Connection::open(home.database()).unwrap();
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    fs::create_dir_all(image(VERSION)).unwrap();
    for (from, to) in [(home.database(), "store.sqlite"), (home.path().join("root.key"), "root.key")] {
        fs::copy(from, image(VERSION).join(to)).unwrap();
    }
}
