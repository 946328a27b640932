//! Refuses file systems that other machines may write to: WAL needs shared memory, and `flock` does not reach them.

use crate::Error;
use std::path::Path;

/// Magic numbers of `statfs(2)`.
const REMOTE: [(u64, &str); 15] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x0102_1997, "9P"),
    (0x6573_5546, "FUSE"),
    (0x5346_414f, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x786f_4256, "a VirtualBox shared folder"),
    (0x7461_636f, "OCFS2"),
    (0x0116_1970, "GFS2"),
    (0x1983_0326, "BeeGFS"),
];

/// Errors: [`Error::FileSystem`], [`Error::Io`].
pub(crate) fn refuse_remote(folder: &Path) -> Result<(), Error> {
    let found = rustix::fs::statfs(folder).map_err(|error| Error::io(folder)(error.into()))?;
    // The type is signed on some machines; magic numbers have 32 bits.
    match remote(found.f_type as u64 & 0xffff_ffff) {
        Some(name) => Err(Error::FileSystem { path: folder.into(), name }),
        None => Ok(()),
    }
}

fn remote(magic: u64) -> Option<&'static str> {
    REMOTE.iter().find(|(remote, _)| *remote == magic).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_systems_of_other_machines_are_refused_and_those_of_this_one_are_not() {
        const NFS: u64 = 0x6969;
        const FUSE: u64 = 0x6573_5546;
        const EXT4: u64 = 0xef53;
        const TMPFS: u64 = 0x0102_1994;
        assert_eq!(remote(NFS), Some("NFS"));
        assert_eq!(remote(FUSE), Some("FUSE"));
        assert_eq!(remote(EXT4), None);
        assert_eq!(remote(TMPFS), None);
        refuse_remote(Path::new("/proc")).unwrap();
        assert!(matches!(refuse_remote(Path::new("/nowhere")), Err(Error::Io { .. })));
    }
}
