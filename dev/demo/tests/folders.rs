//! The demo on folders that a user may have, with the Wasm that `scripts/build` has built.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Exit code, standard output, standard error.
fn demo(arguments: &[&OsStr]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_demo")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn demo_of(folder: &Path) -> (i32, String, String) {
    let wasm = test_support::artifact::canister_path();
    demo(&[wasm.as_os_str(), folder.as_os_str()])
}

#[test]
fn every_kind_of_file_comes_back_and_what_cannot_be_read_is_named() {
    let folder = TempDir::new().unwrap();
    let write = |name: &[u8], bytes: &[u8]| fs::write(folder.path().join(OsStr::from_bytes(name)), bytes).unwrap();
    fs::create_dir_all(folder.path().join("nested/deeply")).unwrap();
    fs::create_dir(folder.path().join("nothing in here")).unwrap();
    let noise: Vec<u8> = (0..4_500_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    write(b"three parts", &noise);
    write(b"nested/deeply/same as the other", b"same bytes");
    write(b"nested/same as the other", b"same bytes");
    write(b"\xff\xfe no UTF-8", b"odd name");
    write(b"empty", b"");
    symlink(folder.path(), folder.path().join("loop")).unwrap();
    // Folders nested so deeply that no path leads to the file: even root cannot open it by name.
    let script = format!(
        "n=$(printf 'd%.0s' $(seq 200)); for i in $(seq 25); do mkdir $n && cd $n || exit 1; done; echo x > file && cd {}",
        folder.path().display()
    );
    assert!(Command::new("bash").args(["-c", &script]).current_dir(folder.path()).status().unwrap().success());

    let (code, out, err) = demo_of(folder.path());
    assert_eq!(code, 3, "{out}{err}");
    assert!(out.contains("5 files of 4,500,028 bytes"), "{out}");
    assert!(out.contains("7 messages of 4,500,"), "one message a file, three for the large one: {out}");
    assert!(out.contains("loop: a symbolic link"), "{out}");
    assert!(err.contains("1 file or folder could not be read"), "{err}");
    for way in [
        "4 messages added one by one",
        "3 messages added in ",
        "7 messages added again: each is a duplicate, nothing was stored",
        "7 messages by id",
        "7 messages by hash",
        "7 messages by key, oldest first",
        "7 messages by key, newest first",
        "7 messages by range",
        "7 messages by time",
        "2 messages of a key, verified",
        "a replica leaves out the oldest message; the reader: 1 messages, but a proof of 2",
        "a replica forges a message; the reader: a message was forged",
        "a replica says that a message is an hour older; the reader: a message was forged",
        "a replica denies the key, with the proof that another is absent; the reader: ",
    ] {
        assert!(out.contains(way), "{way:?} is not in {out}");
    }
    assert_eq!(out.matches("ok  upgraded with").count(), 2, "{out}");
}

#[test]
fn a_single_empty_file_may_be_given() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let (code, out, err) = demo_of(&folder.path().join("file"));
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("1 file of 0 bytes"), "{out}");
    assert!(out.contains("0 messages added in 0 batches"), "{out}");
    assert!(out.contains("1 message by key, newest first"), "{out}");
}

#[test]
fn nothing_to_send_is_said_at_once() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (path, reason) in [
        (folder.path().to_path_buf(), "has no file that can be read: nothing to send"),
        (folder.path().join("absent"), "No such file or directory"),
        (PathBuf::from("/dev/null"), "is neither file nor folder"),
    ] {
        let (code, out, err) = demo_of(&path);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(reason), "{err}");
    }
}

#[test]
fn a_wrong_command_line_is_explained() {
    let (code, out, _) = demo(&[OsStr::new("--help")]);
    assert_eq!(code, 0);
    assert!(out.contains("exit code"), "{out}");
    let (code, _, err) = demo(&[]);
    assert_eq!(code, 2);
    assert!(err.contains("--help"), "{err}");
    let (code, _, err) = demo(&["/absent.wasm".as_ref(), env!("CARGO_MANIFEST_DIR").as_ref()]);
    assert_eq!(code, 2);
    assert!(err.contains("/absent.wasm"), "{err}");
}
