//! The bytes that the network writes to disk for each add.

use std::fmt::Debug;
use std::path::Path;

use client::Request;
use test_support::process::Start;

use super::cases::{BATCH, add, batch};
use crate::inbox::{Inbox, Outcome};
use crate::usage::Usage;

/// Number of adds in an average.
const AVERAGED: u64 = 50;

/// Average bytes that an add writes to disk, at each of these numbers of stored messages. The sizes must ascend and be
/// multiples of 1,000. The network keeps its state in `folder`.
///
/// # Errors
///
/// If a call to the network fails.
pub async fn measure(module: &Path, folder: &Path, sizes: &[u64]) -> Result<Vec<u64>, String> {
    let start = Start::new([module]).map(|start| Start { state: Some(folder.to_owned()), ..start });
    let network = start.and_then(|start| start.run()).map_err(|error| error.to_string())?;
    let written = || Usage::of(network.id()).map(|usage| usage.written_bytes).map_err(|error| error.to_string());
    let inbox = Inbox::connect(&network.url(), network.canister(), 0, None).await.map_err(|error| error.to_string())?;
    let (mut batches, mut adds, mut bytes) = (0, 0, Vec::new());
    for &size in sizes {
        while (batches + 1) * BATCH <= size {
            send(&inbox, &batch(batches)).await?;
            batches += 1;
        }
        let before = written()?;
        for _ in 0..AVERAGED {
            // No batch uses these message numbers.
            let id = send(&inbox, &add(u64::from(u32::MAX) + adds)).await?.id;
            adds += 1;
            if u64::from(id) != batches * BATCH + adds {
                return Err(format!("{} messages should be stored, the last is {id}", batches * BATCH + adds));
            }
        }
        bytes.push((written()? - before) / AVERAGED);
    }
    network.stop().map_err(|error| error.to_string())?;
    Ok(bytes)
}

async fn send<T, E: Debug>(inbox: &Inbox, request: &Request<T, E>) -> Result<T, String> {
    let method = request.method;
    match inbox.send(&inbox.sign(request).map_err(|error| error.to_string())?).await {
        Ok(Outcome::Replied(reply)) => request.decode(&reply).map_err(|error| format!("{method}: {error}")),
        Ok(Outcome::Expired) => Err(format!("{method}: a fresh call expired")),
        Err(error) => Err(format!("{method}: {error}")),
    }
}
