use havatar_api::Process;

use crate::client::Client;
use crate::output::{Look, Output, Tint, plain};
use crate::{Exit, Failure, words};

/// All supervised processes.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let processes: Vec<Process> = client.get(&["processes"]).await?;
    output.show(&processes, |look| table(&processes, look))?;
    Ok(Exit::Done)
}

fn table(processes: &[Process], look: &Look) -> String {
    let row = |process: &Process| {
        let (state, tint) = words::process_state(process.state);
        vec![
            plain(words::clean(&process.name)),
            (state.to_owned(), tint),
            plain(process.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string())),
            plain(process.uptime_s.map_or_else(|| "-".to_owned(), words::duration)),
            plain(process.restarts.to_string()),
            (words::remark(process, look.now), Tint::Quiet),
        ]
    };
    look.table(
        &["NAME", "STATE", "PID", "UP", "RESTARTS", "REMARK"],
        &[2, 3, 4],
        processes.iter().map(row).collect(),
    )
}

#[cfg(test)]
mod tests {
    use havatar_api::ProcessState;

    use crate::cmd::process::tests::{failing, process};
    use crate::output::tests::look;

    use super::*;

    #[test]
    fn processes() {
        let all = [
            process("mediamtx", ProcessState::Running),
            failing("camera"),
            Process {
                restarts: 1,
                last_exit: Some("ended with code 0".to_owned()),
                ..process("microphone", ProcessState::Running)
            },
            process("muxer", ProcessState::Stopped),
        ];
        insta::assert_snapshot!(table(&all, &look()));
    }
}
