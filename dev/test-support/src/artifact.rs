//! The canister's Wasm: the file that `scripts/build` makes and operators install.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

/// The bytes of the built module, gzipped. Where it is missing or older than its source, see [`canister_path`].
pub fn canister_wasm() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| std::fs::read(canister_path()).expect("a file that has a date can be read"))
}

/// The built module's file. Where it is missing or older than its source, the process says which script to run and ends
/// with exit code 2: one sentence instead of a failure of every test.
pub fn canister_path() -> PathBuf {
    let path = path();
    match std::fs::metadata(&path).and_then(|file| file.modified()) {
        Err(error) => end(&format!("{}: {error}", path.display())),
        Ok(built) => match youngest(&root().join("src")) {
            (source, changed) if changed > built => {
                end(&format!("{} is older than {}", path.display(), source.display()))
            }
            _ => path,
        },
    }
}

fn end(why: &str) -> ! {
    // Straight to the stream: the test harness captures only what is printed by macros.
    let _ = writeln!(std::io::stderr(), "\n{why}. Run scripts/build, or scripts/test, which does.");
    std::process::exit(2)
}

/// The folder of the root package.
pub fn root() -> &'static Path {
    const DEV: &str = env!("CARGO_MANIFEST_DIR");
    Path::new(DEV).ancestors().nth(2).expect("this crate lies in dev/")
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
