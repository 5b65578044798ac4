use havatar_api::RobotState;

use crate::client::Client;
use crate::output::Output;
use crate::{Exit, Failure};

use super::state;

/// Stops the wheels.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let robot: RobotState = client.post(&["robot", "stop"]).await?;
    output.show(&robot, |look| format!("Told to stop. {}", state::sentence(&robot, look)))?;
    Ok(Exit::Done)
}
