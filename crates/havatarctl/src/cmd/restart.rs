use crate::client::Client;
use crate::output::Output;
use crate::{Exit, Failure};

use super::process::{Args, order};

/// Ends a process and launches it again.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Failure> {
    order(args, "restart", client, output).await
}
