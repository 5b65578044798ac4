//! Recording and recordings.

pub(crate) mod delete;
pub(crate) mod download;
pub(crate) mod error;
pub(crate) mod list;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod stop;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

/// What to do with recordings.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Start recording; exit 1 if nothing is being written after a few seconds
    Start,
    /// Stop recording
    Stop,
    /// List the recordings, newest first
    List,
    /// Fetch a recording into a file
    Download(download::Args),
    /// Delete a recording for good
    Delete(delete::Args),
}

pub(crate) async fn run(verb: Verb, client: &Client, output: &Output) -> Result<Exit, Error> {
    match verb {
        Verb::Start => start::run(client, output).await,
        Verb::Stop => stop::run(client, output).await,
        Verb::List => list::run(client, output).await,
        Verb::Download(args) => download::run(&args, client, output).await,
        Verb::Delete(args) => delete::run(&args, client, output).await,
    }
}
