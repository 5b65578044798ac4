//! Verb `ps`: the supervised processes.

use havatar_api::Process;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Emphasis, Output, Style, plain};

/// All supervised processes.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let processes: Vec<Process> = client.get(&["processes"]).await?;
    output.show(&processes, |style| table(&processes, style))?;
    Ok(Exit::Done)
}

fn table(processes: &[Process], style: &Style) -> String {
    let row = |process: &Process| {
        let (state, emphasis) = format::process_state(process.state);
        vec![
            plain(format::clean(&process.name)),
            (state.to_owned(), emphasis),
            plain(process.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string())),
            plain(process.uptime_s.map_or_else(|| "-".to_owned(), format::duration)),
            plain(process.restarts.to_string()),
            (format::detail(process, style.now), Emphasis::Dim),
        ]
    };
    style.table(
        &["NAME", "STATE", "PID", "UP", "RESTARTS", "REMARK"],
        &[2, 3, 4],
        processes.iter().map(row).collect(),
    )
}

#[cfg(test)]
mod tests {
    use havatar_api::ProcessState;

    use crate::cmd::process::tests::{failing, process};
    use crate::output::tests::style;

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
        insta::assert_snapshot!(table(&all, &style()));
    }
}
