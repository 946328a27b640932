//! A system that does not support queries beside updates has no reader.

use std::io::ErrorKind;
use std::thread;

use local_ic::{LocalIc, StateReader};

/// Has `madvise` know no `MADV_POPULATE_WRITE` on this thread, as before Linux 5.14.
fn forget_populate_write() {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const UNLESS_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let number = std::mem::offset_of!(libc::seccomp_data, nr) as u32;
    // The lower half, on a little-endian machine.
    let third_argument = (std::mem::offset_of!(libc::seccomp_data, args) + 2 * size_of::<u64>()) as u32;
    let step = |code, jf, k| libc::sock_filter { code, jt: 0, jf, k };
    let mut filter = [
        step(LOAD, 0, number),
        step(UNLESS_EQUAL, 3, libc::SYS_madvise as u32),
        step(LOAD, 0, third_argument),
        step(UNLESS_EQUAL, 1, libc::MADV_POPULATE_WRITE as u32),
        step(RETURN, 0, libc::SECCOMP_RET_ERRNO | libc::EINVAL as u32),
        step(RETURN, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the program lives until the kernel has copied it, and concerns no memory.
    let filtered = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
    };
    assert!(filtered, "the system filters no calls: {}", std::io::Error::last_os_error());
}

#[test]
fn a_reader_that_the_system_cannot_serve_is_refused_in_words() {
    let refused = thread::spawn(|| {
        forget_populate_write();
        LocalIc::new().take_changes(|changes| StateReader::new(changes, None)).err()
    });
    let error = refused.join().expect("it does not panic").expect("it is refused");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("Linux 5.14"), "{error}");
    LocalIc::new().take_changes(|changes| StateReader::new(changes, None)).expect("this system can do it");
}
