//! Labeled trees, and the part of them that a certificate shows.

use std::collections::BTreeMap;

use ic_certification::HashTree;
use ic_certification::hash_tree::{Label, empty, fork, label, leaf, pruned};

/// A tree whose edges have labels and whose leaves have contents.
pub enum StateTree {
    /// Contents.
    Leaf(Vec<u8>),
    /// Subtrees by their labels.
    Fork(BTreeMap<Vec<u8>, StateTree>),
    /// A tree of which only the digest is known.
    Hidden(Digest),
}

impl From<Vec<u8>> for StateTree {
    fn from(contents: Vec<u8>) -> Self {
        Self::Leaf(contents)
    }
}

/// The hash of a tree.
pub type Digest = [u8; 32];

/// A path from the root, label by label.
pub type Path = Vec<Vec<u8>>;

impl StateTree {
    /// A fork without subtrees.
    pub fn new() -> Self {
        Self::Fork(BTreeMap::new())
    }

    /// Puts contents, or a tree, at `path`, making the forks that lead there.
    ///
    /// # Panics
    ///
    /// If the path leads through something other than a fork.
    pub fn insert(&mut self, path: &[&[u8]], tree: impl Into<Self>) {
        let Some((first, rest)) = path.split_first() else {
            *self = tree.into();
            return;
        };
        let Self::Fork(children) = self else { panic!("only forks lead on") };
        children.entry(first.to_vec()).or_insert_with(Self::new).insert(rest, tree);
    }

    /// The digest of everything.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Hidden(digest) => *digest,
            _ => self.all().digest(),
        }
    }

    /// The hash tree that shows what is at `paths` and hides the rest. Where a path leads nowhere, it shows the two
    /// labels between which the missing one would be: together they prove that it is absent.
    pub fn witness(&self, paths: &[&[Vec<u8>]]) -> HashTree {
        if paths.is_empty() {
            return pruned(self.digest());
        }
        match self {
            // The leaf proves that a path below it is absent.
            Self::Leaf(contents) => leaf(contents.clone()),
            Self::Hidden(digest) => pruned(*digest),
            Self::Fork(_) if paths.iter().any(|path| path.is_empty()) => self.all(),
            Self::Fork(children) => {
                let shown: Vec<(bool, HashTree)> = shown(children, paths);
                balanced(shown).1
            }
        }
    }

    /// The hash tree that shows everything.
    fn all(&self) -> HashTree {
        match self {
            Self::Leaf(contents) => leaf(contents.clone()),
            Self::Hidden(digest) => pruned(*digest),
            Self::Fork(children) => {
                balanced(children.iter().map(|(name, child)| (true, labeled(name, child.all()))).collect()).1
            }
        }
    }
}

/// The labeled subtrees, in order, each with whether it may not be hidden whole.
fn shown(children: &BTreeMap<Vec<u8>, StateTree>, paths: &[&[Vec<u8>]]) -> Vec<(bool, HashTree)> {
    let names: Vec<&Vec<u8>> = children.keys().collect();
    let mut neighbour = vec![false; names.len()];
    for path in paths {
        if let Err(place) = names.binary_search(&&path[0]) {
            // Before the first and after the last, one neighbour is the proof.
            if let Some(before) = place.checked_sub(1) {
                neighbour[before] = true;
            }
            if let Some(after) = neighbour.get_mut(place) {
                *after = true;
            }
        }
    }
    let subtrees = children.iter().zip(neighbour).map(|((name, child), neighbour)| {
        let below: Vec<&[Vec<u8>]> = paths.iter().filter(|path| path[0] == *name).map(|path| &path[1..]).collect();
        (neighbour || !below.is_empty(), labeled(name, child.witness(&below)))
    });
    subtrees.collect()
}

fn labeled(name: &[u8], child: HashTree) -> HashTree {
    label(Label::<Vec<u8>>::from_bytes(name), child)
}

/// A balanced tree of `nodes`, in which subtrees that show nothing are pruned.
fn balanced(mut nodes: Vec<(bool, HashTree)>) -> (bool, HashTree) {
    match nodes.len() {
        0 => (true, empty()),
        1 => {
            let (shown, node) = nodes.remove(0);
            (shown, if shown { node } else { pruned(node.digest()) })
        }
        count => {
            let right = nodes.split_off(count / 2);
            let ((left_shown, left), (right_shown, right)) = (balanced(nodes), balanced(right));
            let both = fork(left, right);
            let shown = left_shown || right_shown;
            (shown, if shown { both } else { pruned(both.digest()) })
        }
    }
}

#[cfg(test)]
mod tests {
    use ic_certification::hash_tree::LookupResult;

    use super::*;

    fn path(text: &str) -> Path {
        text.split('/').map(|label| label.as_bytes().to_vec()).collect()
    }

    fn tree(paths: &[&str]) -> StateTree {
        let mut tree = StateTree::new();
        for text in paths {
            let labels: Vec<&[u8]> = text.split('/').map(str::as_bytes).collect();
            tree.insert(&labels, text.as_bytes().to_vec());
        }
        tree
    }

    #[test]
    fn witnesses_keep_the_hash_and_show_or_disprove_each_path() {
        let stored = ["a", "b/x", "b/y", "c/1/2", "c/1/3", "d", "f"];
        let asked = ["a", "b/x", "b/w", "b/z", "c/1/2", "c/1", "c/0", "d", "e", "A", "g", "d/below"];
        let tree = tree(&stored);
        let root = tree.all().digest();
        for one in asked {
            for other in asked {
                let paths = [path(one), path(other), path("a")];
                let witness = tree.witness(&paths.iter().map(Vec::as_slice).collect::<Vec<_>>());
                assert_eq!(witness.digest(), root, "{one} and {other}");
                for text in [one, other] {
                    match witness.lookup_path(path(text)) {
                        LookupResult::Found(contents) => {
                            assert_eq!(contents, text.as_bytes());
                            assert!(stored.contains(&text), "{text} is not there");
                        }
                        LookupResult::Absent => assert!(!stored.contains(&text), "{text} is there"),
                        LookupResult::Unknown => panic!("{text} is hidden among {one} and {other}"),
                        LookupResult::Error => assert!(["c/1", "d/below"].contains(&text), "{text}"),
                    }
                }
            }
        }
    }

    #[test]
    fn paths_that_are_not_asked_for_are_hidden() {
        let tree = tree(&["a", "b", "c", "d/secret"]);
        let witness = tree.witness(&[&path("a")]);
        assert!(matches!(witness.lookup_path(path("d/secret")), LookupResult::Unknown));
        assert!(matches!(witness.lookup_path(path("c")), LookupResult::Unknown));
        assert_eq!(witness.list_paths().len(), 1);
    }
}
