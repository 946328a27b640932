//! Kills the network while the clients work, starts it again and checks that nothing is missing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Shared;
use super::show::lock;
use super::verify::{Depth, Verifier};
use crate::violation::{Verdict, Violation};
use test_support::Random;
use test_support::process::{Process, Start};

/// Interval at which the killer looks at the clients' progress.
const LOOK_INTERVAL: Duration = Duration::from_millis(2);
/// Time that it waits for a large call to be under way.
const LARGE_CALL_WAIT: Duration = Duration::from_secs(2);

/// The killer.
pub struct Killer {
    /// The options for starting the network again.
    pub start: Start,
    /// The network.
    pub network: Option<Process>,
    /// The state that clients and killer share.
    pub shared: Arc<Shared>,
    /// The verifier that compares the store with the model.
    pub verifier: Verifier,
    /// When it strikes.
    pub random: Random,
}

impl Killer {
    /// Kills the network so many times, evenly over so many operations.
    ///
    /// # Errors
    ///
    /// If something happens that must not.
    pub async fn run(&mut self, kills: u64, operations: u64) -> Verdict<()> {
        for kill in 0..kills {
            let place = place(operations, kills, kill, &mut self.random);
            while self.shared.done.load(Ordering::Relaxed) < place {
                tokio::time::sleep(LOOK_INTERVAL).await;
                if self.shared.failed.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
            self.kill_once().await?;
        }
        Ok(())
    }

    async fn kill_once(&mut self) -> Verdict<()> {
        match self.random.below(4) {
            0 => self.kill_within(30).await?,
            // While a large batch or message is sent, executed or written.
            1 | 2 => {
                let large_call = self.shared.large_call.notified();
                let _ = tokio::time::timeout(LARGE_CALL_WAIT, large_call).await;
                self.kill_within(12).await?;
            }
            // While the canister is upgraded, or when its indexes are rebuilt.
            _ => {
                let shared = Arc::clone(&self.shared);
                let upgrade = tokio::spawn(async move { shared.upgrade_once().await });
                let within = if self.random.per_mille(500) { 50 } else { 400 };
                self.kill_within(within).await?;
                // The upgrade may end in any way. Whether it failed shows only now, with the network up again.
                self.restart().await?;
                return upgrade.await.map_err(|error| Violation(error.to_string()))?.map(drop);
            }
        }
        self.restart().await
    }

    async fn kill_within(&mut self, milliseconds: u64) -> Verdict<()> {
        let time = Duration::from_micros(self.random.below(milliseconds * 1_000));
        tokio::time::sleep(time).await;
        let network = self.network.take().expect("it runs");
        self.shared.gate.killing();
        network.kill().map_err(|error| Violation(format!("the network cannot be killed: {error}")))
    }

    async fn restart(&mut self) -> Verdict<()> {
        let shared = Arc::clone(&self.shared);
        let (closed, cut) = shared.gate.close().await;
        let begin = Instant::now();
        // Now and then it is killed again while it starts.
        if self.random.per_mille(250) {
            let (start, time) = (self.start.clone(), Duration::from_millis(self.random.below(150)));
            let starting = blocking(move || start.run_for(time)).await?;
            lock(&shared.tally).kills_at_start += u64::from(starting);
        }
        self.start().await?;
        let found = self.verifier.verify(&shared.model, &shared.controller, Depth::Restart).await?;
        shared.gate.restarted();
        drop(closed);
        let mut tally = lock(&shared.tally);
        tally.kills += 1;
        tally.kills_under_way += u64::from(cut > 0);
        tally.landed += found.landed as u64;
        tally.looking += begin.elapsed();
        Ok(())
    }

    /// Starts the network where it was.
    pub async fn start(&mut self) -> Verdict<()> {
        let start = self.start.clone();
        self.network = Some(blocking(move || start.run()).await?);
        Ok(())
    }
}

/// Runs `f`, which waits for processes, on a thread where it blocks no task.
pub async fn blocking<T: Send + 'static>(f: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Verdict<T> {
    let result = tokio::task::spawn_blocking(f).await.map_err(|error| Violation(error.to_string()))?;
    result.map_err(|error| Violation(format!("the network cannot be started: {error}")))
}

/// Number of operations that are done when the network is killed this time: evenly over all of them, and always before the
/// last.
fn place(operations: u64, kills: u64, kill: u64, random: &mut Random) -> u64 {
    operations * kill / (kills + 1) + random.below(operations / (kills + 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::{CLIENTS, share};

    /// Else the killer would wait for ever.
    #[test]
    fn the_clients_come_as_far_as_the_killer_waits_for() {
        let mut random = Random::of(&[1]);
        for operations in [1, 7, 8, 100, 5_000] {
            let made: u64 = (0..CLIENTS).map(|client| share(operations, client)).sum();
            assert_eq!(made, operations);
            for kills in [1, 4, 40, 160] {
                let latest = (0..kills).map(|kill| place(operations, kills, kill, &mut random)).max();
                assert!(latest < Some(made), "{operations} operations, {kills} kills: {latest:?}");
            }
        }
    }
}
