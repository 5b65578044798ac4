//! Verb `record start`: starts recording.

use havatar_api::RecordingStatus;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

/// Starts recording. havatard answers when a file is seen to grow, or after a few seconds without one: it
/// goes on trying then, but a script must not take that for a recording.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let status: RecordingStatus = client.post(&["recordings", "start"]).await?;
    output.show(&status, |style| super::state::sentence(&status, style))?;
    Ok(if status.recording { Exit::Done } else { Exit::Failed })
}
