//! Recording and recordings.

pub(crate) mod delete;
pub(crate) mod download;
pub(crate) mod list;
pub(crate) mod start;
pub(crate) mod stop;

use havatar_api::RecordingStatus;

use crate::client::Client;
use crate::output::{Look, Output, Tint};
use crate::{Exit, Failure, words};

/// What to do with recordings.
#[derive(clap::Subcommand)]
pub(crate) enum Verb {
    /// Start recording; exit 1 if nothing is being written after a few seconds
    Start,
    /// Stop recording
    Stop,
    /// List the recordings, newest first
    List,
    /// Fetch a recording into a file
    Download(download::Args),
    /// Delete a recording for good
    Delete(delete::Args),
}

pub(crate) async fn run(verb: Verb, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match verb {
        Verb::Start => start::run(client, output).await,
        Verb::Stop => stop::run(client, output).await,
        Verb::List => list::run(client, output).await,
        Verb::Download(args) => download::run(&args, client, output).await,
        Verb::Delete(args) => delete::run(&args, client, output).await,
    }
}

/// `Recording since 2026-11-23 08:53:49, 12.3 MiB so far (id)`, `Recording is off`
pub(super) fn sentence(status: &RecordingStatus, look: &Look) -> String {
    let state = state(status, look);
    if status.wanted && status.recording {
        state.replacen("recording", "Recording", 1)
    } else {
        format!("Recording is {state}")
    }
}

/// `recording since 2026-11-23 08:53:49, 12.3 MiB so far (id)`, `off`
pub(super) fn state(status: &RecordingStatus, look: &Look) -> String {
    match (status.wanted, status.recording) {
        (true, true) => {
            let since = status
                .since
                .map(|at| format!(" since {}", words::moment(at, &look.zone)))
                .unwrap_or_default();
            let size =
                status.size_bytes.map(|bytes| format!(", {} so far", words::size(bytes))).unwrap_or_default();
            let id = status.id.as_ref().map(|id| format!(" ({})", words::clean(id))).unwrap_or_default();
            format!("{}{since}{size}{id}", look.paint(Tint::Good, "recording"))
        }
        (true, false) => {
            let why = status.fault.as_ref().map(|why| format!(": {}", words::clean(why))).unwrap_or_default();
            format!("{}{why}", look.paint(Tint::Bad, "wanted, but nothing is being written"))
        }
        (false, true) => look.paint(Tint::Late, "being ended"),
        (false, false) => look.paint(Tint::Quiet, "off"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::output::tests::look;

    use super::*;

    pub(crate) fn recording() -> RecordingStatus {
        RecordingStatus {
            wanted: true,
            recording: true,
            id: Some("pQ3xkE7aTt2m0fZr8w".to_owned()),
            since: Some("2026-11-23T08:53:49Z".parse().unwrap()),
            size_bytes: Some(12_910_592),
            fault: None,
        }
    }

    pub(crate) fn faulty() -> RecordingStatus {
        RecordingStatus {
            wanted: true,
            fault: Some("MediaMTX is not up".to_owned()),
            ..RecordingStatus::default()
        }
    }

    #[test]
    fn states() {
        let ending = RecordingStatus { wanted: false, ..recording() };
        let all = [RecordingStatus::default(), recording(), ending, faulty()];
        let text = |say: fn(&RecordingStatus, &Look) -> String| {
            all.iter().map(|status| say(status, &look())).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!("states", text(state));
        insta::assert_snapshot!("sentences", text(sentence));
    }
}
