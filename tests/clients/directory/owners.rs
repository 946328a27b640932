//! Owners of labels, their devices, and their signatures. The secret of number n is 32 bytes of
//! n.

use ::client::Transport;
use ::client::agent::AgentTransport;
use ::client::directory::api::View;
use ::client::directory::directory_core::bundle::{Bundle, Content};
use ::client::directory::directory_core::entry::Entry;
use ::client::directory::directory_core::hash::Hash;
use ::client::directory::directory_core::label::Label;
use ::client::directory::directory_core::policy::{Key, Policy};
use ::client::directory::directory_core::profile::{Device, Profile};
use ::client::directory::directory_core::signatures::Signatures;
use ::client::directory::directory_core::verify::Verified;
use ::client::directory::{DirectoryClient, Draft};
use ic_ed25519::PrivateKey;
use std::time::Duration;

/// A directory's client over the network.
pub type Client = DirectoryClient<AgentTransport>;

/// Tries until an epoch has closed, half a second apart. A busy machine is slow.
const TRIES: u32 = 240;

pub fn name(text: &str) -> Label {
    Label::Name(text.to_string())
}

fn secret(number: u8) -> PrivateKey {
    PrivateKey::deserialize_raw_32(&[number; 32])
}

/// The public key of a number, 32 bytes.
pub fn public(number: u8) -> [u8; 32] {
    secret(number).public_key().serialize_raw()
}

fn key(number: u8) -> Key {
    Key::new(public(number)).expect("a good key")
}

fn policy(number: u8) -> Policy {
    Policy::one(key(number))
}

/// A profile with the device of an owner.
fn profile(owner: u8) -> Profile {
    let device = device(owner);
    Profile::new(vec![Device { signing: key(device), identity: [device; 32] }], b"hello".to_vec()).expect("a small one")
}

/// The number of an owner's device.
const fn device(owner: u8) -> u8 {
    owner + 100
}

fn sign(entry: &Entry, numbers: &[u8]) -> Signatures {
    let one = |number: &u8| (key(*number), secret(*number).sign_message(&entry.signed_bytes()));
    Signatures::new(numbers.iter().map(one).collect()).expect("few signatures")
}

/// A bundle of an owner's device, with times in seconds since 1970.
pub fn bundle(realm: Hash, index: Hash, owner: u8, issued: u64, expiry: u64) -> Bundle {
    let (hpke, fallback, inbox) = ([2; 32], [3; 32], vec![4; 29]);
    let content = Content { realm, index, device: key(device(owner)), hpke, fallback, issued, expiry, inbox };
    Bundle { signature: secret(device(owner)).sign_message(&content.signed_bytes()), content }
}

/// Registers a label for an owner. Returns it as it is proved.
pub async fn register(client: &mut Client, label: &Label, owner: u8) -> Verified {
    let absent = client.lookup(label, View::newest, None).await.expect("its absence is proved");
    let realm = client.trusted().realm;
    let draft = Draft::first(realm, absent.index, label, policy(owner), &profile(owner), [1; 16]);
    let signatures = sign(&draft.entry, &[owner]);
    client.update(&draft.signed(signatures, Signatures::default(), None)).await.expect("it is accepted");
    shown(client, label, 0).await
}

/// Gives a label to another owner. Returns it as it is proved.
pub async fn change(client: &mut Client, label: &Label, newest: &Entry, from: u8, to: u8) -> Verified {
    let draft = Draft::next(newest, label, policy(to), &profile(to), [newest.version as u8 + 2; 16]);
    let (version, signatures) = (draft.entry.version, sign(&draft.entry, &[from, to]));
    client.update(&draft.signed(signatures, Signatures::default(), None)).await.expect("it is accepted");
    shown(client, label, version).await
}

/// A label once its epoch has closed.
async fn shown(client: &mut Client, label: &Label, version: u32) -> Verified {
    for _ in 0..TRIES {
        let found = client.lookup(label, View::newest, None).await.expect("it is proved");
        if found.state.as_ref().is_some_and(|state| state.newest().version == version) {
            return found;
        }
        client.transport().pause(Duration::from_millis(500)).await;
    }
    panic!("the epoch of version {version} does not close");
}
