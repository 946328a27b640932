//! A header of another layout is refused with a sentence.

use super::*;

#[test]
fn another_layout_is_refused() {
    let (memory, _) = create();
    memory.write(4, &[1]);
    let error = Labels::open(memory.clone(), MAGIC, LAYOUT).err().expect("it was opened");
    assert_eq!(error.to_string(), "layout 1 is not read by this release, which reads layout 2");
    assert!(Labels::open(memory, MAGIC, 1).is_ok());
    let error = Labels::open(VectorMemory::default(), MAGIC, LAYOUT).err().expect("it was opened");
    assert_eq!(error.to_string(), "0 pages, expected at least 1");
}
