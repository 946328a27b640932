//! Bytes of proofs at a million keys, and at a million messages of one key.

/// Bytes of a witness beside its path.
const OWN_HEAD: usize = 2 + 1 + 52;
const OTHER_LEAF: usize = 2 + 1 + 64;
const TURN: usize = 33;
const STATE: usize = 1 + 52;
const STEP: usize = 85;

/// Depths of the leaves of a trie over random labels, of which the first 8 bytes decide.
fn depths(count: u64) -> Vec<usize> {
    let mut labels: Vec<u64> = (0..count)
        .map(|number| u64::from_le_bytes(*blake3::hash(&number.to_le_bytes()).as_bytes().first_chunk().expect("32")))
        .collect();
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len() as u64, count, "labels differ in their first bytes");
    // A leaf's depth: the splits on the way of the sorted labels, by a stack of their positions.
    let mut depth = vec![0; labels.len()];
    let mut stack = vec![(0, labels.len(), 0)];
    while let Some((from, to, above)) = stack.pop() {
        if to - from == 1 {
            depth[from] = above;
            continue;
        }
        let position = (labels[from] ^ labels[to - 1]).leading_zeros();
        let middle = from + labels[from..to].partition_point(|label| label >> (63 - position) & 1 == 0);
        stack.extend([(from, middle, above + 1), (middle, to, above + 1)]);
    }
    depth
}

#[test]
fn heads_at_a_million_keys() {
    let depths = depths(1_000_000);
    let max = *depths.iter().max().expect("a million");
    let mean_bytes = depths.iter().sum::<usize>() * TURN / depths.len();
    let head = [mean_bytes, max * TURN].map(|path| STATE + OWN_HEAD + path);
    let absent = STATE + OTHER_LEAF + mean_bytes;
    // Recorded in docs/proofs.md.
    assert_eq!((head, absent), ([776, 933], 788));
}

/// The jump targets of a million messages, by Myers' rule.
fn jumps() -> Vec<usize> {
    let mut jumps: Vec<usize> = vec![0];
    for at in 1..1_000_000 {
        let (one, two) = (jumps[at - 1], jumps[jumps[at - 1]]);
        jumps.push(if at > 1 && at - 1 - one == one - two { two } else { at - 1 });
    }
    jumps
}

/// Steps from the newest message down to one.
fn steps(jumps: &[usize], target: usize) -> usize {
    let (mut at, mut steps) = (jumps.len() - 1, 0);
    while at > target {
        at = if jumps[at] >= target { jumps[at] } else { at - 1 };
        steps += 1;
    }
    steps
}

/// Bytes of a page of 100 messages from one on, beside state and witness.
fn page(jumps: &[usize], first: usize) -> usize {
    let link = |at: usize| match jumps[at] {
        target if target + 1 >= at => 1,
        target if target >= first => 3,
        _ => 33,
    };
    2 + STEP * steps(jumps, first + 99) + 4 + 2 + (first..first + 100).map(link).sum::<usize>() + 33
}

#[test]
fn pages_of_100_in_a_million_messages() {
    let jumps = jumps();
    let newest = page(&jumps, jumps.len() - 100);
    let bytes: Vec<usize> = (0..jumps.len() - 99).step_by(97).map(|first| page(&jumps, first)).collect();
    let (mean, max) = (bytes.iter().sum::<usize>() / bytes.len(), *bytes.iter().max().expect("many"));
    // Recorded in docs/proofs.md.
    assert_eq!((newest, mean, max), (483, 3_100, 4_186));
}

#[test]
fn steps_in_a_million_messages() {
    let jumps = jumps();
    let steps = |target: usize| steps(&jumps, target);
    let counts: Vec<usize> = (0..1_000_000).step_by(97).map(steps).collect();
    let (mean, max) = (counts.iter().sum::<usize>() / counts.len(), *counts.iter().max().expect("many"));
    // Recorded in docs/proofs.md.
    assert_eq!((mean, max), (31, 42));
    assert_eq!([mean, max].map(|steps| steps * STEP + 117), [2_752, 3_687]);
}
