use havatar_api::RecordingStatus;

use crate::client::Client;
use crate::output::Output;
use crate::{Exit, Failure};

/// Starts recording. havatard answers when a file is seen to grow, or after a few seconds without one: it
/// goes on trying then, but a script must not take that for a recording.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let status: RecordingStatus = client.post(&["recordings", "start"]).await?;
    output.show(&status, |look| super::sentence(&status, look))?;
    Ok(if status.recording { Exit::Done } else { Exit::Failed })
}
