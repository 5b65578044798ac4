//! Verb `record list`: the recordings, newest first.

use havatar_api::{Recording, Recordings};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Emphasis, Output, Style, plain};

/// All recordings, newest first.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let recordings: Recordings = client.get(&["recordings"]).await?;
    output.show(&recordings, |style| text(&recordings, style))?;
    Ok(Exit::Done)
}

fn text(recordings: &Recordings, style: &Style) -> String {
    let status = super::state::sentence(&recordings.status, style);
    if recordings.items.is_empty() {
        return format!("There are no recordings. {status}.");
    }
    let rows = recordings.items.iter().map(|recording| row(recording, style)).collect();
    let table = style.table(&["ID", "BEGUN", "LENGTH", "SIZE", "FORMAT", "STATE"], &[2, 3], rows);
    let total = recordings.items.iter().fold(0_u64, |sum, it| sum.saturating_add(it.size_bytes));
    let number = format::count(recordings.items.len() as u64, "recording");
    format!("{table}\n\n{number}, {}. {status}.", format::size(total))
}

fn row(recording: &Recording, style: &Style) -> Vec<(String, Emphasis)> {
    vec![
        plain(format::clean(&recording.id)),
        plain(format::moment(recording.started_at, &style.zone)),
        plain(format::between(recording.started_at, recording.ended_at)),
        plain(format::size(recording.size_bytes)),
        plain(format::container(recording.format)),
        if recording.writing {
            ("being written".to_owned(), Emphasis::Ok)
        } else {
            ("complete".to_owned(), Emphasis::None)
        },
    ]
}

#[cfg(test)]
mod tests {
    use havatar_api::{RecordingFormat, RecordingStatus};

    use crate::cmd::record::state::tests::recording;
    use crate::output::tests::style;

    use super::*;

    #[test]
    fn lists() {
        let item = |id: &str, from: &str, to: &str, size, format, writing| Recording {
            id: id.to_owned(),
            stream: "havatar".to_owned(),
            file: format!("{id}.mp4"),
            started_at: from.parse().unwrap(),
            ended_at: to.parse().unwrap(),
            size_bytes: size,
            format,
            writing,
        };
        let recordings = Recordings {
            status: recording(),
            items: vec![
                item(
                    "pQ3xkE7aTt2m0fZr8w",
                    "2026-11-23T08:53:49Z",
                    "2026-11-23T08:55:20Z",
                    12_910_592,
                    RecordingFormat::Fmp4,
                    true,
                ),
                item(
                    "-_a1B2c3",
                    "2026-11-22T22:00:00Z",
                    "2026-11-23T01:30:00Z",
                    1_610_612_736,
                    RecordingFormat::Mpegts,
                    false,
                ),
            ],
        };
        insta::assert_snapshot!(text(&recordings, &style()));
        let none = Recordings { status: RecordingStatus::default(), items: Vec::new() };
        assert_eq!(text(&none, &style()), "There are no recordings. Recording is off.");
    }
}
