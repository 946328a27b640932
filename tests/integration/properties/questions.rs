//! Every question that a model's contents give rise to.

use message_canister::api::{Cursor, KeyCursor, Order, Start};

use super::ops::{Hash, Key, Op, PERSONS};
use crate::model::{Model, Who};
use crate::support::START_SECONDS;

/// Every message by id, every hash the model holds, every key, every list and page in both orders.
pub fn about(model: &Model) -> Vec<Op> {
    let last = model.last();
    let mut ops = vec![Op::GetStatus, Op::GetMinMessageId, Op::GetMaxMessageId];
    ops.extend((0..=last + 1).map(Op::GetMessageById));
    for hash in model.hashes() {
        ops.push(Op::GetMessageByHash(Hash::Exactly(hash)));
        ops.push(Op::HasMessages((0..Key::GOOD).map(|key| (Key(key), Hash::Exactly(hash))).collect()));
    }
    ops.push(Op::GetKeyHeads((0..Key::GOOD).map(Key).collect()));
    for order in [Order::ascending, Order::descending] {
        let page = |after| Cursor { after, order, limit: 50 };
        let longest = Cursor { after: 0, order, limit: u32::MAX };
        ops.extend([Op::GetMessagesByRange(1, u32::MAX, longest), Op::GetMessagesByTime(0, u32::MAX, longest)]);
        for key in Key::good() {
            let of_key = |start, limit| Op::GetMessagesByKey(key, KeyCursor { start, order, limit, prove: false });
            ops.push(of_key(Start::beginning, u32::MAX));
            ops.extend([0, last / 2, last].map(|after| of_key(Start::after(after), 50)));
            ops.extend([0, 1, 2, 5, 20, 100].map(|rank| of_key(Start::rank(rank), 3)));
            ops.extend((START_SECONDS..START_SECONDS + 31).step_by(5).map(|second| of_key(Start::time(second), 3)));
        }
        for after in (0..=last).step_by(37).chain([last + 1]) {
            ops.push(Op::GetMessagesByRange(1, u32::MAX, page(after)));
            ops.push(Op::GetMessagesByTime(0, u32::MAX, page(after)));
        }
        for second in START_SECONDS..START_SECONDS + 31 {
            ops.push(Op::GetMessagesByTime(second, second, page(0)));
        }
    }
    ops
}

/// The questions whose answers depend on the caller's rights, by everybody but the controller.
pub fn about_rights(model: &Model) -> Vec<(Who, Op)> {
    let cursor = Cursor { after: 0, order: Order::descending, limit: 20 };
    let of_key = KeyCursor { start: Start::beginning, order: Order::ascending, limit: 20, prove: false };
    let mut ops = vec![Op::GetStatus, Op::GetMinMessageId, Op::GetMaxMessageId];
    ops.extend([Op::GetMessagesByRange(1, u32::MAX, cursor), Op::GetMessagesByTime(0, u32::MAX, cursor)]);
    ops.extend((1..=model.last() + 1).step_by(5).map(Op::GetMessageById));
    for hash in model.hashes().into_iter().take(3) {
        ops.push(Op::GetMessageByHash(Hash::Exactly(hash)));
        ops.push(Op::HasMessages(Key::good().map(|key| (key, Hash::Exactly(hash))).collect()));
    }
    for key in Key::good() {
        ops.extend([Op::GetKeyHeads(vec![key]), Op::GetMinMessageIdByKey(key), Op::GetMessagesByKey(key, of_key)]);
    }
    let callers = (0..PERSONS).map(Who::Person).chain([Who::Anonymous]);
    callers.flat_map(|who| ops.iter().map(move |op| (who, op.clone())).collect::<Vec<_>>()).collect()
}
