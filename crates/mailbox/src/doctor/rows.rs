//! The checks of the store, without the network.

use super::Check;
use crate::directory::last_look;
use crate::mailbox::Mailbox;
use crate::records::{Contact, Peer, Queued, Rows, Trust};
use crate::{Error, contacts, millis};
use directory_core::bundle::Bundle;

/// Time after which a waiting sealed message counts as stuck, in milliseconds: one hour.
const STUCK: u64 = 3_600_000;
/// Seconds after which the own entry should have been looked up again. `receive` does so once a day.
const UNWATCHED: u64 = 2 * 24 * 3_600;
/// Number of outbox rows that are read at once. Each may have 2 MB.
const PAGE: usize = 100;

impl Mailbox {
    /// Looks at contacts, the outbox, and when the own entry was looked at.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn check_store(&self) -> Result<Vec<Check>, Error> {
        let now = millis();
        self.store
            .read(move |snapshot| {
                Ok(vec![contacts(snapshot, now / 1_000)?, outbox(snapshot, now)?, monitoring(snapshot, now / 1_000)?])
            })
            .await
    }
}

/// Contacts whose keys have expired, or who have other devices than before.
fn contacts(rows: &impl Rows, now: u64) -> Result<Check, Error> {
    let (mut changed, mut expired, mut number) = (Vec::new(), Vec::new(), 0);
    for (_, contact) in contacts::all(rows)? {
        number += 1;
        match contact.trust {
            Trust::Unknown => {}
            Trust::Changed => changed.push(contact.name),
            Trust::Added | Trust::Verified if !has_keys(rows, &contact, now)? => expired.push(contact.name),
            Trust::Added | Trust::Verified => {}
        }
    }
    if changed.is_empty() && expired.is_empty() {
        return Ok(Check::right("contacts", format!("{number}, and no keys have changed or expired")));
    }
    let (mut what, mut advice) = (Vec::new(), Vec::new());
    if !changed.is_empty() {
        what.push(format!("other devices than before: {}", changed.join(", ")));
        advice.push("ask the person, by another channel, and take a new card");
    }
    if !expired.is_empty() {
        what.push(format!("expired keys: {}", expired.join(", ")));
        advice.push("take a new card with 'mailbox contacts add', or use 'mailbox contacts find'");
    }
    Ok(Check::wrong("contacts", what.join("; "), advice.join("; ")))
}

/// Whether a device of the contact has keys that are not expired.
fn has_keys(rows: &impl Rows, contact: &Contact, now: u64) -> Result<bool, Error> {
    for identity in &contact.devices {
        let peer = rows.record::<Peer>(identity)?;
        let bundle = peer.and_then(|peer| Bundle::decode(&peer.bundle).ok());
        if bundle.is_some_and(|bundle| bundle.content.expiry > now) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sealed messages that the canister has not taken.
fn outbox(rows: &impl Rows, now: u64) -> Result<Check, Error> {
    let (mut number, mut oldest, mut after) = (0_u64, now, Vec::new());
    loop {
        let page = rows.records::<Queued>(b"", &after, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        number += page.len() as u64;
        oldest = page.iter().map(|(_, row)| row.since).fold(oldest, u64::min);
    }
    let waited = now.saturating_sub(oldest);
    if waited < STUCK {
        return Ok(Check::right("outbox", format!("{number} sealed messages wait")));
    }
    let what = format!("{number} sealed messages wait, the oldest for {} hours", waited / STUCK);
    Ok(Check::wrong(
        "outbox",
        what,
        "'mailbox receive' sends them, or says why the canister does not take them; after 7 days they are given up",
    ))
}

/// Whether the own label was looked up recently. A look-up notices foreign keys under it.
fn monitoring(rows: &impl Rows, now: u64) -> Result<Check, Error> {
    const SUBJECT: &str = "monitoring";
    let Some((label, checked)) = last_look(rows)? else {
        return Ok(Check::right(SUBJECT, "not registered in a directory: people need your card"));
    };
    let since = now.saturating_sub(checked);
    if since < UNWATCHED {
        return Ok(Check::right(SUBJECT, format!("{label} was looked up in the last two days")));
    }
    let what = format!("{label} was last looked up {} days ago", since / (24 * 3_600));
    Ok(Check::wrong(SUBJECT, what, "'mailbox monitor' looks, and so does each 'mailbox receive' once a day"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::test_register;
    use crate::records::put;
    use crate::wire::card;
    use crate::{Address, Place};
    use crypto_store::Tx;
    use directory_core::bundle::MAX_LIFETIME;
    use tempfile::TempDir;

    const DAY: u64 = 24 * 3_600;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    async fn mailbox() -> (TempDir, Mailbox) {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { url: "http://127.0.0.1:1".into(), root_key: Vec::new(), canister: vec![1] };
        let mailbox = Mailbox::create(&folder.path().join("mailbox"), place).await.unwrap();
        (folder, mailbox)
    }

    /// Writes rows, and runs a check.
    fn after(
        prepare: impl FnOnce(&mut Tx<'_>) -> Result<(), Error> + Send + 'static,
        look: impl FnOnce(&mut Tx<'_>) -> Result<Check, Error> + Send + 'static,
    ) -> Check {
        runtime().block_on(async {
            let (_folder, mailbox) = mailbox().await;
            mailbox
                .store
                .write(move |tx| {
                    prepare(tx)?;
                    look(tx)
                })
                .await
                .unwrap()
        })
    }

    #[test]
    fn messages_that_wait_for_an_hour_are_stuck() {
        let put_row = |tx: &mut Tx<'_>| {
            let row = Queued { entry: 0, since: 1_000, send_key: Vec::new(), envelope: vec![1] };
            put(tx, [[7_u8; 29].as_slice(), &1_u64.to_be_bytes()].concat(), &row)
        };
        assert_eq!(after(put_row, |tx| outbox(&*tx, 1_000)).result.unwrap(), "1 sealed messages wait");
        assert!(after(put_row, |tx| outbox(&*tx, 999 + STUCK)).result.is_ok());
        let stuck = after(put_row, |tx| outbox(&*tx, 1_000 + 3 * STUCK)).result.unwrap_err();
        assert_eq!(stuck.what, "1 sealed messages wait, the oldest for 3 hours");
    }

    #[test]
    fn a_contact_whose_keys_have_expired_and_one_with_other_devices_are_named() {
        let card = runtime().block_on(async {
            let (_folder, other) = mailbox().await;
            other.card().await.unwrap()
        });
        let issued = crate::seconds();
        let bob = move |trust| {
            let card = card.clone();
            move |tx: &mut Tx<'_>| {
                let card = card::verify(&card::from_text(&card)?, issued)?;
                contacts::take_card(tx, &card, None, None)?;
                let devices = contacts::identities(&card);
                let contact = Contact { name: "bob".into(), trust, issued: card.issued, devices, label: None };
                let address: Address = card.address;
                put(tx, address.bytes(), &contact)
            }
        };
        let looked = |now| move |tx: &mut Tx<'_>| contacts(&*tx, now);
        assert!(after(bob(Trust::Added), looked(issued + MAX_LIFETIME - DAY)).result.is_ok());
        let expired = after(bob(Trust::Verified), looked(issued + MAX_LIFETIME + DAY)).result.unwrap_err();
        assert_eq!(expired.what, "expired keys: bob");
        let changed = after(bob(Trust::Changed), looked(issued)).result.unwrap_err();
        assert_eq!(changed.what, "other devices than before: bob");
    }

    #[test]
    fn a_label_that_nobody_has_looked_up_for_two_days_is_told() {
        assert!(after(|_| Ok(()), |tx| monitoring(&*tx, DAY)).result.is_ok(), "nothing is registered");
        let registered = |tx: &mut Tx<'_>| test_register(tx, "bob", 10 * DAY);
        assert!(after(registered, |tx| monitoring(&*tx, 12 * DAY - 1)).result.is_ok());
        let unwatched = after(registered, |tx| monitoring(&*tx, 13 * DAY)).result.unwrap_err();
        assert_eq!(unwatched.what, "bob was last looked up 3 days ago");
    }
}
