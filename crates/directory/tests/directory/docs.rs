//! What the docs tell operators to copy.

use crate::site::open;
use test_support::artifact::root;

#[test]
fn the_argument_in_the_docs_is_the_open_configuration() {
    let bytes = candid::encode_one(Some(open())).expect("encoded");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let docs = std::fs::read_to_string(root().join("docs/directory.md")).expect("the docs are there");
    assert!(docs.contains(&format!("--argument directory={hex}")), "--argument directory={hex}");
}
