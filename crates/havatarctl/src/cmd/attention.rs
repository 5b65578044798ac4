use havatar_api::Utterance;

use crate::client::Client;
use crate::output::Output;
use crate::{Exit, Failure};

use super::speak;

/// Sounds the attention sound.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let utterance: Utterance = client.post(&["robot", "attention"]).await?;
    output.show(&utterance, |_| speak::sentence(&utterance))?;
    Ok(Exit::Done)
}
