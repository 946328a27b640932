//! A built module from outside: its custom sections, imports and exports.

use flate2::read::GzDecoder;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use test_support::artifact::{canister_wasm, root};

const CUSTOM: u8 = 0;
const IMPORT: u8 = 2;
const EXPORT: u8 = 7;

/// A WebAssembly module.
pub struct Module {
    pub bytes: Vec<u8>,
}

impl Module {
    /// The one that is installed, decompressed.
    pub fn built() -> Self {
        let mut bytes = vec![];
        GzDecoder::new(canister_wasm()).read_to_end(&mut bytes).expect("the artifact is gzipped");
        assert!(bytes.starts_with(b"\0asm\x01\0\0\0"), "the artifact is a WebAssembly module");
        Self { bytes }
    }

    /// Another canister of the workspace, built as it is for tests.
    pub fn of_package(name: &str) -> Self {
        Self { bytes: built_package(name) }
    }

    /// The contents of a custom section.
    pub fn custom_section(&self, name: &str) -> Option<&[u8]> {
        self.customs().into_iter().find(|(found, _)| *found == name).map(|(_, contents)| contents)
    }

    /// The names of all custom sections.
    pub fn custom_sections(&self) -> Vec<&str> {
        self.customs().into_iter().map(|(name, _)| name).collect()
    }

    /// The names of all functions that it imports.
    ///
    /// # Panics
    /// Where it imports anything else: canisters do not.
    pub fn imports(&self) -> Vec<String> {
        let sections = self.sections();
        let (_, mut rest) = *sections.iter().find(|(id, _)| *id == IMPORT).expect("a canister has imports");
        let count = number(&mut rest);
        let names = (0..count).map(|_| {
            name(&mut rest);
            let name = name(&mut rest).to_string();
            assert_eq!(rest[0], 0, "{name} is a function");
            rest = &rest[1..];
            number(&mut rest);
            name
        });
        names.collect()
    }

    /// The names of all exports.
    pub fn exports(&self) -> Vec<String> {
        let sections = self.sections();
        let (_, mut rest) = *sections.iter().find(|(id, _)| *id == EXPORT).expect("a canister has exports");
        let count = number(&mut rest);
        let names = (0..count).map(|_| {
            let name = name(&mut rest).to_string();
            rest = &rest[1..];
            number(&mut rest);
            name
        });
        names.collect()
    }

    fn customs(&self) -> Vec<(&str, &[u8])> {
        let sections = self.sections().into_iter().filter(|(id, _)| *id == CUSTOM);
        let named = sections.map(|(_, mut contents)| {
            let name = name(&mut contents);
            (name, contents)
        });
        named.collect()
    }

    /// Each section's number and contents.
    fn sections(&self) -> Vec<(u8, &[u8])> {
        let mut rest = &self.bytes[8..];
        let mut sections = vec![];
        while let Some((&id, after)) = rest.split_first() {
            rest = after;
            let length = number(&mut rest);
            let (contents, after) = rest.split_at(length);
            sections.push((id, contents));
            rest = after;
        }
        sections
    }
}

/// The module of a package of the workspace, built in the tests' target folder, whose macros it shares.
fn built_package(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in the target folder");
    let target = "wasm32-unknown-unknown";
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--package", name, "--target", target, "--target-dir"])
        .arg(folder)
        .current_dir(root())
        .status();
    assert!(built.is_ok_and(|status| status.success()), "{name} is built");
    let path = folder.join(target).join("debug").join(name).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn name<'a>(rest: &mut &'a [u8]) -> &'a str {
    let length = number(rest);
    let (name, after) = rest.split_at(length);
    *rest = after;
    std::str::from_utf8(name).expect("names are UTF-8")
}

/// An unsigned LEB128 number.
fn number(rest: &mut &[u8]) -> usize {
    let last = rest.iter().position(|byte| byte & 0x80 == 0).expect("a number ends");
    let (bytes, after) = rest.split_at(last + 1);
    *rest = after;
    bytes.iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f))
}
