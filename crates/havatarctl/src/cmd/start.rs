use super::process::{Args, order};
use crate::client::Client;
use crate::output::Output;
use crate::{Exit, Failure};

/// Wants a process to run.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Failure> {
    order(args, "start", client, output).await
}
