//! The resources that a process has used, as reported by the operating system.

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

/// The resources that a process has used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Bytes that it wrote to disk.
    pub written_bytes: u64,
    /// Processor time in user and system mode.
    pub cpu: Duration,
}

impl Usage {
    /// The resources that the process with this id has used so far.
    ///
    /// # Errors
    ///
    /// If the operating system does not report them.
    pub fn of(process: u32) -> io::Result<Self> {
        let folder = Path::new("/proc").join(process.to_string());
        let io = fs::read_to_string(folder.join("io"))?;
        let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok());
        let stat = fs::read_to_string(folder.join("stat"))?;
        // After the name in brackets, the 12th and 13th field: ticks in user and in system mode.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let ticks: Vec<u64> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        // SAFETY: it takes a number and returns one.
        let ticks_per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
        match (written, &ticks[..]) {
            (Some(written_bytes), [user, system]) if ticks_per_second > 0 => {
                let cpu = Duration::from_secs_f64((user + system) as f64 / ticks_per_second as f64);
                Ok(Self { written_bytes, cpu })
            }
            _ => Err(io::Error::other(format!("{}: unexpected format", folder.display()))),
        }
    }
}
