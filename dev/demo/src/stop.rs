//! The signals that end the demo. It then kills its processes, removes its files, and names the signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use crate::error::{Error, Stopped};

/// Interval between two looks whether a signal came.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// Whether a signal came.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Catches the signals from now on.
    ///
    /// # Errors
    ///
    /// [`Error::System`].
    pub fn at_signals() -> Result<Self, Error> {
        let stop = Self::default();
        let (seen, (ready, caught)) = (stop.clone(), channel());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(error))),
            };
            runtime.block_on(async {
                let signals = signal(SignalKind::interrupt())
                    .and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)));
                let (mut interrupt, mut terminate) = match signals {
                    Ok(signals) => signals,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                // The receiver waits for this message.
                let _ = ready.send(Ok(()));
                let stopped = tokio::select! {
                    _ = interrupt.recv() => Stopped::Interrupt,
                    _ = terminate.recv() => Stopped::Terminate,
                };
                seen.0.store(stopped as u8, Ordering::Relaxed);
            });
        });
        let caught = caught.recv().unwrap_or_else(|error| Err(std::io::Error::other(error)));
        caught.map_err(|error| Error::System(format!("signals cannot be caught: {error}")))?;
        Ok(stop)
    }

    /// Fails if a signal came.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub fn check(&self) -> Result<(), Error> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            2 => Err(Error::Stopped(Stopped::Interrupt)),
            _ => Err(Error::Stopped(Stopped::Terminate)),
        }
    }

    /// Waits for this time, or until a signal comes.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub fn wait(&self, time: Duration) -> Result<(), Error> {
        let start = Instant::now();
        while start.elapsed() < time {
            self.check()?;
            thread::sleep(LOOK_INTERVAL);
        }
        self.check()
    }
}
