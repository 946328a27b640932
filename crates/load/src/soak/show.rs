//! Looks at what the store shows: each message is one that was sent, whole, at the id that is known.

use std::sync::Mutex;

use message_canister::api::{Id, Message};

use super::model::{Model, Sent};
use crate::violation::{Verdict, ensure};

/// Locks the model.
pub fn lock(model: &Mutex<Model>) -> std::sync::MutexGuard<'_, Model> {
    model.lock().expect("no thread panics while it holds this lock")
}

/// Checks messages that the store showed, and notes their ids.
///
/// # Errors
///
/// If one is not as it was sent, or not where it was.
pub fn check_messages(model: &Mutex<Model>, messages: &[Message]) -> Verdict<Vec<Sent>> {
    let places: Vec<_> = {
        let model = lock(model);
        messages
            .iter()
            .map(|message| model.place(message).map(|place| (place, model.sent(place))))
            .collect::<Verdict<_>>()?
    };
    // The hash led here, but that the bytes have it is what is to be checked.
    for (message, (_, sent)) in messages.iter().zip(&places) {
        let id = message.id;
        ensure(message.ciphertext == sent.draft.ciphertext(), || {
            format!("the bytes of message {id} are not {sent:?}")
        })?;
    }
    let mut model = lock(model);
    for (message, (place, _)) in messages.iter().zip(&places) {
        model.found(*place, message.id)?;
    }
    Ok(places.into_iter().map(|(_, sent)| sent).collect())
}

/// Checks the links between successive messages of one key, in ascending order. `last` says that nothing follows them.
///
/// # Errors
///
/// If a link leads elsewhere.
pub fn check_links(messages: &[(Id, Id, Id)]) -> Verdict<()> {
    for pair in messages.windows(2) {
        let ((_, id, next), (prev, following, _)) = (pair[0], pair[1]);
        // A message that was shown as the last may have got a successor since.
        ensure((next == following || next == 0) && prev == id, || {
            format!("{following} follows {id} under their key, but the links are {next} and {prev}")
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_elsewhere_are_noticed() {
        assert_eq!(check_links(&[(0, 1, 4), (1, 4, 0), (4, 9, 0)]), Ok(()));
        assert!(check_links(&[(0, 1, 4), (1, 5, 0)]).is_err());
        assert!(check_links(&[(0, 1, 4), (0, 4, 0)]).is_err());
    }
}
