//! The argument with which `scripts/serve` installs the directory.

use crate::site::open;
use test_support::artifact::root;

#[test]
fn the_argument_of_the_script_is_the_open_configuration() {
    let bytes = candid::encode_one(Some(open())).expect("encoded");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = std::fs::read_to_string(root().join("scripts/lib/directory-argument.txt")).expect("the script's file");
    assert_eq!(file.trim(), hex);
}
