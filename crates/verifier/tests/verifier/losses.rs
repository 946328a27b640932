//! A verifier on a node loses power at any operation, with more or less of the unsynced bytes. Meanwhile the directory may
//! fork. It never pushes two roots for one size, nor a smaller size.

use crate::crashes::check;
use crate::directory::*;
use crate::disks::Lossy;
use crate::node::Node;
use crate::rounds::start;
use test_support::{Random, now, scale};
use verifier::follow::End;

/// Losses every day; with `scripts/test --full` more.
fn losses() -> u64 {
    if scale() > 1 { 1_000 } else { 100 }
}

/// Lets a verifier follow a history, of which more is shown in each round. Says whether the power was cut.
fn follow(disk: &Lossy, node: &Node, shown: &Shown, sizes: &[usize]) -> bool {
    let Ok(mut follower) = start(disk, node) else { return true };
    for size in sizes {
        node.state().shown.epochs = shown.epochs[..*size].to_vec();
        let time = node.tick();
        match now(follower.round(|| time)) {
            Ok(_) | Err(End::Trouble(_)) => {}
            Err(End::Stop(_)) => return true,
        }
    }
    false
}

#[test]
fn no_loss_of_unsynced_writes_makes_it_push_two_roots_or_a_smaller_size() {
    let honest = lively().shown;
    let mut fork = honest.clone();
    fork.epochs[3].head.time += 1;
    let mut random = Random::of(&[22]);
    let (mut cuts, mut forks) = (0, 0);
    for _ in 0..losses() {
        // A run that ends by itself has fewer operations than these.
        let disk = Lossy::cut_after(random.below(16) as usize);
        let node = Node::new(Shown::default(), Some(REGISTRAR), &disk);
        let was_cut = follow(&disk, &node, &honest, &[2, 4]);
        cuts += u64::from(was_cut);
        let left = disk.power_cut(random.below(1_001) as usize);
        node.state().cosigned.clear();
        let is_fork = random.below(2) == 0;
        forks += u64::from(is_fork);
        follow(&left, &node, if is_fork { &fork } else { &honest }, &[5]);
        check(&node.state().pushed);
        if !is_fork {
            let pushed = node.state().pushed.last().copied();
            assert_eq!(pushed, Some(honest.checkpoint(5)), "an honest directory halts nobody");
        }
    }
    assert!(cuts > losses() / 3 && forks > losses() / 4, "{cuts} cuts, {forks} forks");
}
