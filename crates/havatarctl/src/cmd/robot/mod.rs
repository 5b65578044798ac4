//! Verbs about the robot: its state, stop and e-stop. Driving needs the picture and is done in the browser.

pub(crate) mod black_box;
pub(crate) mod estop;
pub(crate) mod release;
pub(crate) mod state;
pub(crate) mod stop;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

/// What to do with the robot.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Show link, e-stop, driver, motion, battery and odometry
    State,
    /// Stop the wheels
    Stop,
    /// Latch the e-stop: nothing moves until it is released
    Estop,
    /// Release the e-stop, in two steps
    Release(release::Args),
    /// Print the black box, oldest line first, as JSON lines
    Blackbox,
}

pub(crate) async fn run(verb: Verb, client: &Client, output: &Output) -> Result<Exit, Error> {
    match verb {
        Verb::State => state::run(client, output).await,
        Verb::Stop => stop::run(client, output).await,
        Verb::Estop => estop::run(client, output).await,
        Verb::Release(args) => release::run(&args, client, output).await,
        Verb::Blackbox => black_box::run(client).await,
    }
}
