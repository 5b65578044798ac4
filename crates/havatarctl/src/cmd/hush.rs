use reqwest::Method;
use serde_json::json;

use crate::client::Client;
use crate::output::Output;
use crate::{Exit, Failure};

/// Cuts short what is being said, and forgets what waits.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    client.order(Method::DELETE, &["robot", "speak"]).await?;
    output.show(&json!({ "hushed": true }), |_| "The robot says nothing more.".to_owned())?;
    Ok(Exit::Done)
}
