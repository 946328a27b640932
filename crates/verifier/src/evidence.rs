//! Evidence: a file that proves a directory's act to anybody, without network.
//!
//! ```text
//! evidence     records (records.rs): first one of kind 3, then those of its case
//! kind 1, 2    update, head
//! kind 3       format 1 (1) | case 1 | pinned (pinned.rs)
//! kind 4       certified: log 80 | certificate
//! kind 5       n x 32: the consistency proof of RFC 6962
//! kind 6       n x 32: the modules that are allowed
//! kind 7       a certificate of module and controllers
//!
//! case 1, a rule is broken      certified | consistency | all epochs from the first to the one that breaks it, each with its
//!                               updates before its head | heads after it; consistency from the last of these to the certified log
//! case 2, two logs              certified earlier | certified later | consistency, before it the later log's root at the size of
//!                               the earlier one
//! case 3, rolled back           certified earlier | certified later and smaller
//! case 4, another module        certified | allowed | certificate that is not older
//! ```

use crate::certificate::{Authority, Certified, Module};
use crate::disk::{Disk, Folder};
use crate::journal::{self, Journal};
use crate::pinned::Pinned;
use crate::records::{self, HEAD, Records, UPDATE};
use crate::replay::{Epoch, Replay, ReplayError};
use directory_core::bytes::Reader;
use directory_core::hash::Hash;
use directory_core::head::Head;
use directory_core::log::{Log, LogError, verify_consistency};
use directory_core::update::LoggedUpdate;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

/// The evidence of the violation that halted a verifier.
pub const FILE: &str = "evidence";
/// The evidence of a module that is not allowed.
pub const MODULE_FILE: &str = "evidence-module";

const FORMAT: u8 = 1;
const START: u8 = 3;
const CERTIFIED: u8 = 4;
const CONSISTENCY: u8 = 5;
const ALLOWED: u8 = 6;
const MODULE: u8 = 7;
const CHUNK: usize = 1024 * 1024;

/// The case of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// An epoch breaks a rule.
    Rule = 1,
    /// Two certified logs, of which neither continues the other.
    Fork = 2,
    /// A smaller certified log after a larger one.
    Rollback = 3,
    /// The canister has a module that is not allowed.
    Module = 4,
}

/// Writes an evidence file.
struct Writer<'a, D> {
    disk: &'a mut D,
    file: &'static str,
}

impl<'a, D: Disk> Writer<'a, D> {
    /// Begins a file, replacing an older one.
    fn new(disk: &'a mut D, file: &'static str, pinned: &Pinned, case: Case) -> io::Result<Self> {
        disk.cut(file, 0)?;
        let mut writer = Self { disk, file };
        writer.push(START, &[&[FORMAT, case as u8][..], &pinned.encode()].concat())?;
        Ok(writer)
    }

    fn certified(&mut self, certified: &Certified) -> io::Result<()> {
        self.push(CERTIFIED, &certified.encode())
    }

    fn heads(&mut self, heads: &[Head]) -> io::Result<()> {
        heads.iter().try_for_each(|head| self.push(HEAD, &head.encode()))
    }

    /// Syncs the file: on return it survives a power cut.
    fn finish(self) -> io::Result<()> {
        self.disk.sync(self.file)
    }

    fn push(&mut self, kind: u8, body: &[u8]) -> io::Result<()> {
        let mut out = Vec::new();
        records::push(&mut out, kind, body);
        self.disk.append(self.file, &out)
    }

    fn journal(&mut self, journal: &Journal) -> io::Result<()> {
        let mut at = 0;
        while at < journal.size() {
            let mut chunk = vec![0; CHUNK.min((journal.size() - at) as usize)];
            self.disk.read(journal::FILE, at, &mut chunk)?;
            self.disk.append(self.file, &chunk)?;
            at += chunk.len() as u64;
        }
        Ok(())
    }
}

/// An epoch that breaks a rule, and the proof that the directory closed it.
pub struct Broken<'a> {
    /// The epoch.
    pub epoch: &'a Epoch,
    /// Heads after it.
    pub later: &'a [Head],
    /// The certified log that contains all of them.
    pub certified: &'a Certified,
    /// The proof that the log through the last of these heads is a prefix of the certified one.
    pub consistency: &'a [Hash],
}

/// Writes the evidence of a broken rule. The journal must have all earlier epochs.
///
/// # Errors
///
/// Those of the disk.
pub fn broken<D: Disk>(disk: &mut D, pinned: &Pinned, journal: &Journal, broken: &Broken<'_>) -> io::Result<()> {
    let Broken { epoch, later, certified, consistency } = broken;
    let mut writer = Writer::new(disk, FILE, pinned, Case::Rule)?;
    writer.certified(certified)?;
    writer.push(CONSISTENCY, consistency.as_flattened())?;
    writer.journal(journal)?;
    epoch.updates.iter().try_for_each(|update| writer.push(UPDATE, &update.encode()))?;
    writer.heads(&[epoch.head])?;
    writer.heads(later)?;
    writer.finish()
}

/// A certified log, and the proof of its root at an earlier size.
pub struct Prefix {
    /// The certified log.
    pub certified: Certified,
    /// The earlier size: not 0, and not larger than the log.
    pub size: u64,
    /// The root of this many heads.
    pub root: Hash,
    /// The proof that these heads are a prefix of the log.
    pub consistency: Vec<Hash>,
}

impl Prefix {
    /// Checks the proof.
    ///
    /// # Errors
    ///
    /// The reason why it proves nothing.
    pub fn verify(&self) -> Result<(), LogError> {
        let checkpoint = &self.certified.log.checkpoint;
        verify_consistency((self.size, &self.root), (checkpoint.size, &checkpoint.root), &self.consistency)
    }
}

/// Writes the evidence of a fork: the later log has another root at the size of the earlier one.
///
/// # Errors
///
/// Those of the disk.
pub fn fork<D: Disk>(disk: &mut D, pinned: &Pinned, earlier: &Certified, later: &Prefix) -> io::Result<()> {
    let mut writer = Writer::new(disk, FILE, pinned, Case::Fork)?;
    writer.certified(earlier)?;
    writer.certified(&later.certified)?;
    writer.push(CONSISTENCY, &[&later.root[..], later.consistency.as_flattened()].concat())?;
    writer.finish()
}

/// Writes the evidence of a rollback: the later log is smaller than the earlier one.
///
/// # Errors
///
/// Those of the disk.
pub fn rollback<D: Disk>(disk: &mut D, pinned: &Pinned, earlier: &Certified, later: &Certified) -> io::Result<()> {
    let mut writer = Writer::new(disk, FILE, pinned, Case::Rollback)?;
    writer.certified(earlier)?;
    writer.certified(later)?;
    writer.finish()
}

/// Writes the evidence of a module that is not allowed. The certified log shows that the module came after the directory's
/// installation.
///
/// # Errors
///
/// Those of the disk.
pub fn module<D: Disk>(
    disk: &mut D,
    pinned: &Pinned,
    certified: &Certified,
    allowed: &[Hash],
    module: &Module,
) -> io::Result<()> {
    let mut writer = Writer::new(disk, MODULE_FILE, pinned, Case::Module)?;
    writer.certified(certified)?;
    writer.push(ALLOWED, allowed.as_flattened())?;
    writer.push(MODULE, &module.certificate)?;
    writer.finish()
}

/// The fact that evidence proves about its directory.
#[derive(Debug)]
pub struct Proven {
    /// The directory. The checker must compare it with its own pins.
    pub pinned: Pinned,
    /// The case.
    pub case: Case,
    /// The directory's act, as a sentence.
    pub what: String,
    /// When the platform certified it, in nanoseconds since 1970.
    pub time: u64,
    /// Case 4: the canister's module. The file says which ones its writer allowed. The checker must compare it with its own.
    pub module: Option<Hash>,
}

/// The reason why a file proves nothing.
#[derive(Debug)]
pub enum Unproven {
    /// The file is not evidence, or contradicts itself. The text gives the reason.
    Malformed(String),
    /// The file is genuine, but no rule is broken.
    Honest,
    /// A file could not be read or written.
    Disk(io::Error),
}

impl From<io::Error> for Unproven {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<String> for Unproven {
    fn from(why: String) -> Self {
        Self::Malformed(why)
    }
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "this is no evidence: {why}"),
            Self::Honest => write!(f, "the file is genuine and proves no lie"),
            Self::Disk(error) => error.fmt(f),
        }
    }
}

/// Checks evidence without network. `scratch` is an empty folder with as much free space as the file's size.
///
/// # Errors
///
/// The reason why the file proves nothing.
pub fn check(file: impl Read, scratch: &Path) -> Result<Proven, Unproven> {
    let mut records = Records::new(file);
    let start = expect(&mut records, START)?;
    let mut reader = Reader::new(&start);
    let mut read = || {
        reader.version("format", FORMAT)?;
        Ok((reader.u8("case")?, Pinned::decode(&mut reader)?))
    };
    let (case, pinned) = read().map_err(|error: directory_core::bytes::DecodeError| format!("{error:?}"))?;
    let mut file = Evidence { records, authority: Authority::new(pinned.canister, &pinned.root_key)?, pinned };
    let (case, (what, time), module) = match case {
        1 => (Case::Rule, file.check_rule(scratch)?, None),
        2 => (Case::Fork, file.check_fork()?, None),
        3 => (Case::Rollback, file.check_rollback()?, None),
        4 => {
            let (module, found) = file.check_module()?;
            (Case::Module, found, Some(module))
        }
        other => return Err(Unproven::Malformed(format!("there is no case {other}"))),
    };
    Ok(Proven { pinned: file.pinned, case, what, time, module })
}

/// The sentence that a file proves, and the time of its certificate.
type Found = Result<(String, u64), Unproven>;

/// The records of a file behind the first one, and what the first one pins.
struct Evidence<R> {
    records: Records<R>,
    authority: Authority,
    pinned: Pinned,
}

impl<R: Read> Evidence<R> {
    /// The next record, which must be a certified log of the pinned configuration and VRF key. Otherwise a forger could name
    /// other ones, or take logs from before and after a reinstallation, so that an honest directory seems to break rules.
    fn certified(&mut self) -> Result<Certified, Unproven> {
        let certified = self.authority.decode(&expect(&mut self.records, CERTIFIED)?)?;
        if certified.log.configuration != self.pinned.hash() {
            return Err(Unproven::Malformed("the certified log is not of this configuration and VRF key".to_owned()));
        }
        Ok(certified)
    }

    fn check_rule(&mut self, scratch: &Path) -> Found {
        let certified = self.certified()?;
        let records = &mut self.records;
        let consistency = hashes(&expect(records, CONSISTENCY)?)?;
        let mut disk = Folder::open(scratch)?;
        let mut journal = Journal::open(&mut disk, |_| ())?;
        let mut replay = Replay::new(self.pinned.pins()?);
        let mut log = Log::<Vec<Hash>>::default();
        let violation = loop {
            let epoch = next_epoch(records)?.ok_or(Unproven::Honest)?;
            let complete = epoch.complete().map_err(|violation| format!("updates were replaced: {violation}"))?;
            log.append(&epoch.head.encode());
            match replay.epoch(&journal.stored(&disk), &complete, certified.time) {
                Ok(next) => replay = next,
                Err(ReplayError::Violation(violation)) => break violation,
                Err(ReplayError::Past(error)) => return Err(error.into()),
            }
            journal.append(&mut disk, &complete)?;
        };
        while let Some(head) = next_head(records)? {
            log.append(&head.encode());
        }
        let shown = (log.size(), &log.root(log.size()));
        let checkpoint = &certified.log.checkpoint;
        verify_consistency(shown, (checkpoint.size, &checkpoint.root), &consistency)
            .map_err(|error| format!("the heads are not those of the certified log: {error:?}"))?;
        Ok((violation.to_string(), certified.time))
    }

    fn check_fork(&mut self) -> Found {
        let earlier = self.certified()?.log.checkpoint;
        let certified = self.certified()?;
        let hashes = hashes(&expect(&mut self.records, CONSISTENCY)?)?;
        let (root, consistency) = hashes.split_first().ok_or_else(|| "the other root is missing".to_owned())?;
        let later = Prefix { certified, size: earlier.size, root: *root, consistency: consistency.to_vec() };
        later.verify().map_err(|error| format!("the other root is not of the later log: {error:?}"))?;
        if *root == earlier.root {
            return Err(Unproven::Honest);
        }
        Ok((fork_sentence(earlier.size, &earlier.root, root), later.certified.time))
    }

    fn check_rollback(&mut self) -> Found {
        let [earlier, later] = [self.certified()?, self.certified()?];
        let [old, new] = [earlier.log.checkpoint.size, later.log.checkpoint.size];
        if earlier.time >= later.time || old <= new {
            return Err(Unproven::Honest);
        }
        Ok((rollback_sentence(old, new), later.time))
    }

    /// Returns the module too.
    fn check_module(&mut self) -> Result<(Hash, (String, u64)), Unproven> {
        let certified = self.certified()?;
        let allowed = hashes(&expect(&mut self.records, ALLOWED)?)?;
        let module = self.authority.module(&expect(&mut self.records, MODULE)?)?;
        if module.time < certified.time {
            return Err(Unproven::Malformed("the module's certificate is older than the log's".to_owned()));
        }
        if allowed.contains(&module.hash) {
            return Err(Unproven::Honest);
        }
        Ok((module.hash, (module_sentence(&module, &allowed), module.time)))
    }
}

/// The sentence about a fork.
pub fn fork_sentence(size: u64, first: &Hash, second: &Hash) -> String {
    let [first, second] = [first, second].map(hex::encode);
    format!("the log of {size} heads was certified with the root {first} and later with {second}")
}

/// The sentence about a rollback.
pub fn rollback_sentence(old: u64, new: u64) -> String {
    format!("a log of {old} heads was certified, and later one of {new}")
}

/// The sentence about another module.
pub fn module_sentence(module: &Module, allowed: &[Hash]) -> String {
    let allowed: Vec<_> = allowed.iter().map(hex::encode).collect();
    let controllers: Vec<_> = module.controllers.iter().map(ToString::to_string).collect();
    format!(
        "the canister has the module {}, which is not allowed: the allowed ones are {}; its controllers are {}",
        hex::encode(module.hash),
        allowed.join(", "),
        controllers.join(", ")
    )
}

fn expect(records: &mut Records<impl Read>, kind: u8) -> Result<Vec<u8>, Unproven> {
    match records.read()? {
        Some((found, body)) if found == kind => Ok(body),
        Some((found, _)) => Err(Unproven::Malformed(format!("a record of kind {found} is in the place of {kind}"))),
        None => Err(Unproven::Malformed("it is cut off or damaged".to_owned())),
    }
}

fn next_epoch(records: &mut Records<impl Read>) -> Result<Option<Epoch>, Unproven> {
    let mut updates = Vec::new();
    loop {
        match records.read()? {
            Some((UPDATE, body)) => {
                updates.push(LoggedUpdate::decode_unverified(&body).map_err(|error| format!("{error:?}"))?)
            }
            Some((HEAD, body)) => {
                let head = Head::decode(&body).map_err(|error| format!("{error:?}"))?;
                return Ok(Some(Epoch { head, updates }));
            }
            Some((kind, _)) => return Err(Unproven::Malformed(format!("a record of kind {kind} is among the epochs"))),
            None => return Ok(None),
        }
    }
}

fn next_head(records: &mut Records<impl Read>) -> Result<Option<Head>, Unproven> {
    match records.read()? {
        Some((HEAD, body)) => Ok(Some(Head::decode(&body).map_err(|error| format!("{error:?}"))?)),
        Some((kind, _)) => Err(Unproven::Malformed(format!("a record of kind {kind} is among the heads"))),
        None => Ok(None),
    }
}

fn hashes(bytes: &[u8]) -> Result<Vec<Hash>, Unproven> {
    let (hashes, rest) = bytes.as_chunks();
    if rest.is_empty() { Ok(hashes.to_vec()) } else { Err(Unproven::Malformed("a hash is cut off".to_owned())) }
}
