//! Bytes of proofs at a million keys, and at a million messages of one key.

use crate::store::Store;
use proofs::page::Below;
use proofs::verify::{Entry, Order};

/// Bytes of a witness beside its path.
const OWN_HEAD: usize = 2 + 1 + 52;
const OTHER_LEAF: usize = 2 + 1 + 64;
const TURN: usize = 33;
const STATE: usize = 1 + 52;
/// Bytes of a step beside its numbers.
const STEP: usize = 1 + 32 + 32;

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

/// Steps from the newest message down to one, and their bytes. A message of the key comes each second, three times as
/// many of other keys do, and each has 180 bytes.
fn steps(jumps: &[usize], target: usize) -> (usize, usize) {
    let (mut at, mut above, mut steps, mut bytes) = (jumps.len() - 1, jumps.len() - 1, 0, 0);
    while at > target {
        let back = above - at;
        bytes += STEP + [4 * back, back, back, 4, 180].map(number).iter().sum::<usize>();
        above = at;
        at = if jumps[at] >= target { jumps[at] } else { at - 1 };
        steps += 1;
    }
    (steps, bytes)
}

/// Bytes of a number.
fn number(number: usize) -> usize {
    (number.max(1).ilog2() / 7 + 1) as usize
}

/// Bytes of a page of 100 messages from one on, beside state and witness.
fn page(jumps: &[usize], first: usize) -> usize {
    let mut outside: Vec<_> = (first..first + 100)
        .filter(|at| jumps[*at] + 1 < *at)
        .map(|at| jumps[at])
        .filter(|jump| *jump < first)
        .collect();
    outside.dedup();
    2 + steps(jumps, first + 99).1 + 4 + 2 + 50 + 32 * outside.len() + 33
}

#[test]
fn pages_of_100_in_a_million_messages() {
    let jumps = jumps();
    let newest = page(&jumps, jumps.len() - 100);
    let bytes: Vec<usize> = (0..jumps.len() - 99).step_by(97).map(|first| page(&jumps, first)).collect();
    let (mean, max) = (bytes.iter().sum::<usize>() / bytes.len(), *bytes.iter().max().expect("many"));
    // Recorded in docs/proofs.md.
    assert_eq!((newest, mean, max), (283, 2_499, 3_512));
}

#[test]
fn steps_in_a_million_messages() {
    let jumps = jumps();
    let all: Vec<_> = (0..1_000_000).step_by(97).map(|target| steps(&jumps, target)).collect();
    let mean = |of: fn(&(usize, usize)) -> usize| all.iter().map(of).sum::<usize>() / all.len();
    let max = |of: fn(&(usize, usize)) -> usize| all.iter().map(of).max().expect("a million");
    // Recorded in docs/proofs.md.
    assert_eq!((mean(|all| all.0), max(|all| all.0)), (31, 42));
    assert_eq!((mean(|all| all.1), max(|all| all.1)), (2_280, 3_050));
}

/// The bytes that the map above the code gives a page are those that a proof has.
#[test]
fn a_proof_has_as_many_bytes_as_are_counted() {
    let mut store = Store::new(1);
    for content in 0..700 {
        store.add(b"key", 179 + content * 1_000);
        store.now += 1;
        for _ in 0..3 {
            store.add(b"other", content);
        }
    }
    let places = jumps();
    for first in [0, 1, 17, 255, 300, 511, 599, 600] {
        let answer = store.page(b"key", Order::Ascending, Entry::Rank(first as u32 + 1), 100);
        let proof = proofs::page::PageProof { below: Below::Chain([0; 32]), ..answer.proof };
        let beside = STATE + OWN_HEAD + TURN;
        assert_eq!(proof.to_bytes().len(), beside + page(&places[..700], first), "from {first}");
    }
}
