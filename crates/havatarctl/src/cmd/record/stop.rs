//! Verb `record stop`: stops recording.

use havatar_api::RecordingStatus;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

/// Stops recording.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let status: RecordingStatus = client.post(&["recordings", "stop"]).await?;
    output.show(&status, |style| super::state::sentence(&status, style))?;
    Ok(Exit::Done)
}
