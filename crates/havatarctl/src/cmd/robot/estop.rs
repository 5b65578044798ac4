use havatar_api::Estop;

use crate::client::Client;
use crate::output::{Output, remark};
use crate::{Exit, Failure};

use super::state;

/// Latches the e-stop.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let estop: Estop = client.post(&["robot", "estop"]).await?;
    output.show(&estop, |look| format!("E-stop: {}", state::estop(&estop, look)))?;
    if !output.is_for_programs() {
        remark("Release it with: havatarctl robot release");
    }
    Ok(if estop.latched { Exit::Done } else { Exit::Failed })
}
