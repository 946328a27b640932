//! The client of the directory against a directory in this process, with certificates that nobody signs, and a replica
//! between that may lie.

mod honest;
mod lies;
mod site;
