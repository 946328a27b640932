//! The bytes that a call writes to disk are proportional to the changed pages, not to the size of the store.

use std::fs;
use std::path::Path;

use load::throughput::disk;

/// An add to twenty times as many messages may write this much more, in percent: the database's tree gets deeper.
const TOLERATED: u64 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_that_an_add_writes_do_not_grow_with_the_store() {
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("disk-{}", std::process::id()));
    let module = test_support::artifact::canister_path();
    let bytes = disk::measure(&module, &state, &[1_000, 20_000]).await.unwrap_or_else(|message| panic!("{message}"));
    fs::remove_dir_all(&state).expect("the state is the test's own");
    let [few, many] = bytes[..] else { panic!("two sizes, not {bytes:?}") };
    assert!(few > 0, "the operating system counts written bytes");
    assert!(many * 100 <= few * (100 + TOLERATED), "{few} bytes with 1,000 messages, {many} with 20,000");
}
