use havatar_api::{Stream, Streams};

use crate::client::Client;
use crate::output::{Look, Output, Tint, plain};
use crate::{Exit, Failure, words};

/// The streams' figures.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let streams: Streams = client.get(&["stats"]).await?;
    output.show(&streams, |look| table(&streams, look))?;
    Ok(Exit::Done)
}

fn table(streams: &Streams, look: &Look) -> String {
    let rows = streams.streams.iter().map(row).collect();
    let table = look.table(
        &["STREAM", "STATE", "READERS", "RECEIVED", "SENT", "RATE", "FPS", "SIZE", "CODECS"],
        &[2, 3, 4, 5, 6],
        rows,
    );
    if streams.live {
        return table;
    }
    let stale = look.paint(Tint::Late, "MediaMTX does not answer: these are the last figures it gave.");
    if streams.streams.is_empty() {
        look.paint(Tint::Late, "MediaMTX has not answered yet: there are no figures.")
    } else {
        format!("{table}\n\n{stale}")
    }
}

fn row(stream: &Stream) -> Vec<(String, Tint)> {
    let absent = || "-".to_owned();
    vec![
        plain(words::clean(&stream.name)),
        if stream.active { ("active".to_owned(), Tint::Good) } else { ("idle".to_owned(), Tint::Quiet) },
        plain(stream.readers.to_string()),
        plain(words::size(stream.bytes_received)),
        plain(words::size(stream.bytes_sent)),
        plain(words::rate(stream.bitrate_kbps)),
        plain(stream.fps.map_or_else(absent, |fps| format!("{fps:.1}"))),
        plain(picture(stream).unwrap_or_else(absent)),
        plain(if stream.codecs.is_empty() { absent() } else { words::clean(&stream.codecs.join(", ")) }),
    ]
}

/// `1280x720`
pub(super) fn picture(stream: &Stream) -> Option<String> {
    stream.width.zip(stream.height).map(|(width, height)| format!("{width}x{height}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::output::tests::look;

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
        insta::assert_snapshot!(table(&streams(), &look()));
    }

    #[test]
    fn figures_that_are_old_say_so() {
        insta::assert_snapshot!(table(&Streams { live: false, ..streams() }, &look()));
        assert_eq!(
            table(&Streams::default(), &look()),
            "MediaMTX has not answered yet: there are no figures."
        );
    }
}
