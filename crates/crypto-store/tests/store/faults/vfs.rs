//! SQLite's default VFS, wrapped: files in a watched folder are recorded, and fail when they are told to.
//!
//! Files elsewhere are opened by the wrapped VFS directly, so other tests of this program do not meet it.

use super::disk::Op;
use rusqlite::ffi;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once, OnceLock};

/// The calls on the files of one folder.
#[derive(Default)]
pub struct Recorder {
    ops: Mutex<Vec<Op>>,
    fault: Mutex<Option<Fault>>,
}

#[derive(Clone, Copy)]
pub struct Fault {
    /// Calls that succeed before.
    pub after: usize,
    /// SQLite's error code.
    pub code: c_int,
    /// Whether all later calls fail too.
    pub lasts: bool,
}

impl Recorder {
    /// Records the files of a folder that are opened from now on.
    pub fn watch(folder: &Path) -> Arc<Self> {
        static REGISTER: Once = Once::new();
        REGISTER.call_once(register);
        let recorder = Arc::<Self>::default();
        watched().lock().unwrap().push((folder.canonicalize().unwrap(), recorder.clone()));
        recorder
    }

    pub fn ops(&self) -> Vec<Op> {
        self.ops.lock().unwrap().clone()
    }

    pub fn note(&self, op: Op) {
        self.ops.lock().unwrap().push(op);
    }

    pub fn fail(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap() = fault;
    }

    /// Whether a fault is set that no call has met.
    pub fn has_not_failed(&self) -> bool {
        self.fault.lock().unwrap().is_some_and(|fault| fault.after > 0)
    }

    fn meets_fault(&self) -> Option<c_int> {
        let mut fault = self.fault.lock().unwrap();
        let Fault { after, code, lasts } = fault.as_mut()?;
        if *after > 0 {
            *after -= 1;
            return None;
        }
        let code = *code;
        // One fault: all later calls succeed.
        if !*lasts {
            *fault = None;
        }
        Some(code)
    }
}

type Watched = Mutex<Vec<(PathBuf, Arc<Recorder>)>>;

fn watched() -> &'static Watched {
    static WATCHED: OnceLock<Watched> = OnceLock::new();
    WATCHED.get_or_init(Mutex::default)
}

/// The wrapped VFS, as a number: it lives as long as the process.
static WRAPPED: OnceLock<usize> = OnceLock::new();

fn wrapped() -> *mut ffi::sqlite3_vfs {
    *WRAPPED.get().unwrap() as *mut ffi::sqlite3_vfs
}

/// A recorded file. The wrapped VFS's file follows in the same allocation of SQLite.
#[repr(C)]
struct Recorded {
    methods: *const ffi::sqlite3_io_methods,
    about: *mut About,
}

struct About {
    recorder: Arc<Recorder>,
    file: String,
}

fn register() {
    // SAFETY: called once. The copy of the default VFS is never freed, and its methods but these two are the default's,
    // which take any `sqlite3_vfs` of their own `pAppData`.
    unsafe {
        ffi::sqlite3_initialize();
        let default = ffi::sqlite3_vfs_find(std::ptr::null());
        WRAPPED.set(default as usize).unwrap();
        let mut vfs = std::ptr::read(default);
        vfs.pNext = std::ptr::null_mut();
        vfs.zName = c"recording".as_ptr();
        vfs.szOsFile = (size_of::<Recorded>() as c_int) + (*default).szOsFile;
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        assert_eq!(ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 1), ffi::SQLITE_OK);
    }
}

fn recorder_of(path: &Path) -> Option<Arc<Recorder>> {
    let watched = watched().lock().unwrap();
    watched.iter().find(|(folder, _)| path.parent() == Some(folder)).map(|(_, recorder)| recorder.clone())
}

unsafe fn path_of(name: *const c_char) -> Option<PathBuf> {
    // SAFETY: SQLite passes a name with a terminator, or none.
    (!name.is_null()).then(|| PathBuf::from(unsafe { CStr::from_ptr(name) }.to_str().unwrap()))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite has allocated `szOsFile` bytes at `file`: enough for the wrapped file, with `Recorded` before it.
    unsafe {
        let open = (*wrapped()).xOpen.unwrap();
        let path = path_of(name);
        let Some(recorder) = path.as_deref().and_then(recorder_of) else {
            return open(wrapped(), name, file, flags, out_flags);
        };
        let recorded = file.cast::<Recorded>();
        (*recorded).methods = std::ptr::null();
        let code = open(wrapped(), name, inner(file), flags, out_flags);
        if code == ffi::SQLITE_OK {
            let about = About { recorder, file: name_of(path.as_deref().unwrap()) };
            (*recorded).about = Box::into_raw(Box::new(about));
            (*recorded).methods = &METHODS;
        }
        code
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: as SQLite has called.
    unsafe {
        if let Some(path) = path_of(name)
            && let Some(recorder) = recorder_of(&path)
        {
            recorder.note(Op::Delete { file: name_of(&path) });
        }
        (*wrapped()).xDelete.unwrap()(wrapped(), name, sync_folder)
    }
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The wrapped VFS's file.
unsafe fn inner(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: it follows `Recorded` in the same allocation.
    unsafe { file.cast::<u8>().add(size_of::<Recorded>()).cast() }
}

unsafe fn about<'a>(file: *mut ffi::sqlite3_file) -> &'a About {
    // SAFETY: set when the file was opened, and freed when it is closed.
    unsafe { &*(*file.cast::<Recorded>()).about }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once.
    unsafe {
        drop(Box::from_raw((*file.cast::<Recorded>()).about));
        (*(*inner(file)).pMethods).xClose.unwrap()(inner(file))
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    data: *const c_void,
    length: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite passes `length` bytes at `data`.
    unsafe {
        let About { recorder, file: name } = about(file);
        if let Some(code) = recorder.meets_fault() {
            return code;
        }
        let bytes = std::slice::from_raw_parts(data.cast::<u8>(), length as usize).to_vec();
        recorder.note(Op::Write { file: name.clone(), offset: offset as usize, bytes });
        (*(*inner(file)).pMethods).xWrite.unwrap()(inner(file), data, length, offset)
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    // SAFETY: as SQLite has called.
    unsafe {
        let About { recorder, file: name } = about(file);
        if let Some(code) = recorder.meets_fault() {
            return code;
        }
        recorder.note(Op::Truncate { file: name.clone(), size: size as usize });
        (*(*inner(file)).pMethods).xTruncate.unwrap()(inner(file), size)
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: as SQLite has called.
    unsafe {
        let About { recorder, file: name } = about(file);
        if let Some(code) = recorder.meets_fault() {
            return code;
        }
        let code = (*(*inner(file)).pMethods).xSync.unwrap()(inner(file), flags);
        recorder.note(Op::Sync { file: name.clone() });
        code
    }
}

/// Methods that the wrapped file answers.
macro_rules! forward {
    ($($name:ident, $method:ident, ($($argument:ident: $type:ty),*) $(-> $returns:ty)?;)*) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $argument: $type)*) $(-> $returns)? {
            // SAFETY: as SQLite has called.
            unsafe { (*(*inner(file)).pMethods).$method.unwrap()(inner(file) $(, $argument)*) }
        }
    )*};
}

forward! {
    read, xRead, (data: *mut c_void, length: c_int, offset: ffi::sqlite3_int64) -> c_int;
    file_size, xFileSize, (size: *mut ffi::sqlite3_int64) -> c_int;
    lock, xLock, (level: c_int) -> c_int;
    unlock, xUnlock, (level: c_int) -> c_int;
    check_reserved_lock, xCheckReservedLock, (result: *mut c_int) -> c_int;
    file_control, xFileControl, (operation: c_int, argument: *mut c_void) -> c_int;
    sector_size, xSectorSize, () -> c_int;
    device_characteristics, xDeviceCharacteristics, () -> c_int;
    shm_map, xShmMap, (page: c_int, size: c_int, extend: c_int, memory: *mut *mut c_void) -> c_int;
    shm_lock, xShmLock, (offset: c_int, count: c_int, flags: c_int) -> c_int;
    shm_barrier, xShmBarrier, ();
    shm_unmap, xShmUnmap, (delete: c_int) -> c_int;
}
