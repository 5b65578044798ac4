//! Verb `stats`: the streams' figures.

use havatar_api::{Stream, Streams};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Emphasis, Output, Style, plain};

/// The streams' figures.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let streams: Streams = client.get(&["stats"]).await?;
    output.show(&streams, |style| table(&streams, style))?;
    Ok(Exit::Done)
}

fn table(streams: &Streams, style: &Style) -> String {
    let rows = streams.streams.iter().map(row).collect();
    let table = style.table(
        &["STREAM", "STATE", "READERS", "RECEIVED", "SENT", "RATE", "FPS", "SIZE", "CODECS"],
        &[2, 3, 4, 5, 6],
        rows,
    );
    if streams.live {
        return table;
    }
    let outdated =
        style.paint(Emphasis::Warning, "MediaMTX does not answer: these are the last figures it gave.");
    if streams.streams.is_empty() {
        style.paint(Emphasis::Warning, "MediaMTX has not answered yet: there are no figures.")
    } else {
        format!("{table}\n\n{outdated}")
    }
}

fn row(stream: &Stream) -> Vec<(String, Emphasis)> {
    let absent = || "-".to_owned();
    vec![
        plain(format::clean(&stream.name)),
        if stream.active { ("active".to_owned(), Emphasis::Ok) } else { ("idle".to_owned(), Emphasis::Dim) },
        plain(stream.readers.to_string()),
        plain(format::size(stream.bytes_received)),
        plain(format::size(stream.bytes_sent)),
        plain(format::rate(stream.bitrate_kbps)),
        plain(stream.fps.map_or_else(absent, |fps| format!("{fps:.1}"))),
        plain(picture(stream).unwrap_or_else(absent)),
        plain(if stream.codecs.is_empty() { absent() } else { format::clean(&stream.codecs.join(", ")) }),
    ]
}

/// `1280x720`
pub(super) fn picture(stream: &Stream) -> Option<String> {
    stream.width.zip(stream.height).map(|(width, height)| format!("{width}x{height}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::output::tests::style;

    use super::*;

    pub(crate) fn streams() -> Streams {
        Streams {
            live: true,
            streams: vec![
                Stream {
                    name: "havatar_camera".to_owned(),
                    active: true,
                    readers: 2,
                    bytes_received: 48_237_910,
                    bytes_sent: 96_475_820,
                    bitrate_kbps: 1043.7,
                    fps: Some(29.97),
                    codecs: vec!["H264".to_owned()],
                    width: Some(1280),
                    height: Some(720),
                },
                Stream {
                    name: "havatar_audio".to_owned(),
                    active: false,
                    readers: 0,
                    bytes_received: 0,
                    bytes_sent: 0,
                    bitrate_kbps: 0.0,
                    fps: None,
                    codecs: Vec::new(),
                    width: None,
                    height: None,
                },
            ],
            viewers: Vec::new(),
        }
    }

    #[test]
    fn figures() {
        insta::assert_snapshot!(table(&streams(), &style()));
    }

    #[test]
    fn figures_that_are_old_say_so() {
        insta::assert_snapshot!(table(&Streams { live: false, ..streams() }, &style()));
        assert_eq!(
            table(&Streams::default(), &style()),
            "MediaMTX has not answered yet: there are no figures."
        );
    }
}
