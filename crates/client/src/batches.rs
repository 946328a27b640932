//! Lists of messages, cut into batches that one call takes.

use crate::api::{Limits, NewMessage};

/// Maximum bytes of a batch, as [`batches`] counts them. The platform takes 2 MiB with the envelope.
pub const MAX_BATCH_BYTES: usize = (2 << 20) - 16_384;
/// Maximum bytes that candid takes for a message besides its key id, ciphertext and send key.
const MESSAGE_OVERHEAD: usize = 32;

/// Cuts messages into slices that [`crate::Client::add_messages`] takes, in their order. Each slice has at least one
/// message.
pub fn batches<'a>(messages: &'a [NewMessage], limits: &Limits) -> impl Iterator<Item = &'a [NewMessage]> {
    let most = limits.batch_messages as usize;
    let mut rest = messages;
    std::iter::from_fn(move || {
        let (batch, others) = rest.split_at(fitting(rest, most).min(rest.len()));
        rest = others;
        (!batch.is_empty()).then_some(batch)
    })
}

/// Number of these messages that fit into one batch, at least 1.
fn fitting(messages: &[NewMessage], most: usize) -> usize {
    let mut bytes = 0;
    let fits = |message: &&NewMessage| {
        let send_key = message.send_key.as_ref().map_or(0, |secret| secret.len());
        bytes += MESSAGE_OVERHEAD + message.key_id.len() + message.ciphertext.len() + send_key;
        bytes <= MAX_BATCH_BYTES
    };
    messages.iter().take(most).take_while(fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::fitting;
    use crate::api::NewMessage;

    #[test]
    fn batches_keep_to_both_limits_and_always_go_on() {
        let with_send_key = |count: usize, length: usize, send_key: Option<Vec<u8>>| -> Vec<_> {
            let (key_id, ciphertext, send_key) = (vec![1; 64].into(), vec![0; length].into(), send_key.map(Into::into));
            vec![NewMessage { key_id, ciphertext, send_key }; count]
        };
        let messages = |count: usize, length: usize| with_send_key(count, length, None);
        assert_eq!(fitting(&messages(50, 10), 1_000), 50);
        assert_eq!(fitting(&messages(50, 10), 7), 7);
        assert_eq!(fitting(&messages(5, 1_000_000), 1_000), 2);
        assert_eq!(fitting(&messages(5, 2_000_000), 1_000), 1);
        assert_eq!(fitting(&with_send_key(1_000, 1_000, Some(vec![2; 1_100])), 1_000), 947, "send keys count");
    }
}
