//! `registrar enter`: registers the registrar's label. A controller runs it once.

use crate::command::Enter;
use client::Transport;
use client::agent::{AgentTransport, builder};
use client::directory::api::View;
use client::directory::{DirectoryClient, Draft, pin, published};
use directory_core::label::Label;
use directory_core::policy::{Key, Policy};
use directory_core::profile::Profile;
use directory_core::signatures::Signatures;
use ic_agent::identity::BasicIdentity;
use std::error::Error;
use std::time::Duration;

/// Maximum age of cosignatures. They do not matter here.
const MAX_AGE: u64 = 3_600;
/// Wait for the entry's epoch: number of tries, and the time between them.
const TRIES: (u32, Duration) = (120, Duration::from_secs(1));

/// Registers the label, and prints the key that clients pin.
pub fn run(enter: &Enter) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(register(enter))
}

async fn register(enter: &Enter) -> Result<(), Box<dyn Error>> {
    let key = key_file::read(&enter.key)?;
    let public = Key::of(&key);
    let policy = Policy::one(public);
    let unusable = |error| format!("{}: {error}", enter.network);
    let mut agent = builder(&enter.network).map_err(unusable)?;
    if let Some(path) = &enter.identity {
        let identity = BasicIdentity::from_pem_file(path).map_err(|error| format!("{}: {error}", path.display()))?;
        agent = agent.with_identity(identity);
    }
    let agent = agent.build().map_err(unusable)?;
    if enter.fetch_root_key {
        agent.fetch_root_key().await.map_err(unusable)?;
    }
    let transport = AgentTransport::new(agent, enter.canister);
    let trusted = pin(&published(&transport).await?, &enter.canister, vec![policy.clone()], MAX_AGE)?;
    let mut client = DirectoryClient::new(transport, trusted);
    let found = client.lookup(&Label::Registrar, View::newest, None).await?;
    if let Some(state) = found.state {
        let entered = &state.newest().policy;
        let keys: Vec<_> = entered.keys().iter().map(|key| hex::encode(key.bytes())).collect();
        let keys = keys.join(", ");
        return match *entered == policy {
            true => Err(format!("the registrar's key {keys} is already entered").into()),
            false => Err(format!("the directory already has another registrar, with the keys {keys}").into()),
        };
    }
    let mut opening = [0; 16];
    getrandom::getrandom(&mut opening)?;
    let profile = Profile::new(Vec::new(), Vec::new()).map_err(|error| format!("{error:?}"))?;
    let draft = Draft::first(client.trusted().realm, found.index, &Label::Registrar, policy, &profile, opening);
    let signatures = Signatures::by(&key, &draft.entry.signed_bytes());
    client.update(&draft.signed(signatures, Signatures::default(), None)).await?;
    // The registrar can vouch from now on. Look-ups prove the entry once its epoch has closed.
    for _ in 0..TRIES.0 {
        if client.lookup(&Label::Registrar, View::newest, None).await?.state.is_some() {
            break;
        }
        client.transport().pause(TRIES.1).await;
    }
    println!("entered: {}", hex::encode(public.bytes()));
    Ok(())
}
