//! Verb `start`: starts a process.

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

use super::process::{Args, request};

/// Wants a process to run.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Error> {
    request(args, "start", client, output).await
}
