//! Verb `robot blackbox`: prints the black box as JSON lines.

use std::io::{self, Write as _};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;

/// Prints the black box as it comes: it may be larger than memory.
pub(crate) async fn run(client: &Client) -> Result<Exit, Error> {
    let mut response = client.open(&["robot", "blackbox"]).await?;
    let mut out = io::stdout().lock();
    while let Some(piece) = client.read(&mut response).await? {
        out.write_all(piece.as_ref())?;
    }
    out.flush()?;
    Ok(Exit::Done)
}
