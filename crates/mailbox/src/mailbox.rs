//! A mailbox in a folder: making it, opening it, its card.

use crate::records::{Inbox, OWN, Own, Place, Position, Rows, Seed, put};
use crate::wire::card::{self, SignedDevice};
use crate::wire::envelope;
use crate::{Address, Error, random, root, seconds};
use crypto_store::{Options, Store};
use directory_core::bundle::{Bundle, Content, MAX_LIFETIME};
use directory_core::policy::Key;
use directory_core::profile;
use ed25519_dalek::SigningKey;
use key_cache::local::{LocalManager, RootKey};
use key_cache::{KeyCache, Limits, Runtime};
use std::path::Path;
use std::sync::Arc;
use vodozemac::olm::Account;

/// A mailbox of one device, in a folder that any number of processes may use at once. Clones share one.
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
    /// Makes a mailbox with keys of its own. A creation that was killed is finished by the next.
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
        let mailbox = Self { store: open_store(folder, root::create(folder, passphrase)?)? };
        let seed = || random().map(Seed);
        let mut account = Account::new();
        account.generate_fallback_key();
        let fallback = account.fallback_key().into_values().next().expect("it was just made").to_bytes();
        account.mark_keys_as_published();
        let inbox = Inbox { owner: seed()?, hpke: Seed(*envelope::new_keys().0), fallback, made: seconds() };
        let own = Own { place, address: seed()?, sender: seed()?, send_key: seed()?, inboxes: vec![inbox] };
        let is_new = mailbox.store.write(move |tx| {
            if tx.record::<Own>(OWN)?.is_some() {
                return Ok(false);
            }
            own.inboxes.iter().try_for_each(|inbox| put(tx, inbox.id(), &Position::default()))?;
            put(tx, OWN, &own)?;
            tx.put(OWN, account)?;
            Ok::<_, Error>(true)
        });
        if is_new.await? { Ok(mailbox) } else { Err(Error::Exists(folder.into())) }
    }

    /// Opens a mailbox by its key file, or one under a passphrase that is unlocked.
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

    /// Where its mail is kept.
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

    /// How far its newest inbox was read, and what did not open.
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

/// An inbox at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Id of the last message that was read.
    pub read_through: u32,
    /// Id through which the canister was told.
    pub acknowledged_through: u32,
    /// Letters that cannot be opened yet.
    pub waiting: u32,
    /// Messages that were no envelopes for the inbox.
    pub junk: u64,
}

fn open_store(folder: &Path, root: RootKey) -> Result<Store, Error> {
    let keys = KeyCache::new(LocalManager::new(root), Limits::default(), Runtime::threads());
    Ok(Store::open(&folder.join("store"), Arc::new(keys.map_err(Error::KeyCache)?), Options::default())?)
}

/// Precondition: a mailbox that is open has its row.
pub(crate) fn own(rows: &impl Rows) -> Result<Own, Error> {
    Ok(rows.record(OWN)?.expect("a mailbox has its own row"))
}

/// As [`own`].
pub(crate) fn account(rows: &impl Rows) -> Result<Account, Error> {
    use crypto_store::Field;
    Ok(rows.one::<Account>(OWN.as_bytes())?.expect("a mailbox has its account").copy())
}

impl Inbox {
    /// Its key id.
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
        let signing = Key::new(*account.ed25519_key().as_bytes()).expect("vodozemac's keys are keys");
        let (realm, index) = card::place_of(&self.address());
        let inbox = self.inbox();
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
        let device: SignedDevice =
            (profile::Device { signing, identity: account.curve25519_key().to_bytes() }, Bundle { content, signature });
        Ok(card::sign(&SigningKey::from_bytes(&self.address.0), now, &self.place.canister, &[device])?)
    }
}

fn address_of(seed: &Seed) -> Address {
    let key = SigningKey::from_bytes(&seed.0).verifying_key();
    Address::of(&Key::new(key.to_bytes()).expect("a key of a seed is a key"))
}
