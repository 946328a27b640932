//! The directory, in which people find each other's keys with proofs.
//!
//! - this file: the pinned directory, and look-ups of labels;
//! - `own`: registers this device's label, and publishes its keys;
//! - `people`: makes contacts from labels, and looks them up again;
//! - `remembered`: the memory between look-ups.
//!
//! Keys are used only if a quorum of the directory's verifiers has signed them. With an explicit setting, for development, the
//! platform's certificate is enough.

mod own;
mod people;
mod remembered;

pub use own::Registration;
pub(crate) use own::last_look;
#[cfg(test)]
pub(crate) use own::test_register;
pub use people::Finding;

use crate::mailbox::{Mailbox, own};
use crate::network::Network;
use crate::records::{Known, Memory, Pins, Rows, put};
use crate::{Address, Error, seconds};
use candid::Principal;
use client::directory::api::View;
use client::directory::{DirectoryClient, label_text};
use directory_core::bundle::Bundle;
use directory_core::label::Label;
use directory_core::verify::{self, Verified};

/// Age of a bundle, in seconds, at which it is published again and looked up again: 30 days.
const REPUBLISH: u64 = 30 * 24 * 3_600;
/// Keys of the table's rows.
const PINS: &str = "pins";
const MEMORY: &str = "memory";

/// A label that was looked up, with its devices' bundles.
struct Listed {
    verified: Verified,
    bundles: Vec<Bundle>,
}

impl Mailbox {
    /// Pins a directory, whose configuration is read once. A look-up shows that the platform certifies this configuration for
    /// the canister. The user must compare the canister over another channel. Returns the configuration's hash.
    ///
    /// `registrars`: the keys of its registrar, today's and former ones; none where registration is open.
    ///
    /// `certified_only`: keys are used although no verifier has signed them; for development.
    ///
    /// # Errors
    ///
    /// [`Error::Directory`] where it cannot be read or pinned, or another one is pinned; [`Error::Lookup`] where its
    /// configuration is not the certified one; and those of the store.
    pub async fn set_directory(
        &self,
        network: &impl Network,
        canister: Principal,
        registrars: Vec<[u8; 32]>,
        certified_only: bool,
    ) -> Result<[u8; 32], Error> {
        let published = network.configuration(canister).await?;
        let published = candid::encode_one(published).expect("it was decoded");
        let pins = Pins { canister: canister.as_slice().to_vec(), published, registrars, certified_only };
        let trusted = pins.trusted()?;
        let address = self.store.read(|snapshot| Ok::<_, Error>(own(snapshot)?.address())).await?;
        let mut client = network.directory(canister, trusted.clone());
        client.lookup(&Label::Address(*address.bytes()), View::newest, None).await.map_err(Error::Lookup)?;
        self.store
            .write(move |tx| {
                let known: Option<Pins> = tx.record(PINS)?;
                if known.is_some_and(|known| known.canister != pins.canister || known.published != pins.published) {
                    return Err(Error::Directory("another directory is pinned".into()));
                }
                put(tx, PINS, &pins)
            })
            .await?;
        Ok(trusted.configuration)
    }

    /// Looks a label up and stores the new memory.
    ///
    /// Two answers that continue the same memory need not continue each other. So an answer is used only if the memory is still
    /// the one that it continues. If another process has moved it, the label is looked up again.
    async fn look_up(&self, network: &impl Network, label: &Label) -> Result<Listed, Error> {
        loop {
            if let Some(listed) = self.look_up_once(network, label).await? {
                return Ok(listed);
            }
        }
    }

    /// `None`: another process has moved the memory meanwhile.
    async fn look_up_once(&self, network: &impl Network, label: &Label) -> Result<Option<Listed>, Error> {
        let key = known_key(label);
        let known = self.store.read(move |snapshot| snapshot.record::<Known>(&key)).await?;
        let state = known.as_ref().map(Known::state).transpose()?;
        let (mut client, certified_only) = self.directory(network).await?;
        let before = client.memory();
        let view = if certified_only { View::newest } else { View::ratified };
        let verified = client.lookup(label, view, state.as_ref()).await.map_err(Error::Lookup)?;
        if !certified_only && !matches!(verified.trust, verify::Trust::Ratified { .. }) {
            return Err(Error::NotRatified(label_text(label)));
        }
        check_profile(label, &verified)?;
        let seen: Vec<_> = known.iter().flat_map(Known::bundles).collect();
        let bundles = match verified.profile {
            Some(_) => client.bundles(label, &verified, &seen).await.map_err(Error::Bundle)?,
            None => Vec::new(),
        };
        let (before, memory) = (before.as_ref().map(Memory::of), Memory::of(&verified.memory));
        let (key, state, shown) = (known_key(label), verified.state.clone(), bundles.clone());
        let is_stored = self.store.write(move |tx| {
            let stored: Option<Memory> = tx.record(MEMORY)?;
            if stored != before && stored != Some(memory) {
                return Ok::<_, Error>(false);
            }
            put(tx, MEMORY, &memory)?;
            if let Some(state) = state {
                let seen = tx.record::<Known>(&key)?;
                let bundles = seen.iter().flat_map(Known::bundles).chain(shown);
                put(tx, key, &Known::of(&state, bundles.collect(), seconds()))?;
            }
            Ok(true)
        });
        Ok(is_stored.await?.then_some(Listed { verified, bundles }))
    }

    /// A client of the pinned directory with its stored memory, and whether the platform's certificate is enough.
    async fn directory<N: Network>(&self, network: &N) -> Result<(DirectoryClient<N::Transport>, bool), Error> {
        let read = self
            .store
            .read(|snapshot| Ok::<_, Error>((snapshot.record::<Pins>(PINS)?, snapshot.record::<Memory>(MEMORY)?)));
        let (pins, memory) = read.await?;
        let pins = pins.ok_or(Error::NoDirectory)?;
        let client = network.directory(pins.principal()?, pins.trusted()?);
        Ok((memory.iter().fold(client, |client, memory| client.with_memory(memory.get())), pins.certified_only))
    }
}

/// Refuses an answer without the devices of a label that has some. It would say as little as no answer.
fn check_profile(label: &Label, verified: &Verified) -> Result<(), Error> {
    if verified.lacks_profile() {
        let label = label_text(label);
        return Err(Error::Directory(format!(
            "it proves that {label} has an entry, but does not show its devices: a replica withholds the profile, or it was \
             erased"
        )));
    }
    Ok(())
}

/// The label of a name or an address.
fn label_of(text: &str) -> Result<Label, Error> {
    if let Ok(address) = text.parse::<Address>() {
        return Ok(Label::Address(*address.bytes()));
    }
    let label = Label::Name(text.to_owned());
    Label::decode(&label.encode()).map_err(|_| Error::Name(text.into()))
}

fn decoded(label: &[u8]) -> Label {
    Label::decode(label).expect("it was encoded when it was stored")
}

fn known_key(label: &Label) -> Vec<u8> {
    [b"label", &label.encode()[..]].concat()
}
