//! The directory's client against a directory in this process. Its certificates are not signed, and a replica in
//! between may lie.

mod honest;
mod lies;
mod site;
