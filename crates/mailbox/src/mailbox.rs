//! A mailbox in a folder: making it, opening it, its card.

use crate::records::{Inbox, OWN, Own, Place, Position, Rows, Seed, put};
use crate::wire::card::{self, SignedDevice};
use crate::wire::envelope;
use crate::{Address, Error, random, root, seconds};
use crypto_store::{Field, Options, Store, Tx};
use directory_core::bundle::{Bundle, Content, MAX_LIFETIME};
use directory_core::policy::Key;
use directory_core::profile::{self, Profile};
use ed25519_dalek::SigningKey;
use key_cache::local::{LocalManager, RootKey};
use key_cache::{KeyCache, Limits, Runtime};
use std::path::Path;
use std::sync::Arc;
use vodozemac::olm::Account;

/// A mailbox of one device. Any number of processes may use its folder at once. Clones share the open store.
///
/// ```text
/// root.key   wraps the keys of the store: a key file, or under a passphrase; keep it apart from copies of the folder
/// store/     the crypto store
/// ```
#[derive(Clone)]
pub struct Mailbox {
    pub(crate) store: Store,
}

impl Mailbox {
    /// Makes a mailbox with keys of its own. If a creation was killed, the next one finishes it.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`], [`Error::Locked`], and those of the key file and the store.
    pub async fn create(folder: &Path, place: Place) -> Result<Self, Error> {
        Self::create_by(folder, place, None).await
    }

    /// As [`Mailbox::create`], under a passphrase.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`], [`Error::Passphrase`], and those of the store.
    pub async fn create_with_passphrase(folder: &Path, place: Place, passphrase: &str) -> Result<Self, Error> {
        Self::create_by(folder, place, Some(passphrase)).await
    }

    async fn create_by(folder: &Path, place: Place, passphrase: Option<&str>) -> Result<Self, Error> {
        let mailbox = Self::open_new(folder, passphrase)?;
        let address = Seed(random()?);
        let is_new = mailbox.store.write(move |tx| begin(tx, place, address, None)).await?;
        if is_new { Ok(mailbox) } else { Err(Error::Exists(folder.into())) }
    }

    /// Opens the store of a folder that may have no mailbox yet.
    pub(crate) fn open_new(folder: &Path, passphrase: Option<&str>) -> Result<Self, Error> {
        Ok(Self { store: open_store(folder, root::create(folder, passphrase)?)? })
    }

    /// Opens a mailbox by its key file, or an unlocked one under a passphrase.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`], [`Error::Locked`], and those of the key file and the store.
    pub async fn open(folder: &Path) -> Result<Self, Error> {
        Self::open_by(folder, root::open(folder)?).await
    }

    /// Opens a mailbox under a passphrase.
    ///
    /// # Errors
    ///
    /// [`Error::NoMailbox`], [`Error::Passphrase`], and those of the store.
    pub async fn open_with_passphrase(folder: &Path, passphrase: &str) -> Result<Self, Error> {
        Self::open_by(folder, root::open_with_passphrase(folder, passphrase)?).await
    }

    async fn open_by(folder: &Path, root: RootKey) -> Result<Self, Error> {
        let mailbox = Self { store: open_store(folder, root)? };
        let own = mailbox.store.read(|snapshot| snapshot.record::<Own>(OWN)).await?;
        own.map(|_| mailbox).ok_or_else(|| Error::NoMailbox(folder.into()))
    }

    /// The place where its mail is kept.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn place(&self) -> Result<Place, Error> {
        self.own().await.map(|own| own.place.clone())
    }

    /// Its address.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn address(&self) -> Result<Address, Error> {
        self.own().await.map(|own| own.address())
    }

    /// Its card, made now, in text.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn card(&self) -> Result<String, Error> {
        let (own, account) = self.store.read(|snapshot| Ok::<_, Error>((own(snapshot)?, account(snapshot)?))).await?;
        Ok(card::to_text(&own.card(&account, seconds())?))
    }

    /// The progress of its newest inbox.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn status(&self) -> Result<Status, Error> {
        let position = self.position(self.own().await?.inbox().id()).await?;
        Ok(Status {
            read_through: position.id,
            acknowledged_through: position.acknowledged,
            waiting: position.waiting.0,
            junk: position.junk,
        })
    }

    pub(crate) async fn own(&self) -> Result<Own, Error> {
        self.store.read(|snapshot| own(snapshot)).await
    }
}

/// A summary of an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Id of the last message that was read.
    pub read_through: u32,
    /// Id through which messages were acknowledged.
    pub acknowledged_through: u32,
    /// Letters that may open later.
    pub waiting: u32,
    /// Messages that were not envelopes for the inbox.
    pub junk: u64,
}

fn open_store(folder: &Path, root: RootKey) -> Result<Store, Error> {
    let keys = KeyCache::new(LocalManager::new(root), Limits::default(), Runtime::threads());
    Ok(Store::open(&folder.join("store"), Arc::new(keys.map_err(Error::KeyCache)?), Options::default())?)
}

/// Precondition: the mailbox is open, so its row exists.
pub(crate) fn own(rows: &impl Rows) -> Result<Own, Error> {
    Ok(rows.record(OWN)?.expect("a mailbox has its own row"))
}

/// As [`own`].
pub(crate) fn account(rows: &impl Rows) -> Result<Account, Error> {
    account_at(rows, OWN.as_bytes())
}

/// The account that belongs to an inbox, with its fallback key: the state from when this inbox was the newest one.
/// Precondition: the inbox belongs to this device.
pub(crate) fn account_of(rows: &impl Rows, own: &Own, inbox: &[u8; 29]) -> Result<Account, Error> {
    if own.inbox().id() == *inbox { account(rows) } else { account_at(rows, &account_key(inbox)) }
}

/// Key of the account of an older inbox.
pub(crate) fn account_key(inbox: &[u8; 29]) -> Vec<u8> {
    [OWN.as_bytes(), inbox].concat()
}

fn account_at(rows: &impl Rows, key: &[u8]) -> Result<Account, Error> {
    Ok(rows.one::<Account>(key)?.expect("each inbox of a mailbox has its account").copy())
}

/// Makes a device of an address. `before`: when the former device's inbox was made. Returns false if there is a mailbox
/// already.
pub(crate) fn begin(tx: &mut Tx<'_>, place: Place, address: Seed, before: Option<u64>) -> Result<bool, Error> {
    if tx.record::<Own>(OWN)?.is_some() {
        return Ok(false);
    }
    let mut account = Account::new();
    let inbox = new_inbox(&mut account, before)?;
    put(tx, inbox.id(), &Position::default())?;
    let (sender, send_key) = (Seed(random()?), Seed(random()?));
    put(tx, OWN, &Own { place, address, sender, send_key, inboxes: vec![inbox] })?;
    tx.put(OWN, account)?;
    Ok(true)
}

/// Makes an inbox, and a new fallback key of the account, which forgets older ones. Cards of this inbox are newer than those of
/// the inbox made at `before`.
pub(crate) fn new_inbox(account: &mut Account, before: Option<u64>) -> Result<Inbox, Error> {
    account.generate_fallback_key();
    let fallback = account.fallback_key().into_values().next().expect("it was just made").to_bytes();
    account.mark_keys_as_published();
    account.forget_fallback_key();
    let made = seconds().max(before.map_or(0, |before| before + 1));
    Ok(Inbox { owner: Seed(random()?), hpke: Seed(*envelope::new_keys().0), fallback, made })
}

impl Inbox {
    /// The key id.
    pub fn id(&self) -> [u8; 29] {
        *address_of(&self.owner).bytes()
    }
}

impl Own {
    pub fn address(&self) -> Address {
        address_of(&self.address)
    }

    /// The newest inbox, to which mail is sent.
    pub fn inbox(&self) -> &Inbox {
        self.inboxes.last().expect("a mailbox has an inbox")
    }

    /// A card of this device.
    pub fn card(&self, account: &Account, now: u64) -> Result<Vec<u8>, Error> {
        let (realm, index) = card::place_of(&self.address());
        let bundle = self.bundle(account, realm, index, now);
        let device: SignedDevice = (device_of(account), bundle);
        let issued = device.1.content.issued;
        Ok(card::sign(&SigningKey::from_bytes(&self.address.0), issued, &self.place.canister, &[device])?)
    }

    /// The profile of this device's person.
    pub fn profile(&self, account: &Account) -> Result<Profile, Error> {
        Ok(card::profile(&self.place.canister, vec![device_of(account)])?)
    }

    /// A bundle of this device, for an index of a realm.
    pub fn bundle(&self, account: &Account, realm: [u8; 32], index: [u8; 32], now: u64) -> Bundle {
        let signing = device_of(account).signing;
        let inbox = self.inbox();
        // A bundle of a new inbox is newer than all bundles of the previous inbox, even within a second.
        let now = now.max(inbox.made + 1);
        let content = Content {
            realm,
            index,
            device: signing,
            hpke: envelope::public_key(&inbox.hpke.0).expect("the mailbox made it"),
            fallback: inbox.fallback,
            issued: now,
            expiry: now + MAX_LIFETIME,
            inbox: inbox.id().to_vec(),
        };
        let signature = account.sign(content.signed_bytes()).to_bytes();
        Bundle { content, signature }
    }
}

fn device_of(account: &Account) -> profile::Device {
    let signing = Key::new(*account.ed25519_key().as_bytes()).expect("vodozemac's keys are keys");
    profile::Device { signing, identity: account.curve25519_key().to_bytes() }
}

fn address_of(seed: &Seed) -> Address {
    Address::of(&Key::of(&SigningKey::from_bytes(&seed.0)))
}

/// A mailbox for unit tests, in a folder that is deleted when it is dropped. Nothing answers at its network's address.
#[cfg(test)]
pub(crate) async fn test_mailbox() -> (tempfile::TempDir, Mailbox) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { url: "http://127.0.0.1:1".into(), root_key: Vec::new(), canister: vec![1] };
    let mailbox = Mailbox::create(&folder.path().join("mailbox"), place).await.unwrap();
    (folder, mailbox)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_of_a_new_inbox_are_newer_than_those_of_the_one_before_also_within_a_second() {
        for before in [seconds(), seconds() + 1] {
            let inbox = new_inbox(&mut Account::new(), Some(before)).expect("there is randomness");
            assert!(inbox.made > before);
        }
        let first = new_inbox(&mut Account::new(), None).expect("there is randomness");
        assert!(first.made <= seconds());
    }
}
