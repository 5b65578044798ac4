//! Verb `record delete`: deletes a recording.

use reqwest::Method;
use serde_json::json;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::Output;

/// Arguments of `record delete`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The recording's id, as `record list` shows it
    #[arg(value_parser = crate::cmd::name, allow_hyphen_values = true)]
    id: String,
}

/// Deletes a recording for good.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Error> {
    client.execute(Method::DELETE, &["recordings", &args.id]).await?;
    output.show(&json!({ "deleted": args.id }), |_| format!("Deleted {}.", format::clean(&args.id)))?;
    Ok(Exit::Done)
}
