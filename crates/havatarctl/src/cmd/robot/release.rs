use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use havatar_api::{EstopRelease, EstopReleased};

use crate::client::Client;
use crate::output::{Output, remark};
use crate::{Exit, Failure};

use super::state;

/// How to release.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Do not ask; for scripts that know what they do
    #[arg(long)]
    yes: bool,
}

/// Releases the e-stop: asks, and sends the second step only then.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Failure> {
    if !args.yes && !confirmed()? {
        remark("Nothing was released.");
        return Ok(Exit::Failed);
    }
    // The code of the first step is good for ten seconds, so it is asked for after the person was.
    let first: EstopReleased = client.post(&["robot", "estop", "release"]).await?;
    let second = EstopRelease { confirm: first.confirm };
    let released: EstopReleased = client.post_with(&["robot", "estop", "release"], &second).await?;
    output.show(&released.estop, |look| format!("E-stop: {}", state::estop(&released.estop, look)))?;
    Ok(Exit::Done)
}

fn confirmed() -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        remark("Releasing the e-stop needs a person at a terminal, or --yes.");
        return Ok(false);
    }
    write!(io::stderr(), "Is everybody clear of the robot? Type yes to release its e-stop: ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
