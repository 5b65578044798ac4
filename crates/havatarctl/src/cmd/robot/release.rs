//! Verb `robot release`: releases the e-stop in two steps.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use havatar_api::{EstopRelease, EstopReleased};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Output, note};

use super::state;

/// How to release.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

/// Releases the e-stop: asks, and sends the second step only then.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Error> {
    if !args.yes && !confirmed()? {
        note("Nothing was released.");
        return Ok(Exit::Failed);
    }
    // The code of the first step expires after a minute, so it is requested after the confirmation.
    let first: EstopReleased = client.post(&["robot", "estop", "release"]).await?;
    let second = EstopRelease { confirm: first.confirm };
    let released: EstopReleased = client.post_with(&["robot", "estop", "release"], &second).await?;
    output.show(&released.estop, |style| format!("E-stop: {}", state::estop(&released.estop, style)))?;
    Ok(Exit::Done)
}

fn confirmed() -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        note("Releasing the e-stop needs a person at a terminal, or --yes.");
        return Ok(false);
    }
    write!(io::stderr(), "Is everybody clear of the robot? Type yes to release its e-stop: ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
