use havatar_api::{Recording, Recordings};

use crate::client::Client;
use crate::output::{Look, Output, Tint, plain};
use crate::{Exit, Failure, words};

/// All recordings, newest first.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let recordings: Recordings = client.get(&["recordings"]).await?;
    output.show(&recordings, |look| text(&recordings, look))?;
    Ok(Exit::Done)
}

fn text(recordings: &Recordings, look: &Look) -> String {
    let status = super::sentence(&recordings.status, look);
    if recordings.items.is_empty() {
        return format!("There are no recordings. {status}.");
    }
    let rows = recordings.items.iter().map(|recording| row(recording, look)).collect();
    let table = look.table(&["ID", "BEGUN", "LENGTH", "SIZE", "FORMAT", "STATE"], &[2, 3], rows);
    let total = recordings.items.iter().fold(0_u64, |sum, it| sum.saturating_add(it.size_bytes));
    let number = words::count(recordings.items.len() as u64, "recording");
    format!("{table}\n\n{number}, {}. {status}.", words::size(total))
}

fn row(recording: &Recording, look: &Look) -> Vec<(String, Tint)> {
    vec![
        plain(words::clean(&recording.id)),
        plain(words::moment(recording.started_at, &look.zone)),
        plain(words::between(recording.started_at, recording.ended_at)),
        plain(words::size(recording.size_bytes)),
        plain(words::format(recording.format)),
        if recording.writing {
            ("being written".to_owned(), Tint::Good)
        } else {
            ("complete".to_owned(), Tint::Plain)
        },
    ]
}

#[cfg(test)]
mod tests {
    use havatar_api::{RecordingFormat, RecordingStatus};

    use crate::cmd::record::tests::recording;
    use crate::output::tests::look;

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
        insta::assert_snapshot!(text(&recordings, &look()));
        let none = Recordings { status: RecordingStatus::default(), items: Vec::new() };
        assert_eq!(text(&none, &look()), "There are no recordings. Recording is off.");
    }
}
