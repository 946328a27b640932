//! New keys of this device: inbox, HPKE key, fallback key and send key rotate together. The device's identity stays.
//!
//! An introduction tells contacts the new inbox. The device reads the old inbox for as long as somebody may write to it, with
//! the account of that time. A bundle names an inbox and its fallback key, so a message's inbox determines the fallback key.

use crate::inbox::tell;
use crate::mailbox::{Mailbox, account, account_key, new_inbox, own};
use crate::records::{Contact, OWN, Own, Peer, Position, Rows, Seed, Trust, delete, put};
use crate::sealing::{Sealer, sealing};
use crate::{Error, contacts, random, seconds, waiting};
use crypto_store::Tx;
use directory_core::bundle::MAX_LIFETIME;
use vodozemac::olm::Account;

/// Maximum number of inboxes of a device, including the newest one.
pub const MAX_INBOXES: usize = 8;
/// How long an inbox is read after it was replaced, in seconds: the lifetime of a card, a week in the sender's outbox, and a
/// month in the canister.
pub const READ_ON: u64 = MAX_LIFETIME + (7 + 30) * 24 * 3_600;

/// The result of [`Mailbox::rotate_keys`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Number of devices that are told, by messages in the outbox.
    pub told: u32,
    /// Number of contacts' devices that are not told, because their keys have expired.
    pub expired: u32,
}

impl Mailbox {
    /// Makes a new inbox with new keys, and tells the contacts to whom this device has written. Strangers who know the old
    /// inbox do not learn the new one.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyInboxes`], and those of the store.
    pub async fn rotate_keys(&self) -> Result<Rotated, Error> {
        self.store
            .write(|tx| {
                let mut own = own(tx)?;
                if let [_, second, ..] = &own.inboxes[..]
                    && own.inboxes.len() >= MAX_INBOXES
                {
                    return Err(Error::TooManyInboxes { limit: MAX_INBOXES, until: second.made + READ_ON });
                }
                let old = own.inbox().id();
                tx.put(account_key(&old), account(tx)?)?;
                let mut account = account(tx)?;
                let inbox = new_inbox(&mut account, Some(own.inbox().made))?;
                put(tx, inbox.id(), &Position::default())?;
                own.inboxes.push(inbox);
                own.send_key = Seed(random()?);
                put(tx, OWN, &own)?;
                tx.put(OWN, account)?;
                sealing(tx, own, tell_contacts)
            })
            .await
    }

    /// Drops the old inboxes to which nobody can write any more. They must have been read just before: then the certificates have
    /// shown that the clock is right.
    pub(crate) async fn drop_old_inboxes(&self) -> Result<(), Error> {
        if old_inboxes(&self.own().await?, seconds()) == 0 {
            return Ok(());
        }
        self.store
            .write(|tx| {
                let mut own = own(tx)?;
                let number = old_inboxes(&own, seconds());
                for inbox in own.inboxes.drain(..number) {
                    waiting::drop_all(tx, &inbox.id(), |tx, id, letter| {
                        tell(tx, letter, id, "its session did not come while its inbox was read")
                    })?;
                    delete::<Position>(tx, inbox.id())?;
                    tx.delete::<Account>(account_key(&inbox.id()))?;
                }
                put(tx, OWN, &own)
            })
            .await
    }
}

/// Introduces this device again to the contacts to whom it has written.
fn tell_contacts(sealer: &mut Sealer, tx: &mut Tx<'_>) -> Result<Rotated, Error> {
    let mut rotated = Rotated { told: 0, expired: 0 };
    for (_, Contact { trust, devices, .. }) in contacts::all(tx)? {
        for identity in devices {
            let peer = tx.record::<Peer>(identity)?;
            let Some(mut peer) = peer.filter(|peer| peer.introduced && trust >= Trust::Added) else { continue };
            let is_told = sealer.introduce_again(tx, &identity, &mut peer)?;
            *if is_told { &mut rotated.told } else { &mut rotated.expired } += 1;
        }
    }
    Ok(rotated)
}

/// Number of the oldest inboxes whose time to be read has passed.
fn old_inboxes(own: &Own, now: u64) -> usize {
    own.inboxes.iter().skip(1).take_while(|next| next.made + READ_ON <= now).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::test_mailbox;
    use crate::records::Inbox;
    use crate::{Agents, Place};

    #[tokio::test]
    async fn an_old_inbox_that_cannot_be_read_is_kept() {
        let (_folder, mailbox) = test_mailbox().await;
        mailbox.rotate_keys().await.unwrap();
        let write = mailbox.store.write(|tx| {
            let mut own = own(tx)?;
            own.inboxes[1].made = seconds() - READ_ON;
            assert_eq!(old_inboxes(&own, seconds()), 1);
            put(tx, OWN, &own)
        });
        write.await.unwrap();
        let network = Agents::new(&mailbox.place().await.unwrap()).unwrap();
        mailbox.receive(&network, |_, _| ()).await.expect_err("there is no network");
        assert_eq!(mailbox.own().await.unwrap().inboxes.len(), 2);
    }

    #[test]
    fn an_old_inbox_is_read_until_it_expires_and_the_newest_one_always() {
        let inbox = |made| Inbox { owner: Seed([1; 32]), hpke: Seed([2; 32]), fallback: [3; 32], made };
        let place = Place { url: String::new(), root_key: Vec::new(), canister: vec![1] };
        let seed = || Seed([4; 32]);
        let inboxes = vec![inbox(100), inbox(200), inbox(300)];
        let own = Own { place, address: seed(), sender: seed(), send_key: seed(), inboxes };
        let old = [199, 200, 299, 300, 1_000_000].map(|now| old_inboxes(&own, READ_ON + now));
        assert_eq!(old, [0, 1, 1, 2, 2]);
    }
}
