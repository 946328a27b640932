//! The command line.

use super::Failure;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  an error; the message says why
  3  sealed and stored on this device, but not all sent yet
  4  a received message did not open
  5  another process holds the store's lock";

/// Sealed, verified mail on the Internet Computer. Any number of these commands run at once on one mailbox.
#[derive(Parser)]
#[command(name = "mailbox", version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// The mailbox's folder; by default ~/.mailbox.
    #[arg(long, global = true, env = "MAILBOX", value_name = "FOLDER")]
    mailbox: Option<PathBuf>,
    /// Read the mailbox's passphrase from this file descriptor, to the end of a line; by default prompt for it.
    #[arg(long, global = true, value_name = "FD")]
    pub passphrase_fd: Option<u32>,
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// The mailbox's folder.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".mailbox"));
        self.mailbox
            .clone()
            .or_else(home)
            .ok_or_else(|| Failure::error("HOME is not set: name a folder with --mailbox"))
    }
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a mailbox
    Init(Init),
    /// Print your card, which you give to others
    Id,
    /// Manage contacts
    Contacts {
        #[command(subcommand)]
        command: Contacts,
    },
    /// Manage shared inboxes: everybody who has the passphrase or the key file reads and writes
    Shared {
        #[command(subcommand)]
        command: Shared,
    },
    /// Pin the directory in which you find people
    Directory {
        /// The directory's canister
        canister: String,
        /// The registrar's key, 64 hexadecimal digits, if the directory has one; repeat the option for each former key
        #[arg(long, value_name = "HEX", value_parser = key_file::from_hex)]
        registrar: Vec<[u8; 32]>,
        /// Accept keys that the platform has certified but no verifier has signed: for development
        #[arg(long)]
        certified_only: bool,
    },
    /// Register your address, or a name, in the directory, and publish your keys
    Register {
        /// The name; by default your address is registered
        name: Option<String>,
        /// The file with the registrar's answer to the request that this command printed
        #[arg(long, value_name = "FILE")]
        vouched: Option<PathBuf>,
    },
    /// Look up your own entry and your contacts, and report changed keys
    Monitor,
    /// Send a text or a file
    Send(Send),
    /// Receive and show new messages
    Receive(Receive),
    /// Show sent and received messages
    Log {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// Only entries after this number
        #[arg(long, default_value_t = 0, value_name = "NUMBER")]
        after: u64,
    },
    /// Save a received file
    Save {
        /// The file's number in the log
        number: u64,
        /// The file to write, which must not exist yet
        path: PathBuf,
    },
    /// Show sealed messages that are not sent yet
    Outbox,
    /// Show a summary of the mailbox
    Status,
    /// Find problems of the mailbox and print their solutions; exit code 1 if there are any
    Doctor {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Manage the keys of this device
    Keys {
        #[command(subcommand)]
        command: Keys,
    },
    /// Write a backup under a passphrase: your address, contacts and shared inboxes, but no messages
    Backup {
        /// The file to write, which must not exist yet
        path: PathBuf,
        /// Read the backup's passphrase from this file descriptor
        #[arg(long, value_name = "FD")]
        new_fd: Option<u32>,
    },
    /// Make a mailbox from a backup: a new device of your address
    Restore {
        /// The backup
        path: PathBuf,
        /// Read the backup's passphrase from this file descriptor
        #[arg(long, value_name = "FD")]
        secret_fd: Option<u32>,
        /// Protect the mailbox with a passphrase from the start
        #[arg(long)]
        passphrase: bool,
    },
    /// Protect the mailbox with a passphrase, or change the passphrase
    Passphrase(Passphrase),
    /// Let your processes open the mailbox for a time without its passphrase
    Unlock {
        /// The duration: 90s, 15m, 8h
        #[arg(long = "for", default_value = "15m", value_name = "TIME", value_parser = time)]
        time: Duration,
    },
    /// End the effect of unlock
    Lock,
}

#[derive(Args)]
pub struct Init {
    /// The message canister
    #[arg(long, value_name = "ID")]
    pub canister: String,
    /// The network
    #[arg(long, default_value = "https://icp-api.io", value_name = "URL")]
    pub network: String,
    /// Protect the mailbox with a passphrase from the start
    #[arg(long)]
    pub passphrase: bool,
    /// Ask the network for its root key, and trust the answer: for networks on this machine
    #[arg(long)]
    pub fetch_root_key: bool,
}

/// A time of at most a day.
fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err("a time is a number and s, m or h".into()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    match seconds {
        Some(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("a time is 1s to 24h".into()),
    }
}

#[derive(Args)]
pub struct Passphrase {
    /// Go back to a key file without a passphrase
    #[arg(long)]
    pub remove: bool,
    /// Read the new passphrase from this file descriptor
    #[arg(long, value_name = "FD", conflicts_with = "remove")]
    pub new_fd: Option<u32>,
}

#[derive(Subcommand)]
pub enum Contacts {
    /// Add a contact from the person's card, or update the contact with a newer card
    Add {
        /// The card; - reads it from standard input
        card: PathBuf,
        /// The contact's name; by default the file's name without its ending
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
    },
    /// Add a contact from the directory, by name or address
    Find {
        /// The name or address in the directory
        label: String,
        /// The contact's name; by default the same
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
    },
    /// Mark the contact's address as verified, after you compared it with the person
    Verify {
        /// The name
        name: String,
        /// The address, as the person told it
        address: String,
    },
    /// List all contacts
    List,
}

#[derive(Subcommand)]
pub enum Keys {
    /// Make a new inbox with new keys, and tell contacts; the mailbox still reads the old one
    Rotate,
}

#[derive(Subcommand)]
pub enum Shared {
    /// Add a shared inbox, by its passphrase or its key file
    Add {
        /// The name
        name: String,
        /// The key file; by default prompt for the passphrase
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// Read the passphrase from this file descriptor, to the end of a line
        #[arg(long, value_name = "FD", conflicts_with = "key")]
        secret_fd: Option<u32>,
    },
    /// List the shared inboxes
    List,
}

#[derive(Args)]
#[command(override_usage = "mailbox send [OPTIONS] <TO> <-m TEXT | FILE | ->")]
pub struct Send {
    /// The contact's name or address, or a shared inbox's name
    pub to: String,
    /// A file; - reads a text from standard input
    #[arg(required_unless_present = "message", conflicts_with = "message")]
    pub file: Option<PathBuf>,
    /// The text
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,
    /// With -: each line is a separate text, which is sent as it comes
    #[arg(long, conflicts_with = "message")]
    pub lines: bool,
    /// The maximum wait for other processes that send to the same contact
    #[arg(long, default_value_t = 35, value_name = "SECONDS")]
    pub wait: u64,
}

#[derive(Args)]
pub struct Receive {
    /// Continue until a signal
    #[arg(long)]
    pub follow: bool,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}
