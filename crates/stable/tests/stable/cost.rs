//! Each stable access costs a canister hundreds of instructions. A search reads each node once, a walk twice: where it goes on,
//! and the sibling's hash. Each node is written once. The root is one access more.

use super::*;
use std::cell::Cell;
use std::rc::Rc;

#[derive(Clone, Default)]
struct Counted {
    memory: VectorMemory,
    reads: Rc<Cell<u64>>,
    writes: Rc<Cell<u64>>,
}

impl Counted {
    /// Reads and writes since the last call.
    fn taken(&self) -> (u64, u64) {
        (self.reads.take(), self.writes.take())
    }
}

impl Memory for Counted {
    fn size(&self) -> u64 {
        self.memory.size()
    }

    fn grow(&self, pages: u64) -> i64 {
        self.memory.grow(pages)
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) {
        self.reads.set(self.reads.get() + 1);
        self.memory.read(offset, bytes);
    }

    fn write(&self, offset: u64, bytes: &[u8]) {
        self.writes.set(self.writes.get() + 1);
        self.memory.write(offset, bytes);
    }
}

#[test]
fn a_search_reads_a_node_once_and_a_change_writes_it_once() {
    let memory = Counted::default();
    memory.grow(1);
    let mut trie = Labels::create(memory.clone(), MAGIC, LAYOUT);
    let mut model = Model::new();
    for n in 0..20 {
        insert(&memory, &mut trie, &mut model, label(n), n.into(), head(1));
    }
    memory.taken();
    let own = label(19);
    trie.find(&own).unwrap();
    assert_eq!(memory.taken(), (20, 0));
    let path = trie.walk(&own).unwrap();
    assert_eq!((path.turns().len(), memory.taken()), (19, (1 + 2 * 19, 0)));
    trie.update(&path, &[1; 32]);
    assert_eq!(memory.taken(), (0, 20));
    // The new node, its link, the slots' header and the hashes above.
    let path = trie.walk(&label(30)).unwrap();
    memory.taken();
    trie.insert(&path, Some(&own), 30, &[2; 32]).unwrap();
    assert_eq!(memory.taken(), (1, 3 + 20));
}
