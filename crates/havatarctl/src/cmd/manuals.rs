//! Verb `manuals`: writes the manual pages, for the package.

use std::path::PathBuf;

use clap::Command;

use crate::error::Error;
use crate::exit::Exit;

/// Arguments of `manuals`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder to write into; it must exist
    into: PathBuf,
}

/// A page for the program, and one for each verb. It asks nothing of havatard.
pub(crate) fn run(args: &Args, command: Command) -> Result<Exit, Error> {
    clap_mangen::generate_to(command, &args.into)
        .map_err(|source| Error::Manuals { into: args.into.clone(), source })?;
    Ok(Exit::Done)
}
