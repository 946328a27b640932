//! Cursors, read by hand.

use crate::api::{Cursor, KeyCursor, Order, Start};
use canister_base::values::Values;

/// A cursor of an id range or time.
pub fn cursor(values: &mut Values<'_>) -> Option<Cursor> {
    // In the order of their labels.
    Some(Cursor { after: values.nat32()?, order: order(values)?, limit: values.nat32()? })
}

/// A cursor of a key's pages.
pub fn key_cursor(values: &mut Values<'_>) -> Option<KeyCursor> {
    // In the order of their labels.
    let (order, limit, start) = (order(values)?, values.nat32()?, start(values)?);
    Some(KeyCursor { start, order, limit, prove: values.flag()? })
}

fn order(values: &mut Values<'_>) -> Option<Order> {
    // In the order of their labels.
    match values.length()? {
        0 => Some(Order::descending),
        1 => Some(Order::ascending),
        _ => None,
    }
}

fn start(values: &mut Values<'_>) -> Option<Start> {
    // In the order of their labels.
    match values.length()? {
        0 => values.nat32().map(Start::after),
        1 => values.nat32().map(Start::rank),
        2 => values.nat32().map(Start::time),
        3 => Some(Start::beginning),
        _ => None,
    }
}
