use reqwest::Method;
use serde_json::json;

use crate::client::Client;
use crate::output::Output;
use crate::{Exit, Failure, words};

/// Arguments of `record delete`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The recording's id, as `record list` shows it
    #[arg(value_parser = crate::cmd::name, allow_hyphen_values = true)]
    id: String,
}

/// Deletes a recording for good.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Failure> {
    client.order(Method::DELETE, &["recordings", &args.id]).await?;
    output.show(&json!({ "deleted": args.id }), |_| format!("Deleted {}.", words::clean(&args.id)))?;
    Ok(Exit::Done)
}
