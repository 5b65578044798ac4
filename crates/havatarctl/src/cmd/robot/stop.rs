//! Verb `robot stop`: stops the wheels.

use havatar_api::RobotState;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

use super::state;

/// Stops the wheels.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let robot: RobotState = client.post(&["robot", "stop"]).await?;
    output.show(&robot, |style| format!("Stop sent. {}", state::sentence(&robot, style)))?;
    Ok(Exit::Done)
}
