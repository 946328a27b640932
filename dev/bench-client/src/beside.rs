//! What lies beside this program: other programs of the build, and folders on the disk of the build. The temporary folder may be none
//! of a disk.

use std::path::PathBuf;
use tempfile::TempDir;

/// A new folder, until it is dropped.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(program("")).expect("a folder can be made")
}

/// A program.
pub fn program(name: &str) -> PathBuf {
    std::env::current_exe().expect("the program has a path").with_file_name(name)
}

/// The local network that `scripts/throughput` measures: the one of cargo's profile for development, which optimises it.
pub fn local_network() -> PathBuf {
    program("").join("../debug/local-network")
}
