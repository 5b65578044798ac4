use std::io::{self, Write as _};

use crate::client::Client;
use crate::{Exit, Failure};

/// Prints the black box as it comes: it may be larger than memory.
pub(crate) async fn run(client: &Client) -> Result<Exit, Failure> {
    let mut response = client.open(&["robot", "blackbox"]).await?;
    let mut out = io::stdout().lock();
    while let Some(piece) = client.read(&mut response).await? {
        out.write_all(piece.as_ref())?;
    }
    out.flush()?;
    Ok(Exit::Done)
}
