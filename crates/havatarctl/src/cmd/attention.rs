//! Verb `attention`: plays the attention sound.

use havatar_api::Utterance;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

use super::speak;

/// Sounds the attention sound.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let utterance: Utterance = client.post(&["robot", "attention"]).await?;
    output.show(&utterance, |_| speak::sentence(&utterance))?;
    Ok(Exit::Done)
}
