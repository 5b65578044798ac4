//! What the verbs `start`, `stop` and `restart` share.

use havatar_api::Process;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Output, Style};

/// Arguments of a verb about one process.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// mediamtx, camera, microphone, muxer, speaker or talk: a name that `ps` lists
    #[arg(value_parser = super::name)]
    name: String,
}

/// Sends `verb` for a process and prints its new state.
pub(super) async fn request(
    args: &Args,
    verb: &str,
    client: &Client,
    output: &Output,
) -> Result<Exit, Error> {
    let process: Process = client.post(&["processes", &args.name, verb]).await?;
    output.show(&process, |style| sentence(&process, style))?;
    Ok(Exit::Done)
}

/// `camera is running (pid 4711)`
pub(super) fn sentence(process: &Process, style: &Style) -> String {
    let (state, emphasis) = format::process_state(process.state);
    let pid = process.pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
    let why = process.why.as_ref().map(|why| format!(": {}", format::clean(why))).unwrap_or_default();
    let again = process
        .retry_at
        .map(|at| format!(", again in {}", format::between(style.now, at)))
        .unwrap_or_default();
    let verb = match process.state {
        // "is backoff" is not English.
        havatar_api::ProcessState::Backoff => "is in",
        _ => "is",
    };
    format!("{} {verb} {}{pid}{why}{again}", format::clean(&process.name), style.paint(emphasis, state))
}

#[cfg(test)]
pub(crate) mod tests {
    use havatar_api::ProcessState;

    use crate::output::tests::style;

    use super::*;

    pub(crate) fn process(name: &str, state: ProcessState) -> Process {
        let running = state == ProcessState::Running;
        Process {
            name: name.to_owned(),
            state,
            pid: running.then_some(4711),
            since: "2026-11-23T08:53:49Z".parse().unwrap(),
            uptime_s: running.then_some(371.0),
            restarts: 0,
            last_exit: None,
            why: None,
            retry_at: None,
            confinement: Vec::new(),
        }
    }

    pub(crate) fn failing(name: &str) -> Process {
        Process {
            restarts: 4,
            last_exit: Some("killed by signal 9".to_owned()),
            why: Some("ffmpeg ended with code 1".to_owned()),
            retry_at: Some("2026-11-23T09:00:08Z".parse().unwrap()),
            ..process(name, ProcessState::Backoff)
        }
    }

    #[test]
    fn sentences() {
        let states = [
            process("mediamtx", ProcessState::Running),
            process("camera", ProcessState::Stopped),
            failing("camera"),
            Process {
                why: Some("waiting for \u{1b}[31m/dev/video0".to_owned()),
                ..process("camera", ProcessState::Waiting)
            },
        ];
        let text: Vec<String> = states.iter().map(|process| sentence(process, &style())).collect();
        insta::assert_snapshot!(text.join("\n"));
    }
}
