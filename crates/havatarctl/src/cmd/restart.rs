//! Verb `restart`: stops a process and starts it again.

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

use super::process::{Args, request};

/// Ends a process and launches it again.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Error> {
    request(args, "restart", client, output).await
}
