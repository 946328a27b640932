//! Every fault that a folder can have, and every moment at which a commit can end.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use candid::Principal;
use local_ic::testing::CanisterState;
use local_ic::{LocalIc, MessageId};
use redb::StorageBackend;
use redb::backends::FileBackend;
use tempfile::TempDir;

use super::*;
use crate::node::Node;
use crate::requests::{Busy, Call, Header, Progress, Status};
use crate::state::State;

/// A separate folder for each test, deleted when the test ends.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().expect("there is room"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn database(&self) -> PathBuf {
        self.path().join(DATABASE)
    }

    fn copy(&self) -> Self {
        let copy = Self::new();
        fs::copy(self.database(), copy.database()).expect("it is copied");
        copy
    }

    fn lock(&self) -> FolderLock {
        FolderLock::take(self.path()).expect("nobody has it")
    }

    fn open(&self) -> Result<Option<(StateFolder, Saved)>, FolderError> {
        StateFolder::open(&FolderLock::take(self.path())?)
    }
}

const CANISTER: &str = r#"(module
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "stable64_grow" (func $grow (param i64) (result i64)))
    (import "ic0" "stable64_write" (func $write (param i64 i64 i64)))
    (memory 1)
    (func (export "canister_init") (drop (call $grow (i64.const 1))))
    (func (export "canister_update count")
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (call $write (i64.const 0) (i64.const 0) (i64.const 4))
        (call $reply)))"#;

/// The names of a network with one canister.
fn named(canister: Principal) -> Canisters {
    Canisters::from([("only".to_string(), canister)])
}

/// The canister of such a network.
fn canister(saved: &Saved) -> Principal {
    saved.canisters["only"]
}

/// The contents of a folder, comparable.
#[derive(Debug, PartialEq)]
struct Contents {
    canister: CanisterState,
    seeds: crate::keys::Seeds,
    requests: Vec<(RequestHash, TakenCall)>,
}

impl Contents {
    fn of(saved: Saved) -> Self {
        let canister = saved.engine.canister_state(canister(&saved));
        Self { canister, seeds: saved.keys.seeds(), requests: saved.requests }
    }
}

fn count(engine: &LocalIc, canister: Principal) {
    engine.update_call(canister, Principal::anonymous(), "count", vec![]).expect("it replies");
}

const HEADER: Header = Header { sender: Principal::anonymous(), canister: Principal::anonymous(), expiry: 7 };

fn call(number: u8) -> (RequestHash, TakenCall) {
    let status = Status::Answered(Ok(vec![number; 100]));
    ([number; 32], TakenCall { header: HEADER, status })
}

/// A folder with a state after some commits.
fn folder() -> Folder {
    let folder = Folder::new();
    let engine = LocalIc::new();
    let canister = engine.create_canister();
    engine.install_canister(canister, wat::parse_str(CANISTER).expect("the text is legal"), vec![], None);
    let keys = Keys::generate().expect("there is randomness");
    let created = engine.take_changes(|changes| StateFolder::create(&folder.lock(), &keys, &named(canister), changes));
    let created = created.expect("it is created");
    for number in 0..5 {
        count(&engine, canister);
        let forgotten = if number == 3 { vec![[1; 32]] } else { vec![] };
        let requests = RequestChanges { put: vec![call(number)], forgotten };
        engine.take_changes(|changes| created.commit(changes, &requests)).expect("it is committed");
    }
    folder
}

#[test]
fn a_folder_has_what_was_committed() {
    let folder = folder();
    let (_, saved) = folder.open().expect("it is whole").expect("there is a state");
    assert_eq!(saved.requests, [0, 2, 3, 4].map(call));
    let canister = canister(&saved);
    assert_eq!(saved.engine.get_stable_memory(canister)[..4], [5, 0, 0, 0]);
    count(&saved.engine, canister);
    assert_eq!(saved.engine.get_stable_memory(canister)[..4], [6, 0, 0, 0]);
}

#[test]
fn an_empty_folder_and_one_that_does_not_exist_have_no_state() {
    let folder = Folder::new();
    assert!(folder.open().expect("it is empty").is_none());
    let missing = FolderLock::take(&folder.path().join("missing")).expect("it is made");
    assert!(StateFolder::open(&missing).expect("it is empty").is_none());
}

#[test]
fn a_folder_is_for_one_process() {
    let folder = folder();
    let opened = folder.open().expect("it is whole");
    let error = folder.open().err().expect("it is in use");
    assert!(matches!(error, FolderError::InUse(_)), "{error}");
    drop(opened);
    assert!(folder.open().expect("it is free").is_some());
}

/// Before there is a state too: else the second process would replace the state of the first.
#[test]
fn a_new_folder_is_for_one_process() {
    let folder = Folder::new();
    let lock = folder.lock();
    assert!(StateFolder::open(&lock).expect("it is empty").is_none());
    let error = folder.open().err().expect("it is in use");
    assert!(matches!(error, FolderError::InUse(_)), "{error}");
    let (engine, keys) = (LocalIc::new(), Keys::generate().expect("there is randomness"));
    let canister = engine.create_canister();
    let created = engine.take_changes(|changes| StateFolder::create(&lock, &keys, &named(canister), changes));
    drop(lock);
    assert!(matches!(folder.open(), Err(FolderError::InUse(_))), "the creator still has it locked");
    drop(created.expect("it is created"));
    assert!(folder.open().expect("it is free").is_some());
}

#[test]
fn a_path_that_is_not_a_folder_with_a_database_is_refused() {
    let folder = Folder::new();
    fs::write(folder.database(), b"something else").expect("it is written");
    let error = folder.open().err().expect("it is no database");
    assert!(matches!(error, FolderError::Damaged { .. }), "{error}");
    fs::write(folder.database(), b"").expect("it is written");
    folder.open().err().expect("it is no database");
    // A database of somebody else.
    fs::remove_file(folder.database()).expect("it is there");
    drop(Database::create(folder.database()).expect("it is created"));
    let error = folder.open().err().expect("it has no tables");
    assert!(matches!(error, FolderError::Damaged { .. }), "{error}");
    let error = FolderLock::take(&folder.database()).expect_err("it is a file");
    assert!(matches!(error, FolderError::System { .. }), "{error}");
}

#[test]
fn another_format_is_refused_with_its_number() {
    let folder = folder();
    let database = Database::open(folder.database()).expect("it opens");
    let transaction = begin(&database).expect("it begins");
    let inserted =
        transaction.open_table(NETWORK).expect("it is there").insert("format", 1u32.to_le_bytes().as_slice()).map(drop);
    inserted.expect("it is inserted");
    transaction.commit().expect("it is committed");
    drop(database);
    let error = folder.open().err().expect("it is of another format");
    assert!(matches!(error, FolderError::Format { actual: 1, .. }), "{error}");
    assert!(error.to_string().contains("format 1"), "{error}");
}

/// The database's header at the beginning of its file: its form, and which of two commits is the last.
const HEAD_BYTES: usize = 320;

/// One bit is wrong anywhere in the file: it is refused, or it was a bit that is not used.
#[test]
fn a_damaged_folder_is_refused_whole() {
    let folder = folder();
    let expected = Contents::of(folder.open().expect("it is whole").expect("there is a state").1);
    let bytes = fs::read(folder.database()).expect("it is read");
    let (mut refused, mut unused) = (0, 0);
    // Every byte of the head; then 16 bytes of each page of the database, at places that move from page to page.
    for place in (0..HEAD_BYTES).chain((HEAD_BYTES..bytes.len()).step_by(251)) {
        let copy = Folder::new();
        let mut bytes = bytes.clone();
        bytes[place] ^= 1 << (place % 8);
        fs::write(copy.database(), bytes).expect("it is written");
        match copy.open() {
            Err(error) => {
                assert!(matches!(error, FolderError::Damaged { .. }), "byte {place}: {error}");
                refused += 1;
            }
            Ok(opened) => {
                let contents = Contents::of(opened.expect("there is a state").1);
                assert_eq!(contents, expected, "byte {place}");
                unused += 1;
            }
        }
    }
    assert!(refused > 50 && unused > 0, "{refused} refused, {unused} unused");
}

#[test]
fn a_folder_that_was_cut_is_refused() {
    let folder = folder();
    let length = fs::metadata(folder.database()).expect("it is there").len();
    for part in 0..20 {
        let copy = folder.copy();
        let file = fs::OpenOptions::new().write(true).open(copy.database()).expect("it opens");
        file.set_len(length * part / 20).expect("it is cut");
        let error = copy.open().err().expect("it is cut");
        assert!(matches!(error, FolderError::Damaged { .. }), "{part}/20: {error}");
    }
}

/// A file that fails after some operations, as one of a process that is killed or of a disk that is full.
#[derive(Debug)]
struct FailingFile {
    file: FileBackend,
    left: Arc<AtomicUsize>,
}

impl FailingFile {
    fn spend(&self) -> Result<(), std::io::Error> {
        let spent = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        spent.map(drop).map_err(|_| std::io::Error::other("the disk is gone"))
    }
}

impl StorageBackend for FailingFile {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.spend()?;
        self.file.set_len(len)
    }
    fn sync_data(&self) -> Result<(), std::io::Error> {
        self.spend()?;
        self.file.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.spend()?;
        self.file.write(offset, data)
    }
}

/// The state of `folder` on a file that takes as many operations as the number says.
fn failing(folder: &Folder) -> (StateFolder, Arc<AtomicUsize>) {
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let file = fs::OpenOptions::new().read(true).write(true).open(folder.database()).expect("it opens");
    let file = FailingFile { file: FileBackend::new(file).expect("it is free"), left: Arc::clone(&left) };
    let database = Builder::new().create_with_backend(file).expect("it is whole");
    (StateFolder { database, _lock: folder.lock() }, left)
}

/// At whatever operation a commit ends, the folder has the state before it or the one after it, and that one if the commit
/// was confirmed.
#[test]
fn a_commit_that_ends_anywhere_is_whole_or_not_at_all() {
    let folder = folder();
    let before = Contents::of(folder.open().expect("it is whole").expect("there is a state").1);
    let (mut failed, mut operations) = (0, 0);
    loop {
        let copy = folder.copy();
        let (opened, saved) = copy.open().expect("it is whole").expect("there is a state");
        drop(opened);
        let canister = canister(&saved);
        let engine = saved.engine;
        engine.take_changes(drop_changes);
        count(&engine, canister);
        let mut requests = saved.requests;
        requests.push(call(9));
        let after = Contents { canister: engine.canister_state(canister), seeds: saved.keys.seeds(), requests };

        let (opened, left) = failing(&copy);
        left.store(operations, Ordering::SeqCst);
        let changes = RequestChanges { put: vec![call(9)], forgotten: vec![] };
        let committed = engine.take_changes(|engine_changes| opened.commit(engine_changes, &changes));
        left.store(0, Ordering::SeqCst);
        drop(opened);
        let found = Contents::of(copy.open().expect("it is whole").expect("there is a state").1);
        match committed {
            Ok(()) => assert_eq!(found, after, "confirmed, after {operations} operations"),
            Err(_) => {
                failed += 1;
                assert!(found == before || found == after, "after {operations} operations: {found:?}");
            }
        }
        if committed.is_ok() {
            break;
        }
        operations += 1;
    }
    assert!(failed > 5, "a commit takes {failed} operations");
}

/// An answer before the disk failed can be relied on. Nobody is answered after that, and the network says why it ends.
#[tokio::test]
async fn a_network_whose_disk_fails_confirms_nothing_more_and_says_why() {
    let folder = folder();
    let (opened, saved) = folder.open().expect("it is whole").expect("there is a state");
    drop(opened);
    let (opened, left) = failing(&folder);
    let canister = canister(&saved);
    let state = State::in_memory(saved.engine).expect("there is randomness");
    let (node, mut executor) = Node::start(State { folder: Some(opened), ..state }).expect("there is a thread");
    let expiry = crate::clock::nanos() + 60_000_000_000;
    let submit = |number| {
        let header = Header { sender: Principal::anonymous(), canister, expiry };
        node.submit(Call { id: [number; 32], header, method: "count".into(), argument: vec![] })
    };
    let mut first = submit(101).expect("it runs");
    let answered = first.wait_for(|progress| matches!(progress, Progress::Taken(Status::Answered(Ok(_))))).await;
    drop(answered.expect("it is answered"));
    left.store(0, Ordering::SeqCst);
    // A round without calls may have failed already.
    let second = submit(102);
    executor.ended().await;
    assert!(second.is_err() || second.is_ok_and(|progress| matches!(*progress.borrow(), Progress::Stopped)));
    assert_eq!(submit(103).err(), Some(Busy::Stopped));
    let error = executor.join().await.expect_err("it cannot go on");
    assert!(error.contains("the state cannot be saved") && error.contains("the disk is gone"), "{error}");

    let (_, saved) = folder.open().expect("it is whole").expect("there is a state");
    let known: Vec<u8> = saved.requests.iter().map(|(id, _)| id[0]).filter(|number| *number > 100).collect();
    assert_eq!(known, [101]);
}

fn drop_changes(_: &Changes<'_>) {}

#[test]
fn the_files_of_a_process_that_ended_before_its_first_commit_are_not_a_state() {
    let folder = Folder::new();
    fs::write(folder.path().join(NEW_DATABASE), b"half").expect("it is written");
    assert!(folder.open().expect("there is none").is_none());
    let (engine, keys) = (LocalIc::new(), Keys::generate().expect("there is randomness"));
    let canister = engine.create_canister();
    engine
        .take_changes(|changes| StateFolder::create(&folder.lock(), &keys, &named(canister), changes))
        .expect("it is created");
    assert!(!folder.path().join(NEW_DATABASE).exists());
    assert!(folder.open().expect("it is whole").is_some());
}

/// The number of a message survives, because a pending call is found by it.
#[test]
fn calls_under_way_are_saved_with_their_number() {
    let folder = folder();
    let (opened, saved) = folder.open().expect("it is whole").expect("there is a state");
    saved.engine.take_changes(drop_changes);
    let submitted = saved.engine.submit_call(canister(&saved), Principal::anonymous(), "count", vec![]);
    let message: MessageId = submitted.expect("it is taken in");
    let status = Status::Processing(message);
    let put = vec![([8; 32], TakenCall { header: HEADER, status })];
    let requests = RequestChanges { put, forgotten: vec![] };
    saved.engine.take_changes(|changes| opened.commit(changes, &requests)).expect("it is committed");
    drop(opened);
    let (_, saved) = folder.open().expect("it is whole").expect("there is a state");
    let Some((_, TakenCall { status: Status::Processing(found), .. })) = saved.requests.last() else {
        panic!("{:?}", saved.requests)
    };
    assert_eq!(*found, message);
    saved.engine.await_call(*found).expect("it replies");
}
