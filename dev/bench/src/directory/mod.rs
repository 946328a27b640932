//! The cost of the directory's calls, by the number of labels that it has.
//!
//! - `native`: registers the labels in this process, by the canister's own rules;
//! - `site`: the canister on the engine, which takes that memory over.

mod native;
mod site;

use crate::inbox::Cost;
use crate::results::Figures;
use crate::rows::average;
use client::directory::api::Submission;
use directory_core::label::Label;
use native::{Native, VERIFIERS, label};
use site::Site;
use test_support::grouped;

/// Labels that there are when the figures are taken.
pub const SIZES: [u64; 2] = [1_000, 1_000_000];
/// The rows that are measured at each size, as docs/performance.md lists them.
pub const ROWS: [&str; 12] = [
    "registration with the registrar's signature",
    "registration that closes its epoch",
    "update of the same key",
    "cosignature",
    "bundle replaced",
    "present look-up",
    "absent look-up",
    "an epoch of 1,000 updates closes",
    "upgrade",
    "index rebuilt, a label",
    "heap, bytes a label",
    "stable memory, bytes a label",
];
/// Calls that an average is taken over.
const AVERAGED: u64 = 20;
/// Updates of the epoch whose close is measured.
const EPOCH: u64 = 1_000;

/// Measures a directory of the sizes that are among `sizes`, and tells of each.
pub fn measure(wasm: &[u8], sizes: &[u64], figures: &mut Figures, progress: &dyn Fn(&str)) {
    let site = Site::install(wasm);
    let empty_heap = site.heap_bytes();
    let mut native = Native::new(site.id());
    let empty_memory = native.bytes().len() as u64;
    for &size in SIZES.iter().filter(|size| sizes.contains(size)) {
        native.register_until(size, &|labels| progress(&format!("a directory with {} labels", grouped(labels))));
        let mut row = |name: &str, figure: u64| {
            figures.insert(format!("directory: {name} | {} stored", grouped(size)), figure);
        };
        let memory = native.bytes();
        let (upgrade, rebuild) = site.take_over(&memory, native.now);
        row("upgrade", upgrade);
        row("index rebuilt, a label", rebuild / size);
        // Memory grows in large steps, of which a small directory does not fill
        // one.
        if size > SIZES[0] {
            row("stable memory, bytes a label", (memory.len() as u64 - empty_memory) / size);
            row("heap, bytes a label", (site.heap_bytes() - empty_heap) / size);
        }
        reads(&site, size, &mut row);
        writes(&site, &native, size, &mut row);
    }
}

/// Labels all over the directory.
fn spread(size: u64) -> impl Iterator<Item = u64> {
    (0..AVERAGED).map(move |n| n * size / AVERAGED)
}

fn reads(site: &Site, size: u64, row: &mut impl FnMut(&str, u64)) {
    let look_up = |label: &Label| site.look_up(label);
    row("present look-up", average(spread(size).map(|number| look_up(&label(number)))).instructions);
    let absent = spread(size).map(|number| look_up(&Label::Name(format!("nobody {number}"))));
    row("absent look-up", average(absent).instructions);
}

fn writes(site: &Site, native: &Native, size: u64, row: &mut impl FnMut(&str, u64)) {
    let registered = average((0..AVERAGED).map(|n| within_epoch(site.update(&native.registration(size + n)))));
    row("registration with the registrar's signature", registered.instructions);
    site.close_epoch();
    row("cosignature", average(VERIFIERS.iter().map(|&number| site.ratify(number))).instructions);
    let bundles: Vec<Cost> = spread(size)
        .map(|number| {
            site.put_bundle(&label(number), &native.bundle(number, site.seconds()));
            site.put_bundle(&label(number), &native.bundle(number, site.seconds() + 1))
        })
        .collect();
    row("bundle replaced", average(bundles.into_iter()).instructions);
    let changes: Vec<Submission> = (0..EPOCH).map(|n| native.change(n * size / EPOCH)).collect();
    row("update of the same key", average(changes.iter().map(|change| within_epoch(site.update(change)))).instructions);
    row("an epoch of 1,000 updates closes", site.close_epoch().instructions);
    for number in VERIFIERS {
        site.ratify(number);
    }
    site.pass(5);
    let (cost, closed) = site.update(&native.registration(size + AVERAGED));
    assert!(closed, "five seconds after the ratification");
    row("registration that closes its epoch", cost.instructions);
}

/// The cost of an update whose epoch stays open.
fn within_epoch((cost, closed): (Cost, bool)) -> Cost {
    assert!(!closed, "the epoch is open");
    cost
}
