//! Verb `hush`: stops speech and clears its queue.

use reqwest::Method;
use serde_json::json;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

/// Cuts short what is being said, and forgets what waits.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    client.execute(Method::DELETE, &["robot", "speak"]).await?;
    output.show(&json!({ "hushed": true }), |_| "The robot says nothing more.".to_owned())?;
    Ok(Exit::Done)
}
