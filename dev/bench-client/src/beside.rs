//! Files beside this program: other built programs, and temporary folders on the same disk. The system's temporary folder may
//! be in memory.

use std::path::PathBuf;
use tempfile::TempDir;

/// A new temporary folder.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(program("")).expect("a folder can be made")
}

/// The path of a built program.
pub fn program(name: &str) -> PathBuf {
    std::env::current_exe().expect("the program has a path").with_file_name(name)
}

/// The local network that `scripts/throughput` measures: that of cargo's development profile, which optimises it.
pub fn local_network() -> PathBuf {
    program("").join("../debug/local-network")
}
