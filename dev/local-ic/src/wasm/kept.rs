//! Machine code that an earlier process has compiled. Compiling a canister takes seconds, reading its code does not.
//!
//! The folder `compiled-wasm` beside the program has a file for each module. Tests and programs of one build share it. A file's
//! name is a hash of what the compiler was told and the SHA-256 of the instrumented module, both in hexadecimal. Wasmtime
//! itself does not refuse code that was compiled with other rules for floating-point numbers.
//!
//! ```text
//! offset  bytes
//!      0     32  SHA-256 of the rest
//!     32      …  the code, as Wasmtime serializes it
//! ```

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, io, process};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, Module};

/// Modules of fewer bytes are compiled sooner than their code is read.
const WORTH_KEEPING: usize = 100_000;
/// Files in the folder. The oldest are deleted.
const MAX_FILES: usize = 24;
/// Bytes of the checksum.
const CHECKSUM: usize = 32;

/// The folder for this program's code, if the program knows where it is.
pub fn folder() -> Option<PathBuf> {
    Some(folder_of(&env::current_exe().ok()?)?.join("compiled-wasm"))
}

/// The program's folder. Cargo puts tests into a folder `deps` of it.
fn folder_of(program: &Path) -> Option<&Path> {
    let folder = program.parent()?;
    if folder.ends_with("deps") { folder.parent() } else { Some(folder) }
}

/// The code of an instrumented module: read from the folder if it is there, otherwise compiled and kept there.
pub fn code(engine: &Engine, binary: &[u8], folder: Option<&Path>) -> wasmtime::Result<Module> {
    let Some(folder) = folder.filter(|_| binary.len() >= WORTH_KEEPING) else {
        return Module::new(engine, binary);
    };
    let file = folder.join(name(engine, binary));
    if let Some(module) = read(engine, &file) {
        return Ok(module);
    }
    let module = Module::new(engine, binary)?;
    // Code that cannot be kept is compiled again the next time.
    let _ = write(&module.serialize()?, folder, &file);
    Ok(module)
}

/// The file's name.
fn name(engine: &Engine, binary: &[u8]) -> String {
    let mut told = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut told);
    format!("{:016x}-{:x}", told.finish(), Sha256::digest(binary))
}

/// The code in this file; nothing if it is missing or damaged, or was compiled by another release or for another machine.
fn read(engine: &Engine, file: &Path) -> Option<Module> {
    let content = fs::read(file).ok()?;
    let (checksum, code) = content.split_at_checked(CHECKSUM)?;
    if checksum != Sha256::digest(code).as_slice() {
        return None;
    }
    // SAFETY: the checksum says that `write` has written these bytes. Whoever could write others into the program's folder
    // could as well write another program.
    unsafe { Module::deserialize(engine, code) }.ok()
}

/// Writes a file that is whole as soon as it has its name, and deletes the oldest beyond [`MAX_FILES`].
fn write(code: &[u8], folder: &Path, file: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = file.with_extension(process::id().to_string());
    fs::write(&unfinished, [Sha256::digest(code).as_slice(), code].concat())?;
    fs::rename(&unfinished, file)?;

    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let written = entry.metadata().and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        files.push((written, entry.path()));
    }
    files.sort();
    let too_many = files.len().saturating_sub(MAX_FILES);
    for (_, oldest) in &files[..too_many] {
        // Another process may have deleted it.
        let _ = fs::remove_file(oldest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Instance, Store};

    /// A module whose function `answer` returns the number, and which is large enough to be kept.
    fn module(number: u32) -> Vec<u8> {
        let padding = " ".repeat(WORTH_KEEPING);
        wat::parse_str(format!(
            r#"(module (memory 2) (data "{padding}") (func (export "answer") (result i32) i32.const {number}))"#
        ))
        .unwrap()
    }

    fn answer(engine: &Engine, module: &Module) -> i32 {
        let mut store = Store::new(engine, ());
        let instance = Instance::new(&mut store, module, &[]).unwrap();
        instance.get_typed_func::<(), i32>(&mut store, "answer").unwrap().call(&mut store, ()).unwrap()
    }

    fn only_file(folder: &Path) -> PathBuf {
        let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }

    #[test]
    fn tests_and_programs_share_a_folder() {
        for program in ["/target/debug/network", "/target/debug/deps/network-0123"] {
            assert_eq!(folder_of(Path::new(program)), Some(Path::new("/target/debug")));
        }
    }

    #[test]
    fn code_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        assert_eq!(answer(&engine, &code(&engine, &module(7), Some(folder.path())).unwrap()), 7);
        let file = only_file(folder.path());
        assert_eq!(answer(&engine, &read(&engine, &file).unwrap()), 7);

        // The file's code runs, not a newly compiled one: under this name lies the code of another module.
        let other = tempfile::tempdir().unwrap();
        code(&engine, &module(8), Some(other.path())).unwrap();
        fs::copy(only_file(other.path()), &file).unwrap();
        assert_eq!(answer(&engine, &code(&engine, &module(7), Some(folder.path())).unwrap()), 8);
    }

    #[test]
    fn damaged_code_is_compiled_again() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        code(&engine, &module(7), Some(folder.path())).unwrap();
        let file = only_file(folder.path());
        let whole = fs::read(&file).unwrap();
        for length in [0, CHECKSUM - 1, CHECKSUM, whole.len() / 2, whole.len() - 1] {
            fs::write(&file, &whole[..length]).unwrap();
            assert!(read(&engine, &file).is_none(), "{length} bytes");
            assert_eq!(answer(&engine, &code(&engine, &module(7), Some(folder.path())).unwrap()), 7);
            assert!(fs::read(&file).unwrap() == whole, "{length} bytes: it is not mended");
        }
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        fs::write(&file, flipped).unwrap();
        assert!(read(&engine, &file).is_none());
    }

    #[test]
    fn code_that_was_compiled_otherwise_does_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = wasmtime::Config::new();
        config.cranelift_nan_canonicalization(true);
        for engine in [Engine::default(), Engine::new(&config).unwrap()] {
            code(&engine, &module(7), Some(folder.path())).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn the_oldest_code_goes_and_small_modules_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..MAX_FILES + 3 {
            write(b"code", folder.path(), &folder.path().join(format!("{number:03}"))).unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), MAX_FILES);
        assert_eq!(names.last().unwrap(), &format!("{:03}", MAX_FILES + 2));

        let small = folder.path().join("small");
        let engine = Engine::default();
        code(&engine, &wat::parse_str("(module)").unwrap(), Some(&small)).unwrap();
        assert!(!small.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let engine = Engine::default();
        assert_eq!(answer(&engine, &code(&engine, &module(7), Some(&file)).unwrap()), 7);
    }
}
