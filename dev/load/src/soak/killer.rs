//! Kills the network while the actors work, restarts it, and compares both canisters with their models.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Canister, Depth, Shared, directory, messages};
use crate::violation::{Verdict, Violation};
use test_support::Random;
use test_support::process::{Process, Start};

/// Maximum wait for a large call to be under way, and for answers to be lost.
const CALL_WAIT: Duration = Duration::from_secs(2);
/// Number of answers that are lost before a kill that waits for them. Some of them are answers to updates.
const LOST_ANSWERS: usize = 4;

/// The killer.
pub struct Killer {
    /// The options for restarting the network.
    start: Start,
    /// The network.
    pub network: Option<Process>,
    /// The state that all actors share.
    shared: Arc<Shared>,
    /// Compares the message canister with its model.
    messages: messages::Verifier,
    /// Compares the directory with its model.
    directory: directory::Comparison,
    /// Chooses the moments of the kills.
    random: Random,
}

impl Killer {
    /// The killer of this network.
    pub fn new(start: Start, network: Process, shared: Arc<Shared>, seed: u64) -> Self {
        let random = Random::of(&[seed, u64::MAX]);
        let (messages, directory) = (messages::Verifier::default(), directory::Comparison::default());
        Self { start, network: Some(network), shared, messages, directory, random }
    }

    /// Kills the network this often, spread evenly over the operations.
    ///
    /// # Errors
    ///
    /// If an invariant is violated.
    pub async fn run(&mut self, kills: u64, operations: u64) -> Verdict<()> {
        for kill in 0..kills {
            let place = place(operations, kills, kill, &mut self.random);
            if !self.shared.reached(place).await {
                return Ok(());
            }
            self.kill_once(kill, operations).await?;
        }
        Ok(())
    }

    /// Kills the network once. The kinds of moments take turns.
    async fn kill_once(&mut self, kill: u64, operations: u64) -> Verdict<()> {
        match kill % 6 {
            0 => self.kill_within(30).await?,
            // While a large batch or message is sent, executed or written.
            1 => {
                let _ = tokio::time::timeout(CALL_WAIT, self.shared.large_call.notified()).await;
                self.kill_within(12).await?;
            }
            // After calls were executed, and before their answers arrive.
            2 => {
                self.shared.gate.killing();
                let _ = tokio::time::timeout(CALL_WAIT, self.shared.gate.lost(LOST_ANSWERS)).await;
                self.kill()?;
            }
            // While a label's entry is registered or changed.
            3 => {
                let shared = Arc::clone(&self.shared);
                tokio::select! {
                    () = shared.label_call.notified() => {}
                    _ = shared.reached(operations) => {}
                }
                let within = if self.random.per_mille(500) { 4 } else { 12 };
                self.kill_within(within).await?;
            }
            // During an upgrade, or while the canister rebuilds its indexes.
            4 => return self.kill_amid_upgrade(Canister::Messages).await,
            _ => return self.kill_amid_upgrade(Canister::Directory).await,
        }
        self.restart().await
    }

    async fn kill_amid_upgrade(&mut self, canister: Canister) -> Verdict<()> {
        let shared = Arc::clone(&self.shared);
        let upgrade = tokio::spawn(async move { shared.upgrade_once(canister).await });
        let within = if self.random.per_mille(500) { 50 } else { 400 };
        self.kill_within(within).await?;
        // The upgrade may have succeeded or been cut off. This is known only once the network is up again.
        self.restart().await?;
        upgrade.await.map_err(|error| Violation(error.to_string()))?.map(drop)
    }

    async fn kill_within(&mut self, milliseconds: u64) -> Verdict<()> {
        let time = Duration::from_micros(self.random.below(milliseconds * 1_000));
        tokio::time::sleep(time).await;
        self.shared.gate.killing();
        self.kill()
    }

    /// Kills the network after [`Gate::killing`](super::gate::Gate::killing).
    fn kill(&mut self) -> Verdict<()> {
        let network = self.network.take().expect("it runs");
        network.kill().map_err(|error| Violation(format!("the network cannot be killed: {error}")))
    }

    async fn restart(&mut self) -> Verdict<()> {
        let shared = Arc::clone(&self.shared);
        let (closed, cut) = shared.gate.close().await;
        let begin = Instant::now();
        // Sometimes it is killed again while it starts.
        if self.random.per_mille(250) {
            let (start, time) = (self.start.clone(), Duration::from_millis(self.random.below(150)));
            let starting = blocking(move || start.run_for(time)).await?;
            shared.tally().kills_at_start += u64::from(starting);
        }
        self.start().await?;
        self.compare(Depth::Restart).await?;
        shared.gate.restarted();
        drop(closed);
        let mut tally = shared.tally();
        tally.kills += 1;
        tally.kills_under_way += u64::from(cut > 0);
        tally.looking += begin.elapsed();
        Ok(())
    }

    /// Compares both canisters with their models.
    async fn compare(&mut self, depth: Depth) -> Verdict<()> {
        let shared = Arc::clone(&self.shared);
        let messages = &shared.messages;
        let found = self.messages.verify(&messages.model, &messages.controller, depth).await?;
        shared.tally().messages.landed += found.landed as u64;
        let landed = self.directory.compare(&shared.directory, depth).await?;
        shared.tally().directory.landed += landed;
        Ok(())
    }

    /// Compares everything after all actors have ended, before and after a clean stop.
    ///
    /// # Errors
    ///
    /// If an invariant is violated.
    pub async fn finish(&mut self, verifiers: &mut [directory::Verifier]) -> Verdict<()> {
        directory::ratify(&self.shared, verifiers).await?;
        self.compare(Depth::Everything).await?;
        self.stop().await?;
        self.start().await?;
        self.compare(Depth::Everything).await?;
        directory::replay(&self.shared.directory).await?;
        self.stop().await
    }

    async fn stop(&mut self) -> Verdict<()> {
        let network = self.network.take().expect("it runs");
        blocking(move || network.stop()).await
    }

    /// Starts the network on the same port.
    async fn start(&mut self) -> Verdict<()> {
        let start = self.start.clone();
        self.network = Some(blocking(move || start.run()).await?);
        Ok(())
    }
}

/// Runs a blocking function on a thread of its own.
pub async fn blocking<T: Send + 'static>(f: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Verdict<T> {
    let result = tokio::task::spawn_blocking(f).await.map_err(|error| Violation(error.to_string()))?;
    result.map_err(|error| Violation(format!("the network cannot be started: {error}")))
}

/// Number of operations after which this kill comes. Kills are spread evenly, and the last one comes before the last operation.
fn place(operations: u64, kills: u64, kill: u64, random: &mut Random) -> u64 {
    operations * kill / (kills + 1) + random.below(operations / (kills + 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::CLIENTS;
    use crate::soak::cast::share;

    /// Otherwise the killer would wait for ever.
    #[test]
    fn the_clients_come_as_far_as_the_killer_waits_for() {
        let mut random = Random::of(&[1]);
        for operations in [1, 7, 8, 100, 5_000] {
            let made: u64 = (0..CLIENTS).map(|client| share(operations, CLIENTS, client)).sum();
            assert_eq!(made, operations);
            for kills in [1, 4, 40, 160] {
                let latest = (0..kills).map(|kill| place(operations, kills, kill, &mut random)).max();
                assert!(latest < Some(made), "{operations} operations, {kills} kills: {latest:?}");
            }
        }
    }
}
