//! The file of a root key while several processes write it, and after processes were killed.

use key_cache::local::{Cost, FileError, LocalManager, PassphraseError, RootKey};
use key_cache::{KeyId, KeyManager, KeyName, WrappedKey, block_on};
use std::fs::{File, read, write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Set for a process that plays this role on the file `PATH`.
const ROLE: &str = "KEY_CACHE_TEST_ROLE";
const PATH: &str = "KEY_CACHE_TEST_PATH";
const SECOND: Duration = Duration::from_secs(1);

/// Not a test: the part of the processes below.
#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let path = PathBuf::from(std::env::var_os(PATH).unwrap());
    match &*role {
        "create" => drop(RootKey::create_key_file(&path).unwrap()),
        "replace" => {
            let root = open(&path);
            loop {
                root.replace_by_passphrase_file(&path, b"secret", cost()).unwrap();
                root.replace_by_key_file(&path).unwrap();
            }
        }
        "unlock" => {
            let root = open(&path);
            loop {
                // The kernel deletes replaced keys later. Until then it may refuse new ones.
                let _ = root.keep_unlocked(&path, SECOND);
            }
        }
        _ => unreachable!(),
    }
}

fn role(command: &mut Command, role: &str, path: &Path) -> Child {
    let arguments = ["--exact", "crashes::plays_its_role"];
    let command = command.args(arguments).env(ROLE, role).env(PATH, path);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn start(role: &str, path: &Path) -> Child {
    self::role(&mut Command::new(std::env::current_exe().unwrap()), role, path)
}

/// Runs a role that the kernel kills when it writes its first byte to a file.
fn kill_at_first_byte(role: &str, path: &Path) {
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -c 0; ulimit -f 0; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    let status = self::role(&mut limited, role, path).wait().unwrap();
    assert!(status.signal().is_some(), "{status}");
}

fn cost() -> Cost {
    Cost::new(64, 1).unwrap()
}

/// Opens a file of either kind, even if other processes replace it.
fn open(path: &Path) -> RootKey {
    let opened = (0..1_000).find_map(|_| {
        match RootKey::open_key_file(path) {
            Err(FileError::Format { .. }) => {}
            root => return Some(root.unwrap()),
        }
        match RootKey::open_passphrase_file(path, b"secret") {
            Err(PassphraseError::File(FileError::Format { .. })) => None,
            root => Some(root.unwrap()),
        }
    });
    opened.expect("the file is of one of the two kinds")
}

fn files(folder: &TempDir) -> Vec<String> {
    let names = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[test]
fn processes_that_replace_a_file_at_once_succeed_and_once_killed_leave_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let name = KeyName { id: KeyId::new(b"database").unwrap(), generation: 1 };
    let manager = LocalManager::new(RootKey::create_key_file(&path).unwrap());
    let (_, wrapping) = block_on(manager.generate(&name)).unwrap();
    let wrapped = WrappedKey { name, wrapping };
    let mut leftovers = 0;
    for round in 0..20 {
        let mut writers: Vec<Child> = (0..4).map(|_| start("replace", &path)).collect();
        std::thread::sleep(Duration::from_millis(20 + round));
        for writer in &mut writers {
            assert!(writer.try_wait().unwrap().is_none(), "a writer has failed");
            writer.kill().unwrap();
        }
        for writer in &mut writers {
            writer.wait().unwrap();
        }
        leftovers += files(&folder).len() - 1;
        let root = LocalManager::new(open(&path));
        assert!(block_on(root.unwrap_key(&wrapped)).is_ok(), "it is the same root key");
        assert_eq!(files(&folder), ["key"], "what the killed ones have left is removed");
    }
    assert!(leftovers > 0, "the writers did too little to be a test");
}

#[test]
fn a_process_that_is_killed_at_its_first_byte_leaves_no_file_or_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    kill_at_first_byte("create", &path);
    assert!(!path.exists());
    RootKey::create_key_file(&path).unwrap();
    assert_eq!(files(&folder), ["key"]);
    let before = read(&path).unwrap();
    kill_at_first_byte("replace", &path);
    assert_eq!(read(&path).unwrap(), before);
    RootKey::open_key_file(&path).unwrap();
    assert_eq!(files(&folder), ["key"]);
}

#[test]
fn a_leftover_is_removed_at_each_opening_but_not_while_its_writer_lives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let root = RootKey::create_passphrase_file(&path, b"secret", cost()).unwrap();
    let leftover = folder.path().join("key.being-written");
    let openings: [&dyn Fn(); 3] = [
        &|| assert!(RootKey::open_passphrase_file(&path, b"wrong").is_err()),
        &|| assert!(RootKey::open_key_file(&path).is_err()),
        &|| assert!(RootKey::open_unlocked(&path).unwrap().is_none()),
    ];
    for open in openings {
        write(&leftover, b"a root key").unwrap();
        open();
        assert!(!leftover.exists());
    }

    let writer = File::create(&leftover).unwrap();
    writer.lock().unwrap();
    openings.iter().for_each(|open| open());
    assert!(leftover.exists());
    std::thread::scope(|scope| {
        let waiting = [
            scope.spawn(|| root.replace_by_key_file(&path).unwrap()),
            scope.spawn(|| assert!(RootKey::create_key_file(&path).is_err())),
        ];
        std::thread::sleep(Duration::from_millis(50));
        assert!(!waiting.iter().any(|thread| thread.is_finished()), "the writer has not finished");
        drop(writer);
    });
    RootKey::open_key_file(&path).unwrap();
    assert_eq!(files(&folder), ["key"]);
}

#[test]
fn a_process_that_is_killed_while_it_unlocks_leaves_no_key_without_a_time_limit() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..40).map(|number| folder.path().join(number.to_string())).collect();
    let is_unlocked = |path: &PathBuf| RootKey::open_unlocked(path).unwrap().is_some();
    let mut unlocked = 0;
    for path in &paths {
        RootKey::create_passphrase_file(path, b"secret", cost()).unwrap();
        let mut process = start("unlock", path);
        std::thread::sleep(Duration::from_millis(20));
        assert!(process.try_wait().unwrap().is_none(), "the process has failed");
        process.kill().unwrap();
        process.wait().unwrap();
        unlocked += usize::from(is_unlocked(path));
    }
    assert!(unlocked > 0, "the processes did too little to be a test");
    let until = Instant::now() + 30 * SECOND;
    while paths.iter().any(is_unlocked) {
        assert!(Instant::now() < until, "a key stays");
        std::thread::sleep(Duration::from_millis(100));
    }
}
