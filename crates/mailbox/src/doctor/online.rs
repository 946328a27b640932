//! The checks that need the network.

use super::Check;
use crate::mailbox::Mailbox;
use crate::network::{Certified, Network};
use crate::{Error, seconds};
use candid::Principal;
use client::{CallError, Lie, Trust};

/// Maximum difference between the clock and the network's time in seconds. Certificates are up to a few seconds old.
const MAX_DRIFT: u64 = 60;

impl Mailbox {
    /// Checks the network, this machine's clock, the canister, the own inbox, and the own entry in the directory. If the
    /// network is not reached, the other checks are left out.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn check_network(&self, network: &impl Network) -> Result<Vec<Check>, Error> {
        let place = self.place().await?;
        let certified = match network.certified().await {
            Ok(certified) => certified,
            Err(error) => {
                let advice =
                    "check the connection, the network's address in 'mailbox status', and this machine's clock";
                return Ok(vec![Check::wrong("network", format!("{}: {error}", place.url), advice)]);
            }
        };
        let canister = Principal::from_slice(&place.canister);
        let mut checks = vec![
            Check::right("network", format!("{} answers, certified by the root key of 'mailbox init'", place.url)),
            clock(certified.time, seconds()),
        ];
        let found = self.canister(network, &canister, &certified).await?;
        let is_right = found.result.is_ok();
        checks.push(found);
        if is_right {
            checks.push(self.inbox(network).await?);
        }
        checks.extend(self.label(network).await?);
        Ok(checks)
    }

    async fn canister(&self, network: &impl Network, id: &Principal, certified: &Certified) -> Result<Check, Error> {
        const SUBJECT: &str = "canister";
        let advice = "compare the id with the one that the canister's operator names";
        let Some(module) = &certified.module else {
            return Ok(Check::wrong(SUBJECT, format!("{id} has no code"), advice));
        };
        let module = hex::encode(module);
        let client = network.client(&self.own().await?.sender.0);
        Ok(match client.get_status().await {
            Ok(_) => Check::right(SUBJECT, format!("{id}, module {module}")),
            Err(error) => Check::wrong(
                SUBJECT,
                format!("{id}, module {module}, does not answer as a message canister: {error}"),
                advice,
            ),
        })
    }

    async fn inbox(&self, network: &impl Network) -> Result<Check, Error> {
        const SUBJECT: &str = "inbox";
        let own = self.own().await?;
        let (inbox, id) = (own.inbox(), own.inbox().id());
        let position = self.position(id).await?;
        let Some(label) = position.label else {
            return Ok(Check::wrong(SUBJECT, "it is not claimed yet", "'mailbox receive' claims it"));
        };
        let client = network.client(&inbox.owner.0).with_label(&id, label);
        let heads = match client.read_key_heads(&[id]).await {
            Ok(heads) => heads,
            Err(CallError::Lie(Lie::NoProof)) => {
                let what = "the canister proves nothing of it: it may have forgotten the inbox";
                return Ok(Check::wrong(SUBJECT, what, "'mailbox receive' sets it up again"));
            }
            Err(error) => {
                return Ok(Check::wrong(
                    SUBJECT,
                    Error::Heads(error).to_string(),
                    "try again; if this remains, ask the canister's operator",
                ));
            }
        };
        if matches!(heads.trust, Trust::Unverified { .. }) {
            return Ok(Check::wrong(SUBJECT, "the answer has no proof", "ask the canister's operator"));
        }
        let head = heads.value.heads.first().and_then(Option::as_ref);
        let Some(head) = head.filter(|head| !position.is_forgotten(Some(head))) else {
            let what = "the canister has forgotten the owner of this inbox, which had no messages for a long time";
            return Ok(Check::wrong(SUBJECT, what, "'mailbox receive' sets it up again"));
        };
        match self.check_not_behind(id, head.acknowledged_id).await {
            Ok(()) => Ok(Check::right(SUBJECT, format!("claimed; {} messages in the canister", head.count))),
            Err(error @ Error::Behind { .. }) => {
                Ok(Check::wrong(SUBJECT, error.to_string(), "use the original; if it is lost, restore a backup"))
            }
            Err(error) => Err(error),
        }
    }

    /// The own entry, if there is one.
    async fn label(&self, network: &impl Network) -> Result<Option<Check>, Error> {
        const SUBJECT: &str = "label";
        Ok(match self.check_own_label(network).await? {
            None => None,
            Some((label, Ok(text))) => Some(Check::right(SUBJECT, format!("{label}: {text}"))),
            Some((_, Err(error))) => {
                let advice = match &error {
                    Error::Foreign { .. } => {
                        "was it another device of yours? Else warn your contacts by another channel"
                    }
                    Error::NotRatified(_) => "try again in a minute; if this remains, ask the directory's operator",
                    _ => "try again; if this remains, run 'mailbox register' again, or ask the directory's operator",
                };
                Some(Check::wrong(SUBJECT, error.to_string(), advice))
            }
        })
    }
}

/// `certified` and `now` are in seconds since 1970.
fn clock(certified: u64, now: u64) -> Check {
    let drift = certified.abs_diff(now);
    if drift <= MAX_DRIFT {
        return Check::right("clock", format!("within {MAX_DRIFT} seconds of the certificate's time"));
    }
    let direction = if now > certified { "ahead of" } else { "behind" };
    Check::wrong("clock", format!("{drift} seconds {direction} the certificate's time"), "set this machine's clock")
}

#[cfg(test)]
mod tests {
    use super::clock;

    #[test]
    fn a_clock_that_is_wrong_by_more_than_a_minute_is_told_with_the_direction() {
        assert!(clock(1_000, 1_060).result.is_ok() && clock(1_060, 1_000).result.is_ok());
        assert_eq!(clock(1_000, 1_061).result.unwrap_err().what, "61 seconds ahead of the certificate's time");
        assert_eq!(clock(1_061, 1_000).result.unwrap_err().what, "61 seconds behind the certificate's time");
    }
}
