//! The canisters' Wasm modules: the files that `scripts/build` makes and operators install.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

/// The bytes of the built module, gzipped. If it is missing or older than its source, see [`canister_path`].
pub fn canister_wasm() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| std::fs::read(canister_path()).expect("a file that has a date can be read"))
}

/// The path of the built module. If it is missing or older than its source, the process names the script to run and ends with
/// exit code 2. So there is one message, and not a failure of every test.
pub fn canister_path() -> PathBuf {
    let named = std::env::var_os("MESSAGE_CANISTER_WASM").map(PathBuf::from);
    module_path("message-canister", named, &root().join("src"))
}

/// The bytes of the directory's built module, gzipped. If it is missing or older than its source, see [`canister_path`].
pub fn directory_wasm() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| std::fs::read(directory_path()).expect("a file that has a date can be read"))
}

/// The path of the directory's built module. If it is missing or older than its source, see [`canister_path`].
pub fn directory_path() -> PathBuf {
    module_path("directory", None, &root().join("crates/directory/src"))
}

/// The path of a module that is not older than its sources. `named` overrides the usual path.
fn module_path(canister: &str, named: Option<PathBuf>, sources: &Path) -> PathBuf {
    let path = named.unwrap_or_else(|| root().join(format!("artifacts/{canister}.wasm.gz")));
    match std::fs::metadata(&path).and_then(|file| file.modified()) {
        Err(error) => end(&format!("{}: {error}", path.display())),
        Ok(built) => match youngest(sources) {
            (source, changed) if changed > built => {
                end(&format!("{} is older than {}", path.display(), source.display()))
            }
            _ => path,
        },
    }
}

fn end(why: &str) -> ! {
    // Written to the stream itself, because the test harness captures the output of macros.
    let _ = writeln!(std::io::stderr(), "\n{why}. Run scripts/build, or scripts/test, which does.");
    std::process::exit(2)
}

/// The folder of the root package.
pub fn root() -> &'static Path {
    const DEV: &str = env!("CARGO_MANIFEST_DIR");
    Path::new(DEV).ancestors().nth(2).expect("this crate lies in dev/")
}

/// The newest file below `folder`.
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
