//! The command line.

use crate::{enter, sign};
use candid::Principal;
use clap::{Args, Parser, Subcommand};
use std::error::Error;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  an error, or a request that is refused; the message says why";

/// Vouches for the registration of labels in a key directory.
#[derive(Parser)]
#[command(name = "registrar", version, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a new secret key into a new file, and print the public key
    NewKey {
        /// The file
        file: PathBuf,
    },
    /// Enter the registrar's key in the directory, once, as a controller of its canister
    Enter(Enter),
    /// Print the contents of a request, and check it
    Show {
        /// The file of the request; -: standard input
        request: PathBuf,
        #[command(flatten)]
        directory: Directory,
    },
    /// Check a request for a label, and print the signature that vouches for it
    Sign {
        /// The label to vouch for: a name or an address. A request for another label is refused
        label: String,
        /// The file of the request; -: standard input
        request: PathBuf,
        /// The registrar's key file
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        #[command(flatten)]
        directory: Directory,
    },
}

/// The directory that the registrar vouches for.
#[derive(Args)]
pub struct Directory {
    /// Its canister
    #[arg(long, value_name = "ID")]
    pub canister: Principal,
    /// Its VRF key, 64 hexadecimal digits, as get_configuration returns it
    #[arg(long, value_name = "HEX", value_parser = key_file::from_hex)]
    pub vrf_key: [u8; 32],
}

/// The arguments of `registrar enter`.
#[derive(Args)]
pub struct Enter {
    /// The registrar's key file
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The directory's canister
    #[arg(long, value_name = "ID")]
    pub canister: Principal,
    /// Address of the network
    #[arg(long, value_name = "URL", default_value = "https://icp-api.io")]
    pub network: String,
    /// Trust the root key that the network returns: for networks on this machine
    #[arg(long)]
    pub fetch_root_key: bool,
    /// Identity of the controller, a PEM file; by default the anonymous identity
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    match arguments.command {
        Command::NewKey { file } => {
            println!("{}", hex::encode(key_file::create(&file)?.verifying_key().to_bytes()));
            Ok(())
        }
        Command::Enter(enter) => enter::run(&enter),
        Command::Show { request, directory } => sign::show(&request, &directory),
        Command::Sign { label, request, key, directory } => sign::run(&label, &request, &key, &directory),
    }
}
