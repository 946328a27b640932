//! The demo on folders that a user may have, with the canisters that `scripts/build` has built.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Exit code, standard output, standard error.
fn demo(arguments: &[&OsStr]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_demo")).args(arguments).env("NO_PROXY", "*").output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn demo_of(folder: &Path) -> (i32, String, String) {
    demo(&[folder.as_os_str()])
}

#[test]
fn every_kind_of_file_comes_back_lies_are_caught_and_what_cannot_be_read_is_named() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("all");
    fs::create_dir_all(folder.join("nested/deeply")).unwrap();
    let noise: Vec<u8> = (0..2_500_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (name, bytes) in [
        ("three pieces", &noise[..]),
        ("nested/deeply/same as the other", b"same bytes"),
        ("nested/same as the other", b"same bytes"),
        ("-m", b"no option"),
        ("empty", b""),
        ("wo'rd", b"quoted"),
    ] {
        fs::write(folder.join(name), bytes).unwrap();
    }
    symlink(&folder, folder.join("loop")).unwrap();
    // Folders nested so deeply that no path leads to the file: even root cannot open it by name.
    let script = format!(
        "n=$(printf 'd%.0s' $(seq 200)); for i in $(seq 25); do mkdir $n && cd $n || exit 1; done; echo x > file && cd {}",
        folder.display()
    );
    assert!(Command::new("bash").args(["-c", &script]).current_dir(&folder).status().unwrap().success());

    let (code, out, err) = demo_of(&folder);
    assert_eq!(code, 3, "{out}{err}");
    assert_eq!(err, "demo: 1 file or folder was not sent\n");
    for shown in [
        "6 files of 2,500,035 bytes\n",
        "loop: a symbolic link\n",
        "\nalice$ mailbox register alice\nregistered alice\n",
        "\nbob$ mailbox contacts find alice\nalice: ",
        "\nalice$ mailbox send bob all/-m\n",
        "upgraded with 5 messages: all of them are still there\n",
        "\nalice$ mailbox send bob 'all/wo'\\''rd'\n",
        "\talice: file three pieces of 2500000 bytes\n",
        "… 3 more commands like these\n",
        "6 files are the same\n",
        "\nEverything arrived:\n  6 files of 2,500,035 bytes, compared byte for byte\n  4 texts\n",
    ] {
        assert!(out.contains(shown), "{shown:?} is not in {out}");
    }
    for (lie, said) in [
        ("leaves out the oldest message", "1 messages, but a proof of 2"),
        ("forges a message and its hash", "a message was forged"),
        ("says that a message is an hour older", "a message was forged"),
        ("withholds the proof", ""),
    ] {
        let caught = format!("# It {lie}.\nbob$ mailbox receive\nmailbox: the inbox was not read: ");
        let (_, after) = out.split_once(&caught).unwrap_or_else(|| panic!("{caught:?} is not in {out}"));
        assert!(after.lines().next().unwrap().contains(said), "{said:?} is not said in {out}");
    }
}

#[test]
fn a_single_empty_file_may_be_given() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let (code, out, err) = demo_of(&folder.path().join("file"));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("\talice: file file of 0 bytes\n") && out.contains("1 file of 0 bytes, compared"), "{out}");
}

#[test]
fn nothing_to_send_is_reported_at_once() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (path, reason) in [
        (folder.path().to_path_buf(), "has no file that can be sent"),
        (folder.path().join("absent"), "No such file or directory"),
        (PathBuf::from("/dev/null"), "is neither a file nor a folder"),
    ] {
        let (code, out, err) = demo_of(&path);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(reason), "{err}");
    }
}

#[test]
fn a_signal_ends_it_and_nothing_is_left() {
    let (folder, temporary) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(folder.path().join("file"), "text").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.arg(folder.path()).env("TMPDIR", temporary.path()).env("NO_PROXY", "*");
    let mut demo = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ready = lines.find(|line| line.starts_with("ready: http://")).unwrap();
    let address = ready["ready: http://".len()..].split(' ').next().unwrap();
    lines.find(|line| line.starts_with("alice$ mailbox init ")).unwrap();
    assert_ne!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    assert!(Command::new("kill").args(["-TERM", &demo.id().to_string()]).status().unwrap().success());
    lines.for_each(drop);
    let ended = demo.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "demo: stopped by SIGTERM\n");
    assert_eq!(ended.status.code(), Some(143));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "its folders are removed");
    assert!(TcpStream::connect(address).is_err(), "its network is gone");
}

#[test]
fn a_wrong_command_line_is_explained() {
    let (code, out, _) = demo(&[OsStr::new("--help")]);
    assert_eq!(code, 0);
    assert!(out.contains("exit code"), "{out}");
    let (code, _, err) = demo(&[]);
    assert_eq!(code, 2);
    assert!(err.contains("--help"), "{err}");
}
