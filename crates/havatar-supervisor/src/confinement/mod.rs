//! Confinement of child processes: what a program may read, write and reach, however it was taken over.
//!
//! Three means of the kernel, each for what the others leave open: *no new privileges* (a set-user-id program gives
//! nothing), *Landlock* (files, TCP ports, signals and foreign processes) and a *seccomp filter* (kinds of sockets, and
//! system calls that no helper needs). All are inherited by whatever the program starts, and none can be taken off.
//!
//! Rules and filters are built before the fork; between fork and exec, only system calls are left to do
//! (`apply.rs`). A kernel without one of the means is no reason not to run: the program runs with the others, and a
//! [`ConfinementReport`] says what is missing.

mod apply;
mod files;
mod syscalls;

use std::path::PathBuf;

pub(crate) use apply::{Prepared, Receipt};

/// What a program may do. Everything that is not listed is denied; a path that is not there is left out.
///
/// A path of a folder stands for everything beneath it. The program's own file is always readable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Files and folders to read and to run.
    pub read: Vec<PathBuf>,
    /// Folders to read, and to make, change and remove files in.
    pub write: Vec<PathBuf>,
    /// Files and folders to do anything with, running them included: for programs that nobody knows.
    pub full: Vec<PathBuf>,
    /// Devices to read, write and control.
    pub devices: Vec<PathBuf>,
    /// Folders to make and remove sockets in. It gives no right to read anything there.
    pub sockets: Vec<PathBuf>,
    /// What it may reach.
    pub network: Network,
}

/// What a program may reach over sockets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Nothing: no socket of any kind, but pairs within the program.
    #[default]
    Nothing,
    /// Sockets of this machine that have a path, and TCP connections to these ports.
    Tcp(Vec<u16>),
    /// The network.
    Any,
}

/// What a program runs under.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfinementReport {
    /// The program's file name.
    pub program: String,
    /// It gains no privileges by running a file.
    pub no_new_privileges: bool,
    /// Landlock holds it to its files and ports.
    pub landlock: bool,
    /// A filter holds it to the system calls that it needs.
    pub seccomp: bool,
    /// What is missing, and why; `None` if nothing is.
    pub missing: Option<String>,
}

/// What a report says of a command without a confinement.
pub(crate) const NOT_ASKED: &str = "it is switched off";

impl ConfinementReport {
    /// The report of a program that is not confined.
    pub(crate) fn unconfined(program: String, why: impl Into<String>) -> Self {
        Self { program, missing: Some(why.into()), ..Self::default() }
    }
}
