//! A backup: the address, the contacts and the shared inboxes, under a passphrase. It has no ratchets and no messages: two
//! devices with the same ratchets would use their steps twice. Restoring makes a new device of the same address.
//!
//! ```text
//! offset  size  backup
//!      0     8  "MBXBACK" and version 1
//!      8    72  passphrase file of the key cache: a root key under Argon2id
//!     80    49  wrapping by the root key of the key "mailbox-backup", generation 1
//!    129     n  value of the key cache, at store "mailbox", table "backup", row and column empty
//!
//! value: postcard's encoding of `Kept`, field by field
//! ```

use crate::mailbox::{Mailbox, begin};
use crate::records::{Contact, Identity, Peer, Place, Rows, Seed, Shared, SharedId, put};
use crate::{Address, Error, contacts, shared};
use key_cache::local::{Cost, LocalManager, PASSPHRASE_LENGTH, RootKey, WRAPPING_LENGTH};
use key_cache::{KeyCache, KeyId, KeyName, Limits, Runtime, WrappedKey, Wrapping};
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

const MAGIC: &[u8; 8] = b"MBXBACK\x01";
const KEY: &[u8] = b"mailbox-backup";
const PLACE: key_cache::Place<'static> =
    key_cache::Place { store: b"mailbox", table: b"backup", row: b"", column: b"" };
/// Maximum size of a backup in bytes.
pub const MAX_BACKUP: usize = 16 << 20;

#[derive(Serialize, Deserialize)]
struct Kept {
    place: Place,
    address: Seed,
    /// When the inbox was made, in seconds since 1970.
    made: u64,
    contacts: Vec<(Address, Contact)>,
    devices: Vec<(Identity, Address, Vec<u8>)>,
    shared: Vec<(SharedId, Shared)>,
}

impl Mailbox {
    /// The bytes of a backup under a passphrase.
    ///
    /// # Errors
    ///
    /// [`Error::Passphrase`], [`Error::Backup`], and those of the store.
    pub async fn backup(&self, passphrase: &str) -> Result<Vec<u8>, Error> {
        // In a transaction, because a snapshot returns fewer rows.
        let kept = self.store.write(|tx| {
            let own = crate::mailbox::own(tx)?;
            let contacts = contacts::all(tx)?;
            let mut devices = Vec::new();
            for identity in contacts.iter().flat_map(|(_, contact)| &contact.devices) {
                let peer = tx.record::<Peer>(identity)?.expect("a contact's devices are stored");
                devices.push((*identity, peer.address, peer.bundle));
            }
            let shared = shared::all(tx)?;
            let (place, address, made) = (own.place.clone(), own.address.clone(), own.inbox().made);
            Ok::<_, Error>(Kept { place, address, made, contacts, devices, shared })
        });
        let kept = Zeroizing::new(postcard::to_stdvec(&kept.await?).expect("a vector takes everything"));
        let root = RootKey::random().map_err(Error::Random)?;
        let file = root.under_passphrase(passphrase.as_bytes(), Cost::DEFAULT).map_err(Error::Passphrase)?;
        let keys = cache(root)?;
        let wrapped = keys.create(name()).await.map_err(failed)?;
        let value = keys.seal(&wrapped, &PLACE, &kept).await.map_err(failed)?;
        Ok([&MAGIC[..], &file, wrapped.wrapping.as_bytes(), &value].concat())
    }

    /// Makes a mailbox from a backup: a new device of the same address, under `own_passphrase` if there is one. Contacts see
    /// that the devices have changed, until they get the new card.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`], [`Error::Backup`], [`Error::Passphrase`] if it is wrong, and those of the key file and the
    /// store.
    pub async fn restore(
        folder: &Path,
        backup: &[u8],
        passphrase: &str,
        own_passphrase: Option<&str>,
    ) -> Result<Self, Error> {
        let kept = open(backup, passphrase).await?;
        let mailbox = Self::open_new(folder, own_passphrase)?;
        let is_new = mailbox.store.write(move |tx| {
            if !begin(tx, kept.place, kept.address, Some(kept.made))? {
                return Ok::<_, Error>(false);
            }
            for (address, contact) in &kept.contacts {
                put(tx, address.bytes(), contact)?;
            }
            for (identity, address, bundle) in kept.devices {
                put(tx, identity, &Peer::new(address, bundle))?;
            }
            for (id, shared) in &kept.shared {
                shared::restore(tx, id, shared)?;
            }
            Ok(true)
        });
        if is_new.await? { Ok(mailbox) } else { Err(Error::Exists(folder.into())) }
    }
}

async fn open(backup: &[u8], passphrase: &str) -> Result<Kept, Error> {
    let malformed = || Error::Backup("these bytes are not a backup".into());
    let rest = backup.strip_prefix(MAGIC).ok_or_else(malformed)?;
    let (file, rest) = rest.split_first_chunk::<PASSPHRASE_LENGTH>().ok_or_else(malformed)?;
    let (wrapping, value) = rest.split_first_chunk::<WRAPPING_LENGTH>().ok_or_else(malformed)?;
    let keys = cache(RootKey::of_passphrase(file, passphrase.as_bytes()).map_err(Error::Passphrase)?)?;
    let wrapped = WrappedKey { name: name(), wrapping: Wrapping::new(wrapping).expect("it is short enough") };
    let kept = Zeroizing::new(keys.open(&wrapped, &PLACE, value).await.map_err(failed)?);
    postcard::from_bytes(&kept).map_err(|_| malformed())
}

fn cache(root: RootKey) -> Result<KeyCache<LocalManager>, Error> {
    KeyCache::new(LocalManager::new(root), Limits::default(), Runtime::threads()).map_err(Error::KeyCache)
}

fn name() -> KeyName {
    KeyName { id: KeyId::new(KEY).expect("it is short enough"), generation: 1 }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Backup(error.to_string())
}
