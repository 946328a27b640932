//! Verifiers against honest and lying directories, on disks that lose unsynced bytes.

mod crashes;
mod directory;
mod disks;
mod evidence;
mod lies;
mod losses;
mod node;
mod replays;
mod rounds;
mod speed;
