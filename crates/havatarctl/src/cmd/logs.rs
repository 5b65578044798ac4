//! Verb `logs`: the last log lines of a process.

use havatar_api::{LogLine, LogSource, Logs};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Emphasis, Output, Style, note};

/// Arguments of `logs`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// mediamtx, camera, microphone, muxer, speaker or talk: a name that `ps` lists
    #[arg(value_parser = super::name)]
    name: String,
    /// How many lines, from the end; havatard keeps 200
    #[arg(short = 'n', long = "lines", value_name = "N", default_value_t = 50)]
    lines: usize,
}

/// The last lines that a process wrote.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Error> {
    let mut logs: Logs = client.get(&["processes", &args.name, "logs"]).await?;
    let surplus = logs.lines.len().saturating_sub(args.lines);
    logs.lines.drain(..surplus);
    output.show(&logs, |style| text(&logs, style))?;
    if logs.lines.is_empty() && !output.is_json() && args.lines > 0 {
        note(&format!("{} has written nothing yet.", format::clean(&args.name)));
    }
    Ok(Exit::Done)
}

fn text(logs: &Logs, style: &Style) -> String {
    let mut text: Vec<String> = logs.lines.iter().map(|it| line(it, style)).collect();
    if logs.dropped > 0 {
        let lost = format!("{} not kept: written too fast.", format::count(logs.dropped, "line"));
        text.push(style.paint(Emphasis::Warning, &lost));
    }
    text.join("\n")
}

fn line(line: &LogLine, style: &Style) -> String {
    let time = style.paint(Emphasis::Dim, &format::moment(line.at, &style.zone));
    let text = format::clean(&line.text);
    match line.source {
        LogSource::Stdout | LogSource::Stderr => format!("{time}  {text}"),
        LogSource::Supervisor => {
            format!("{time}  {}", style.paint(Emphasis::Dim, &format!("[havatard] {text}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::output::tests::style;

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
        insta::assert_snapshot!(text(&logs, &style()));
    }
}
