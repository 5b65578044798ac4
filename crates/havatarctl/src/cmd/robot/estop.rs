//! Verb `robot estop`: latches the e-stop.

use havatar_api::Estop;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Output, note};

use super::state;

/// Latches the e-stop.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let estop: Estop = client.post(&["robot", "estop"]).await?;
    output.show(&estop, |style| format!("E-stop: {}", state::estop(&estop, style)))?;
    if !output.is_json() {
        note("Release it with: havatarctl robot release");
    }
    Ok(if estop.latched { Exit::Done } else { Exit::Failed })
}
