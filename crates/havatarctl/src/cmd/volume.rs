//! Verb `volume`: sets the loudspeaker's volume.

use havatar_api::{Voice, VolumeRequest};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

/// How loud.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// 0 to 100, in percent of what the config allows
    #[arg(value_parser = clap::value_parser!(u8).range(0..=100))]
    percent: u8,
}

/// Sets the loudspeaker's volume.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Error> {
    let request = VolumeRequest { percent: args.percent };
    let voice: Voice = client.put_with(&["robot", "volume"], &request).await?;
    output.show(&voice, |_| format!("The loudspeaker plays at {} %.", voice.volume))?;
    Ok(Exit::Done)
}
