//! Refuses file systems on which a store's promises do not hold.
//!
//! Other machines may write to some: WAL needs shared memory, and `flock` does not reach them. Others give a file another inode
//! number whenever the system has forgotten it: the store would be a copy of itself.

use crate::Error;
use std::path::Path;

/// Magic numbers of `statfs(2)`.
const UNFIT: [(u64, &str); 17] = [
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
    // Without lasting inode numbers.
    (0x4d44, "FAT"),
    (0x2011_bab0, "exFAT"),
];

/// Errors: [`Error::FileSystem`], [`Error::Io`].
pub(crate) fn refuse_unfit(folder: &Path) -> Result<(), Error> {
    let found = rustix::fs::statfs(folder).map_err(|error| Error::io(folder)(error.into()))?;
    // The type is signed on some machines; magic numbers have 32 bits.
    match unfit(found.f_type as u64 & 0xffff_ffff) {
        Some(name) => Err(Error::FileSystem { path: folder.into(), name }),
        None => Ok(()),
    }
}

fn unfit(magic: u64) -> Option<&'static str> {
    UNFIT.iter().find(|(unfit, _)| *unfit == magic).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_systems_of_other_machines_or_without_lasting_inode_numbers_are_refused_and_no_others() {
        const NFS: u64 = 0x6969;
        const FUSE: u64 = 0x6573_5546;
        const FAT: u64 = 0x4d44;
        const EXFAT: u64 = 0x2011_bab0;
        const EXT4: u64 = 0xef53;
        const TMPFS: u64 = 0x0102_1994;
        assert_eq!(unfit(NFS), Some("NFS"));
        assert_eq!(unfit(FUSE), Some("FUSE"));
        assert_eq!(unfit(FAT), Some("FAT"));
        assert_eq!(unfit(EXFAT), Some("exFAT"));
        assert_eq!(unfit(EXT4), None);
        assert_eq!(unfit(TMPFS), None);
        refuse_unfit(Path::new("/proc")).unwrap();
        assert!(matches!(refuse_unfit(Path::new("/nowhere")), Err(Error::Io { .. })));
    }
}
