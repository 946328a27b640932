//! Verified pages of an inbox, each bound to the position behind which it was read.
//!
//! Processes read at once. Two answers that were verified behind the same position each continue it, but one need not continue
//! the other. So a page is stored only if the position is still the one behind which it was read.

use crate::Error;
use crate::inbox::Received;
use crate::records::Position;
use client::api::{Order, Page, PageError, Start};
use client::proofs::seen;
use client::{CallError, Client, Pages, Transport, Trust};

/// Epoch, id, rank and chain value of the newest message that was verified.
type Seen = Option<(u64, u32, u32, [u8; 32])>;
/// Id of the last message that was read, and the newest one that was verified.
type Reached = (u32, Seen);

/// The move from one position to the next.
pub(crate) struct Step {
    from: Reached,
    to: Reached,
}

/// A page, and the step that it makes.
pub(crate) struct Read {
    pub page: Page,
    pub step: Step,
}

impl Position {
    /// Moves on by a step. False: it stands elsewhere, and stays there. A restored store knows nothing of later acknowledgements.
    pub fn takes(&mut self, step: &Step) -> bool {
        if (self.id, self.seen) != step.from {
            return false;
        }
        let epoch = |seen: Seen| seen.map(|(epoch, ..)| epoch);
        if self.seen.is_some() && epoch(self.seen) != epoch(step.to.1) {
            self.acknowledged = 0;
        }
        (self.id, self.seen) = step.to;
        true
    }
}

/// The pages of a key after a position.
pub(crate) fn pages_behind<'c, T: Transport>(client: &'c Client<T>, id: &[u8], position: &Position) -> Pages<'c, T> {
    let pages = client.messages_of_key(id, Order::ascending, Start::after(position.id));
    match position.seen {
        Some((epoch, id, rank, chain)) => pages.with_seen(seen::Seen { epoch, id, rank, chain }),
        None => pages,
    }
}

/// The next page.
pub(crate) async fn read_next<T: Transport>(
    pages: &mut Pages<'_, T>,
    received: &mut Received,
) -> Result<Option<Read>, Error> {
    let from = reached(pages);
    let page = pages.next().await.map_err(|error| match error {
        CallError::Refused(PageError::UnknownCursor { after }) => Error::OtherStore { position: after },
        error => Error::Page(error),
    })?;
    let Some(page) = page else { return Ok(None) };
    received.is_verified &= matches!(page.trust, Trust::Verified { .. });
    let (read, seen) = reached(pages);
    // An empty page reports that everything behind the position was dropped. It is reported once.
    let read = if page.value.messages.is_empty() { read.max(seen.map_or(0, |(_, id, ..)| id)) } else { read };
    Ok(Some(Read { page: page.value, step: Step { from, to: (read, seen) } }))
}

fn reached<T: Transport>(pages: &Pages<'_, T>) -> Reached {
    (pages.position(), pages.seen().map(|seen| (seen.epoch, seen.id, seen.rank, seen.chain)))
}
