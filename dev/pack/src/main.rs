//! `pack IN OUT`: writes the Wasm module IN as the gzip file OUT and prints both sizes and the module hash.
//!
//! The Internet Computer hashes a module as it was uploaded, so the compressed bytes must not depend on the machine:
//! the compressor is a Rust crate pinned by `Cargo.lock`, not the system's `gzip`, and the gzip header has no name
//! and no time.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

/// The first bytes of every Wasm module of version 1.
const WASM_MAGIC: &[u8; 8] = b"\0asm\x01\0\0\0";

/// The header's byte for the system that compressed: "unknown", whatever it was.
const GZIP_OS_UNKNOWN: u8 = 255;

/// The reason why nothing was written.
enum Error {
    /// Not two arguments.
    Usage,
    /// The input cannot be read, or the output not be written.
    File(PathBuf, std::io::Error),
    /// The input is no Wasm module.
    NotWasm(PathBuf),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage => write!(f, "usage: pack IN.wasm OUT.wasm.gz"),
            Error::File(path, error) => write!(f, "{}: {error}", path.display()),
            Error::NotWasm(path) => write!(f, "{} is no Wasm module", path.display()),
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pack: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(input), Some(output), None) = (args.next(), args.next(), args.next()) else {
        return Err(Error::Usage);
    };
    let wasm = std::fs::read(&input).map_err(|e| Error::File(input.clone(), e))?;
    if !wasm.starts_with(WASM_MAGIC) {
        return Err(Error::NotWasm(input));
    }
    let packed = gzip(&wasm).map_err(|e| Error::File(input, e))?;
    replace(&output, &packed).map_err(|e| Error::File(output.clone(), e))?;

    println!("{}", output.display());
    println!("wasm         {:>9} bytes  sha256 {}", wasm.len(), hex(&wasm));
    println!("wasm.gz      {:>9} bytes", packed.len());
    println!("module hash  {}", hex(&packed));
    Ok(())
}

/// The gzip file of `bytes`: a function of `bytes` alone.
fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder =
        GzBuilder::new().mtime(0).operating_system(GZIP_OS_UNKNOWN).write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Writes `path` as a whole or not at all. Meanwhile a reader sees the old file or the new one.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let fresh = PathBuf::from(name);
    std::fs::write(&fresh, bytes)?;
    std::fs::rename(&fresh, path).inspect_err(|_| {
        // Best effort: the rename's own error is the one to report.
        let _ = std::fs::remove_file(&fresh);
    })
}

/// The SHA-256 of `bytes` in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// The module without sections, packed. A compressor that returns other bytes changes every module hash.
    #[test]
    fn golden_bytes() {
        let packed = gzip(WASM_MAGIC).unwrap();
        assert_eq!(
            packed,
            [
                0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255, // header: no name, no time, best, unknown system
                0x63, 0x48, 0x2c, 0xce, 0x65, 0x64, 0x60, 0x60, 0x00, 0x00, // the deflated module
                0xce, 0x33, 0x4b, 0x1c, // CRC-32
                8, 0, 0, 0, // length
            ]
        );
    }

    /// Large enough for several blocks and every kind of match.
    #[test]
    fn golden_hash_and_gives_back_what_went_in() {
        let bytes: Vec<u8> = (0..60_000_u32).flat_map(|i| (i / 7 * (i % 1_000)).to_le_bytes()).collect();
        let packed = gzip(&bytes).unwrap();
        assert_eq!(hex(&packed), "fac7da4028e636b042f4fc654dc6531b66f96f12da30e6d886c130940f7a5d45");
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut back).unwrap();
        assert!(back == bytes);
    }

    #[test]
    fn replaces_as_a_whole_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.gz");
        replace(&file, b"old").unwrap();
        replace(&file, b"new").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        // A folder has that name. The rename fails, and the temporary file is removed.
        let blocked = folder.path().join("blocked");
        std::fs::create_dir_all(blocked.join("full")).unwrap();
        assert!(replace(&blocked, b"new").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
