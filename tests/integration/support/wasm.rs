//! Where the tests get the canister's Wasm: the very file that `scripts/build` makes and operators install.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

/// The bytes of the built module, gzipped.
///
/// # Panics
/// Where there is none, or where a source file is younger than it.
pub fn canister_wasm() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| {
        let path = path();
        let built = std::fs::metadata(&path).and_then(|file| file.modified()).unwrap_or_else(|error| {
            panic!("{}: {error}. Run scripts/build, or scripts/test, which does.", path.display())
        });
        let (source, changed) = youngest(&root().join("src"));
        assert!(
            changed <= built,
            "{} is older than {}. Run scripts/build, or scripts/test, which does.",
            path.display(),
            source.display(),
        );
        std::fs::read(&path).expect("a file that has a date can be read")
    })
}

/// The folder of the root package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn path() -> PathBuf {
    std::env::var_os("MESSAGE_CANISTER_WASM")
        .map_or_else(|| root().join("artifacts/message-canister.wasm.gz"), PathBuf::from)
}

/// The file below `folder` that was changed last.
fn youngest(folder: &Path) -> (PathBuf, SystemTime) {
    let entries = std::fs::read_dir(folder).expect("the sources are there");
    let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
    let dated = paths.map(|path| {
        if path.is_dir() {
            return youngest(&path);
        }
        let changed = std::fs::metadata(&path).and_then(|file| file.modified());
        (path, changed.expect("files have a date"))
    });
    dated.max_by_key(|(_, changed)| *changed).expect("no source folder is empty")
}
