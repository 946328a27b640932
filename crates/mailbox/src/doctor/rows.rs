//! The checks of the store, without the network.

use super::Check;
use crate::directory::last_look;
use crate::mailbox::Mailbox;
use crate::records::{Contact, Identity, Peer, Queued, Rows, Trust};
use crate::{Error, date, millis};
use directory_core::bundle::Bundle;

/// Time after which a waiting sealed message counts as stuck, in milliseconds: one hour.
const STUCK: u64 = 3_600_000;
/// Seconds after which the own entry should have been looked up again. `receive` does so once a day.
const UNWATCHED: u64 = 2 * 24 * 3_600;
/// Number of outbox rows that are read at once. Each may have 2 MB.
const PAGE: usize = 100;

impl Mailbox {
    /// Looks at contacts, the outbox, and when the own entry was looked at. Reads them in several snapshots, because one returns at
    /// most 1,000 rows.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn check_store(&self) -> Result<Vec<Check>, Error> {
        let now = millis();
        let (contacts, outbox) = (self.check_contacts(now / 1_000).await?, self.check_outbox(now).await?);
        let monitoring = self.store.read(move |snapshot| monitoring(snapshot, now / 1_000)).await?;
        Ok(vec![contacts, outbox, monitoring])
    }

    /// Contacts whose keys have expired, or who have other devices than before.
    async fn check_contacts(&self, now: u64) -> Result<Check, Error> {
        let (mut changed, mut expired, mut number) = (Vec::new(), Vec::new(), 0);
        for (_, contact) in self.contacts().await? {
            number += 1;
            match contact.trust {
                Trust::Unknown => {}
                Trust::Changed => changed.push(contact.name),
                Trust::Added | Trust::Verified => {
                    let Contact { name, devices, .. } = contact;
                    if !self.store.read(move |snapshot| has_keys(snapshot, &devices, now)).await? {
                        expired.push(name);
                    }
                }
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

    /// Sealed messages that the canister has not taken.
    async fn check_outbox(&self, now: u64) -> Result<Check, Error> {
        let (mut number, mut oldest, mut after) = (0_u64, now, Vec::new());
        loop {
            let from = after.clone();
            let page = self.store.read(move |snapshot| snapshot.records::<Queued>(b"", &from, PAGE)).await?;
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
}

/// Whether one of the devices has keys that are not expired.
fn has_keys(rows: &impl Rows, devices: &[Identity], now: u64) -> Result<bool, Error> {
    for identity in devices {
        let peer = rows.record::<Peer>(identity)?;
        let bundle = peer.and_then(|peer| Bundle::decode(&peer.bundle).ok());
        if bundle.is_some_and(|bundle| bundle.content.expiry > now) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the own label was looked up recently. A look-up notices foreign keys under it.
fn monitoring(rows: &impl Rows, now: u64) -> Result<Check, Error> {
    const SUBJECT: &str = "monitoring";
    let Some((label, checked)) = last_look(rows)? else {
        return Ok(Check::right(SUBJECT, "not registered in a directory: people need your card"));
    };
    let what = match now.checked_sub(checked) {
        Some(since) if since < UNWATCHED => {
            return Ok(Check::right(SUBJECT, format!("{label} was looked up in the last two days")));
        }
        Some(since) => format!("{label} was last looked up {} days ago", since / (24 * 3_600)),
        None => {
            format!("{label} was last looked up at {}, which is in the future: the clock was changed", date(checked))
        }
    };
    Ok(Check::wrong(SUBJECT, what, "'mailbox monitor' looks, and so does each 'mailbox receive' once a day"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::test_register;
    use crate::mailbox::test_mailbox;
    use crate::records::put;
    use crate::wire::card;
    use crate::{MAX_CONTACTS, contacts};
    use crypto_store::Tx;
    use directory_core::bundle::MAX_LIFETIME;

    const DAY: u64 = 24 * 3_600;

    async fn write(mailbox: &Mailbox, write: impl FnOnce(&mut Tx<'_>) -> Result<(), Error> + Send + 'static) {
        mailbox.store.write(write).await.unwrap();
    }

    #[tokio::test]
    async fn messages_that_wait_for_an_hour_are_stuck() {
        let (_folder, mailbox) = test_mailbox().await;
        write(&mailbox, |tx| {
            let row = Queued { entry: 0, since: 1_000, send_key: Vec::new(), envelope: vec![1] };
            put(tx, [[7_u8; 29].as_slice(), &1_u64.to_be_bytes()].concat(), &row)
        })
        .await;
        let result = async |now| mailbox.check_outbox(now).await.unwrap().result;
        assert_eq!(result(1_000).await.unwrap(), "1 sealed messages wait");
        assert!(result(999 + STUCK).await.is_ok());
        let stuck = result(1_000 + 3 * STUCK).await.unwrap_err();
        assert_eq!(stuck.what, "1 sealed messages wait, the oldest for 3 hours");
    }

    #[tokio::test]
    async fn a_contact_whose_keys_have_expired_and_one_with_other_devices_are_named() {
        let ((_folder, mailbox), (_other_folder, other)) = (test_mailbox().await, test_mailbox().await);
        let (card, issued) = (other.card().await.unwrap(), crate::seconds());
        let is_trusted = async |trust| {
            let card = card.clone();
            write(&mailbox, move |tx| {
                let card = card::verify(&card::from_text(&card)?, issued)?;
                contacts::take_card(tx, &card, None, None)?;
                let devices = contacts::identities(&card);
                let contact = Contact { name: "bob".into(), trust, issued: card.issued, devices, label: None };
                put(tx, card.address.bytes(), &contact)
            })
            .await;
        };
        let result = async |now| mailbox.check_contacts(now).await.unwrap().result;
        is_trusted(Trust::Added).await;
        assert!(result(issued + MAX_LIFETIME - DAY).await.is_ok());
        is_trusted(Trust::Verified).await;
        assert_eq!(result(issued + MAX_LIFETIME + DAY).await.unwrap_err().what, "expired keys: bob");
        is_trusted(Trust::Changed).await;
        assert_eq!(result(issued).await.unwrap_err().what, "other devices than before: bob");
    }

    #[tokio::test]
    async fn as_many_contacts_are_checked_as_there_may_be() {
        let ((_folder, mailbox), (_other_folder, other)) = (test_mailbox().await, test_mailbox().await);
        let (card, issued) = (other.card().await.unwrap(), crate::seconds());
        write(&mailbox, move |tx| {
            let card = card::verify(&card::from_text(&card)?, issued)?;
            let bundle = card.devices[0].bundle.encode();
            for number in 0..MAX_CONTACTS as u16 {
                let (mut address, mut identity) = ([1; 29], [1; 32]);
                address[..2].copy_from_slice(&number.to_be_bytes());
                identity[..2].copy_from_slice(&number.to_be_bytes());
                put(tx, identity, &Peer::new(card.address, bundle.clone()))?;
                let (name, devices) = (number.to_string(), vec![identity]);
                put(tx, address, &Contact { name, trust: Trust::Added, issued, devices, label: None })?;
            }
            Ok(())
        })
        .await;
        let checks = mailbox.check_store().await.unwrap();
        assert_eq!(checks[0].result.as_ref().unwrap(), "1000, and no keys have changed or expired");
    }

    #[tokio::test]
    async fn a_label_that_nobody_has_looked_up_for_two_days_is_told() {
        let (_folder, mailbox) = test_mailbox().await;
        let result = async |now| mailbox.store.read(move |snapshot| monitoring(snapshot, now)).await.unwrap().result;
        assert!(result(DAY).await.is_ok(), "nothing is registered");
        write(&mailbox, |tx| test_register(tx, "bob", 10 * DAY)).await;
        assert!(result(12 * DAY - 1).await.is_ok());
        assert_eq!(result(13 * DAY).await.unwrap_err().what, "bob was last looked up 3 days ago");
        let ahead = result(10 * DAY - 1).await.unwrap_err().what;
        assert!(ahead.starts_with("bob was last looked up at 1970-01-11"), "{ahead}");
    }
}
