use havatar_api::{LogLine, LogSource, Logs};

use crate::client::Client;
use crate::output::{Look, Output, Tint, remark};
use crate::{Exit, Failure, words};

/// Arguments of `logs`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// mediamtx, camera, microphone or muxer: a name that `ps` lists
    #[arg(value_parser = super::name)]
    name: String,
    /// How many lines, from the end; havatard keeps 200
    #[arg(short = 'n', long = "lines", value_name = "N", default_value_t = 50)]
    lines: usize,
}

/// The last lines that a process wrote.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let mut logs: Logs = client.get(&["processes", &args.name, "logs"]).await?;
    let surplus = logs.lines.len().saturating_sub(args.lines);
    logs.lines.drain(..surplus);
    output.show(&logs, |look| text(&logs, look))?;
    if logs.lines.is_empty() && !output.is_for_programs() && args.lines > 0 {
        remark(&format!("{} has written nothing yet.", words::clean(&args.name)));
    }
    Ok(Exit::Done)
}

fn text(logs: &Logs, look: &Look) -> String {
    let mut text: Vec<String> = logs.lines.iter().map(|it| line(it, look)).collect();
    if logs.dropped > 0 {
        let lost = format!("{} not kept: written too fast.", words::count(logs.dropped, "line"));
        text.push(look.paint(Tint::Late, &lost));
    }
    text.join("\n")
}

fn line(line: &LogLine, look: &Look) -> String {
    let time = look.paint(Tint::Quiet, &words::moment(line.at, &look.zone));
    let text = words::clean(&line.text);
    match line.source {
        LogSource::Stdout | LogSource::Stderr => format!("{time}  {text}"),
        LogSource::Supervisor => {
            format!("{time}  {}", look.paint(Tint::Quiet, &format!("[havatard] {text}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::output::tests::look;

    use super::*;

    #[test]
    fn lines() {
        let line =
            |at: &str, source, text: &str| LogLine { at: at.parse().unwrap(), source, text: text.to_owned() };
        let logs = Logs {
            lines: vec![
                line("2026-11-23T08:53:49.1Z", LogSource::Supervisor, "launched ffmpeg, pid 4711"),
                line("2026-11-23T08:53:49.9Z", LogSource::Stderr, "\u{1b}[1;31mInput #0\u{1b}[0m, rawvideo"),
                line("2026-11-23T08:53:50Z", LogSource::Stdout, "frame=1"),
            ],
            dropped: 1,
        };
        insta::assert_snapshot!(text(&logs, &look()));
    }
}
