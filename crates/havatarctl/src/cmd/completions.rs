//! Verb `completions`: prints a completion script.

use clap::Command;
use clap_complete::Shell;

use crate::error::Error;
use crate::exit::Exit;
use crate::output::print;

/// Arguments of `completions`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// A completion script. It asks nothing of havatard.
pub(crate) fn run(args: &Args, mut command: Command) -> Result<Exit, Error> {
    // Into memory first: the generator panics when its reader goes away.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "havatarctl", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
