//! Compares the whole directory with the model, while no actor uses it. Epochs may close meanwhile.

use client::agent::AgentTransport;
use client::directory::api::{CheckCursor, Status, View};
use client::directory::directory_core::head::Head;
use client::directory::directory_core::update::LoggedUpdate;
use client::directory::{DirectoryClient, request};
use serde_bytes::ByteBuf;

use super::draft;
use super::reads::{check, device_of};
use super::{Directory, pages};
use crate::inbox::Inbox;
use crate::soak::caller::{ask, failed, unanswered};
use crate::soak::{Depth, lock};
use crate::violation::{Verdict, Violation, ensure};

/// Compares the directory repeatedly.
#[derive(Default)]
pub struct Comparison {
    /// Number of updates at the canister's last check of itself.
    checked: u64,
}

impl Comparison {
    /// Checks that the directory has all known updates, and none that nobody sent. Returns how many updates without an outcome
    /// were newly found.
    ///
    /// # Errors
    ///
    /// If an update is missing, or nobody sent it.
    pub async fn compare(&mut self, directory: &Directory, depth: Depth) -> Verdict<u64> {
        let Directory { model, controller, .. } = directory;
        let status = ask(controller, &request::get_status()).await?;
        let (read_heads, read_updates) = {
            let model = lock(model);
            (model.read_heads(), model.read_updates())
        };
        // Heads are read first: the updates that they cover are in the log by then.
        let heads = heads(controller, read_heads).await?;
        let updates = updates(controller, read_updates).await?;
        let version = controller.version().await.map_err(unanswered)?;
        let landed = {
            let mut model = lock(model);
            let landed = model.note_updates(&updates)?;
            model.note_heads(&heads)?;
            model.check_log()?;
            let least = model.version;
            ensure(version >= least, || format!("the directory has version {version}, but {least} was shown"))?;
            model.version = version;
            let (labels, updates, epochs) = model.size();
            let Status { ratified, .. } = status;
            let fits = status.labels <= labels && status.updates <= updates && status.epochs <= epochs;
            ensure(fits && ratified <= epochs && ratified >= model.before().ratified, || {
                format!("the log has {labels} labels, {updates} updates and {epochs} heads, the status says {status:?}")
            })?;
            model.note_ratified(ratified);
            landed
        };
        let (_, updates, _) = lock(model).size();
        if depth == Depth::Everything || updates > 2 * self.checked {
            check_itself(controller, updates).await?;
            self.checked = updates;
        }
        if depth == Depth::Everything {
            look_up_all(directory).await?;
        }
        Ok(landed)
    }
}

/// The heads from an epoch on.
pub async fn heads(controller: &Inbox, from: u64) -> Verdict<Vec<Head>> {
    let heads = pages(from, async |from, limit| ask(controller, &request::get_heads(from, limit)).await).await?;
    decoded(&heads, Head::decode)
}

/// The updates from a position on.
pub async fn updates(controller: &Inbox, from: u64) -> Verdict<Vec<LoggedUpdate>> {
    let updates = pages(from, async |from, limit| ask(controller, &request::get_updates(from, limit)).await).await?;
    decoded(&updates, LoggedUpdate::decode)
}

fn decoded<T, E: std::fmt::Debug>(page: &[ByteBuf], decode: impl Fn(&[u8]) -> Result<T, E>) -> Verdict<Vec<T>> {
    let decoded: Result<_, E> = page.iter().map(|bytes| decode(bytes)).collect();
    decoded.map_err(|error| Violation(format!("the log cannot be read: {error:?}")))
}

/// The canister's own check.
async fn check_itself(controller: &Inbox, updates: u64) -> Verdict<()> {
    let (mut cursor, mut checked) = (CheckCursor::default(), 0);
    loop {
        let report = ask(controller, &request::check(cursor)).await?;
        ensure(report.violations.is_empty(), || format!("the directory's check: {:?}", report.violations))?;
        checked += u64::from(report.checked);
        match report.next {
            Some(next) => cursor = next,
            None => return ensure(checked >= updates, || format!("of {updates} updates {checked} were checked")),
        }
    }
}

/// Looks up every label at the newest head and at the ratified one. By now they are the same, so both answers must be the
/// log's.
async fn look_up_all(directory: &Directory) -> Verdict<()> {
    let Directory { model, controller, trusted, .. } = directory;
    let transport = AgentTransport::new(controller.agent.clone(), controller.canister);
    let mut client = DirectoryClient::new(transport, trusted.clone());
    let numbers = lock(model).numbers();
    for number in numbers {
        let label = draft::label(number);
        for view in [View::newest, View::ratified] {
            let before = lock(model).before();
            let verified = client.lookup(&label, view, None).await.map_err(failed)?;
            let mut model = lock(model);
            check(&mut model, number, view, before, &verified)?;
            let (expected, size) = (model.newest_closed(number).map(|sent| sent.hash), model.before().size);
            let found = verified.state.as_ref().map(|state| *state.hash());
            ensure(found == expected && verified.head.epoch + 1 == size, || {
                format!("label {number} has {found:?} at {:?}, not {expected:?} at head {size}", verified.head)
            })?;
        }
        let history = client.history(&label, View::newest).await.map_err(failed)?;
        let (shown, versions) = (history.changes.len(), lock(model).versions(number));
        ensure(shown == versions, || format!("label {number} has {versions} versions, its history shows {shown}"))?;
        let Some(device) = device_of(&history.verified)? else { continue };
        let stored = lock(model).stored(number);
        let shown = client.bundles(&label, &history.verified, &[]).await.map_err(failed)?;
        lock(model).bundles_shown(number, &device, &stored, &shown)?;
    }
    Ok(())
}
