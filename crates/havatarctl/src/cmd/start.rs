use crate::client::Client;
use crate::output::Output;
use crate::{Exit, Failure};

use super::process::{Args, order};

/// Wants a process to run.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Failure> {
    order(args, "start", client, output).await
}
