//! What `start`, `stop` and `restart` share.

use havatar_api::Process;

use crate::client::Client;
use crate::output::{Look, Output};
use crate::{Exit, Failure, words};

/// Arguments of a verb about one process.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// mediamtx, camera, microphone or muxer: a name that `ps` lists
    #[arg(value_parser = super::name)]
    name: String,
}

pub(super) async fn order(
    args: &Args,
    verb: &str,
    client: &Client,
    output: &Output,
) -> Result<Exit, Failure> {
    let process: Process = client.post(&["processes", &args.name, verb]).await?;
    output.show(&process, |look| sentence(&process, look))?;
    Ok(Exit::Done)
}

/// `camera is running (pid 4711)`
pub(super) fn sentence(process: &Process, look: &Look) -> String {
    let (state, tint) = words::process_state(process.state);
    let pid = process.pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
    let why = process.why.as_ref().map(|why| format!(": {}", words::clean(why))).unwrap_or_default();
    let again =
        process.retry_at.map(|at| format!(", again in {}", words::between(look.now, at))).unwrap_or_default();
    let verb = match process.state {
        // "is backoff" is not English.
        havatar_api::ProcessState::Backoff => "is in",
        _ => "is",
    };
    format!("{} {verb} {}{pid}{why}{again}", words::clean(&process.name), look.paint(tint, state))
}

#[cfg(test)]
pub(crate) mod tests {
    use havatar_api::ProcessState;

    use crate::output::tests::look;

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
        let text: Vec<String> = states.iter().map(|process| sentence(process, &look())).collect();
        insta::assert_snapshot!(text.join("\n"));
    }
}
