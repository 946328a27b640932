//! Registers a name in a key directory, changes its key, and looks it up. Each answer is verified. Then a replica forges the key
//! and is caught: `cargo run --example directory -- URL DIRECTORY_ID NAME`.

use std::env::args;
use std::error::Error;
use std::time::Duration;

use candid::Principal;
use client::agent::AgentTransport;
use client::directory::api::View;
use client::directory::directory_core::change::State;
use client::directory::directory_core::entry::Entry;
use client::directory::directory_core::label::Label;
use client::directory::directory_core::policy::{Key, Policy};
use client::directory::directory_core::profile::Profile;
use client::directory::directory_core::signatures::Signatures;
use client::directory::{DirectoryClient, Draft, pin, published};
use client::{Certificates, Failure, Transport};
use ic_agent::Agent;
use ic_ed25519::PrivateKey;

/// Maximum time that an epoch is waited for, in seconds.
const PATIENCE: u32 = 120;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (Some(url), Some(id), Some(name)) = (args().nth(1), args().nth(2), args().nth(3)) else {
        return Err("usage: directory URL DIRECTORY_ID NAME".into());
    };
    let agent = Agent::builder().with_url(url).build()?;
    // Only for a development network: the Internet Computer's root key is built into the agent.
    agent.fetch_root_key().await?;
    let canister = Principal::from_text(id)?;
    let network = AgentTransport::new(agent, canister);

    // One replica says what to pin. If it lies, no look-up verifies. Registration is open here, so there is no registrar.
    let trusted = pin(&published(&network).await?, &canister, Vec::new(), 3_600)?;
    let mut directory = DirectoryClient::new(network.clone(), trusted.clone());

    let label = Label::decode(format!("n{name}").as_bytes()).map_err(|error| format!("{name}: {error:?}"))?;
    let found = directory.lookup(&label, View::newest, None).await?;
    if found.state.is_some() {
        return Err(format!("{name} is registered already").into());
    }
    println!("{name} is absent, as proved");

    let (old, new) = (PrivateKey::generate(), PrivateKey::generate());
    let profile = Profile::new(Vec::new(), b"hello".to_vec()).map_err(|error| format!("{error:?}"))?;
    let draft = Draft::first(trusted.realm, found.index, &label, policy(&old)?, &profile, random()?);
    let signatures = sign(&draft.entry, &[&old])?;
    directory.update(&draft.signed(signatures, Signatures::default(), None)).await?;
    let state = shown(&mut directory, &label, 0).await?;
    println!("{name} is registered, as proved: version {}", state.newest().version);

    // The old key and the new one sign the change.
    let draft = Draft::next(state.newest(), &label, policy(&new)?, &profile, random()?);
    let signatures = sign(&draft.entry, &[&old, &new])?;
    directory.update(&draft.signed(signatures, Signatures::default(), None)).await?;
    let state = shown(&mut directory, &label, 1).await?;
    if state.newest().policy != policy(&new)? {
        return Err(format!("{name} has another key").into());
    }
    println!("{name} has its new key, as proved");

    let [from, to] = [&new, &PrivateKey::generate()].map(|key| key.public_key().serialize_raw());
    let mut deceived = DirectoryClient::new(Forger { network, from, to }, trusted);
    match deceived.lookup(&label, View::newest, None).await {
        Err(error) => println!("a forged key is caught: {error}"),
        Ok(_) => return Err("a forged key was believed".into()),
    }
    Ok(())
}

/// Looks a label up until its epoch has closed and this version is proved.
async fn shown(
    directory: &mut DirectoryClient<AgentTransport>,
    label: &Label,
    version: u32,
) -> Result<State, Box<dyn Error>> {
    for _ in 0..PATIENCE {
        let found = directory.lookup(label, View::newest, None).await?;
        if let Some(state) = found.state.filter(|state| state.newest().version == version) {
            return Ok(state);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err("the epoch does not close".into())
}

fn key(secret: &PrivateKey) -> Result<Key, String> {
    Key::new(secret.public_key().serialize_raw()).map_err(|error| format!("{error:?}"))
}

/// One key of one.
fn policy(secret: &PrivateKey) -> Result<Policy, String> {
    Policy::new(vec![key(secret)?], 1).map_err(|error| format!("{error:?}"))
}

fn sign(entry: &Entry, secrets: &[&PrivateKey]) -> Result<Signatures, String> {
    let signed = secrets.iter().map(|secret| Ok((key(secret)?, secret.sign_message(&entry.signed_bytes()))));
    Signatures::new(signed.collect::<Result<_, String>>()?).map_err(|error| format!("{error:?}"))
}

/// Opens the commitment to a profile, and is used for one version alone.
fn random() -> Result<[u8; 16], getrandom::Error> {
    let mut opening = [0; 16];
    getrandom::getrandom(&mut opening)?;
    Ok(opening)
}

/// A replica that shows another key in the place of the owner's.
struct Forger {
    network: AgentTransport,
    from: [u8; 32],
    to: [u8; 32],
}

impl Transport for Forger {
    async fn update(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.network.update(method, arg).await
    }

    async fn query(&self, method: &'static str, arg: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let mut reply = self.network.query(method, arg).await?;
        if let Some(at) = reply.windows(32).position(|bytes| bytes == self.from) {
            reply[at..at + 32].copy_from_slice(&self.to);
        }
        Ok(reply)
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        self.network.certificates()
    }

    async fn pause(&self, duration: Duration) {
        self.network.pause(duration).await;
    }
}
