//! `verifier run`.

use super::{DONE, HALTED, now, server};
use directory_core::configuration::Configuration;
use std::error::Error;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use verifier::disk::{Files, Folder};
use verifier::follow::{End, Follower, Round, Rules};
use verifier::journal;
use verifier::network::{Network, Platform, Trouble};
use verifier::pinned::Pinned;
use verifier::progress::Progress;
use verifier::settings::Settings;
use verifier::verifier::{Stop, Verifier};

pub fn run(config: &Path) -> Result<u8, Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let settings = Settings::read(config).map_err(|error| error.to_string())?;
    // The workers fetch the next pages while one is replayed, serve the metrics, and wait for signals.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        // Replaying may keep its thread busy for minutes: it has one of its own.
        let following = tokio::task::spawn_blocking(move || Handle::current().block_on(follow(&settings)));
        let signal = tokio::select! {
            ended = following => return ended?.map_err(|why| why as Box<dyn Error>),
            _ = interrupt.recv() => "interrupt",
            _ = terminate.recv() => "terminate",
        };
        tracing::info!(signal, "ends");
        Ok(DONE)
    });
    // After a signal the thread ends with the process, whatever it does. That is no worse than a kill, which the files survive.
    runtime.shutdown_background();
    ended
}

/// The reason why following ends, on its way between threads.
type Failure = Box<dyn Error + Send + Sync>;

async fn follow(settings: &Settings) -> Result<u8, Failure> {
    let (progress, shown) = watch::channel(Progress::default());
    if let Some(address) = settings.listen {
        let listener = TcpListener::bind(address).await.map_err(|error| format!("listen = {address}: {error}"))?;
        tracing::info!(address = %listener.local_addr()?, "serves /metrics and /healthz");
        tokio::spawn(server::serve(listener, shown));
    }
    let key = settings.signing_key().map_err(|error| error.to_string())?;
    let disk = Folder::open(&settings.folder).map_err(|error| format!("{}: {error}", settings.folder.display()))?;
    let pause = Duration::from_millis(settings.pause_ms);
    let platform = settings.platform()?;
    let pinned = loop {
        match pinned(&platform, settings).await {
            Ok(pinned) => break pinned,
            Err(trouble) => tracing::warn!("the directory is not known yet: {trouble}"),
        }
        tokio::time::sleep(pause).await;
    };
    tracing::info!(bytes = disk.size(journal::FILE)?, "reads the journal");
    let verifier = match Verifier::open(disk, pinned.pins()?, &settings.name, key) {
        Ok(verifier) => verifier,
        Err(stop) => return stopped(stop),
    };
    let own = verifier.signer().public();
    if !pinned.configuration.verifiers().contains(own) {
        return Err(format!("the directory's configuration names no verifier {} with this key", own.name()).into());
    }
    tracing::info!(name = own.name(), replayed = verifier.checkpoint().size, "starts");
    let rules = Rules { modules: settings.modules.clone(), resign: settings.resign_seconds };
    let mut follower = Follower::new(platform, pinned, rules, verifier, progress)?;
    loop {
        match follower.round(now).await {
            Ok(Round::Outrun) => continue,
            Ok(Round::Cosigned { size }) => tracing::debug!(size, "nothing new"),
            Ok(Round::Withheld(_)) => {}
            Err(End::Trouble(trouble)) => tracing::warn!("{trouble}"),
            Err(End::Stop(stop)) => return stopped(stop),
        }
        tokio::time::sleep(pause).await;
    }
}

fn stopped(stop: Stop) -> Result<u8, Failure> {
    match stop {
        Stop::Halted(_) => {
            tracing::error!("{stop}");
            Ok(HALTED)
        }
        other => Err(other.into()),
    }
}

/// The directory's published configuration. It must be the one that the operator pins.
async fn pinned(platform: &Platform, settings: &Settings) -> Result<Pinned, Trouble> {
    let wrong = |why: String| Trouble::Unverified(why);
    let configuration = Configuration::decode(&platform.configuration().await?);
    let configuration = configuration.map_err(|error| wrong(format!("the configuration: {error:?}")))?;
    let hash = configuration.hash(&settings.vrf_key);
    if hash != settings.configuration {
        return Err(wrong(format!("the configuration {} is not the pinned one", hex::encode(hash))));
    }
    let registrar = if configuration.has_registrar() { Some(platform.registrar().await?) } else { None };
    let pinned = Pinned {
        canister: settings.canister,
        root_key: platform.root_key(),
        vrf_key: settings.vrf_key,
        configuration,
        registrar,
    };
    pinned.pins().map_err(wrong)?;
    Ok(pinned)
}
