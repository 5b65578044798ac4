//! Verb `stream`: starts and stops the publishers.

use reqwest::Method;
use serde_json::json;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

/// What is to become of the stream.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Start picture and sound
    Start,
    /// Stop picture and sound; camera and microphone are released
    Stop,
}

/// Wants the publishers, or wants them no longer.
pub(crate) async fn run(verb: Verb, client: &Client, output: &Output) -> Result<Exit, Error> {
    let (word, streaming, sentence) = match verb {
        Verb::Start => {
            ("start", true, "Picture and sound are being started; `havatarctl status` tells how far.")
        }
        Verb::Stop => ("stop", false, "Picture and sound are stopped; camera and microphone are released."),
    };
    client.execute(Method::POST, &["stream", word]).await?;
    output.show(&json!({ "streaming": streaming }), |_| sentence.to_owned())?;
    Ok(Exit::Done)
}
