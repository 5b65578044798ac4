use havatar_api::RecordingStatus;

use crate::client::Client;
use crate::output::Output;
use crate::{Exit, Failure};

/// Stops recording.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let status: RecordingStatus = client.post(&["recordings", "stop"]).await?;
    output.show(&status, |look| super::sentence(&status, look))?;
    Ok(Exit::Done)
}
