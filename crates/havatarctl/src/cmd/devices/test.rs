//! Verb `devices test`: a frame of a camera, the level of a microphone, a tone by a loudspeaker.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use havatar_api::{CameraTest, DeviceTestRequest, DeviceTestSource, MicrophoneTest, SpeakerTest};
use serde::Serialize;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Emphasis, Output, Style, plain};

/// Which kind of device.
#[derive(clap::Subcommand)]
pub(crate) enum Kind {
    /// Take a frame, and measure rate and brightness; the robot shows that it is watched
    Camera(CameraArgs),
    /// Listen for two seconds, and measure how loud it is; the robot shows that it is watched
    Microphone(SoundArgs),
    /// Play a short rising tone in the room, at the set volume
    Speaker(SoundArgs),
}

/// Arguments of `devices test camera`.
#[derive(clap::Args)]
pub(crate) struct CameraArgs {
    /// The camera, as `devices` shows it [default: the configured one]
    device: Option<String>,
    /// Save the frame as a JPEG, at most 320 pixels wide; never over an existing file
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

/// Arguments of `devices test microphone` and `speaker`.
#[derive(clap::Args)]
pub(crate) struct SoundArgs {
    /// The sound device, as `devices` or `pactl list short` shows it [default: the configured one]
    device: Option<String>,
}

/// Tests a device.
pub(crate) async fn run(kind: Kind, client: &Client, output: &Output) -> Result<Exit, Error> {
    match kind {
        Kind::Camera(CameraArgs { device, save }) => {
            let test: CameraTest = request("camera", device, client).await?;
            if let Some(file) = &save {
                keep(file, &test.jpeg).map_err(|source| Error::Frame { file: file.clone(), source })?;
            }
            show(&test, test.passed, &test.remarks, &camera(&test, save.as_deref()), output)
        }
        Kind::Microphone(SoundArgs { device }) => {
            let test: MicrophoneTest = request("microphone", device, client).await?;
            show(&test, test.passed, &test.remarks, &microphone(&test), output)
        }
        Kind::Speaker(SoundArgs { device }) => {
            let test: SpeakerTest = request("speaker", device, client).await?;
            show(&test, test.passed, &test.remarks, &speaker(&test), output)
        }
    }
}

async fn request<T: serde::de::DeserializeOwned>(
    kind: &str,
    device: Option<String>,
    client: &Client,
) -> Result<T, Error> {
    Ok(client.post_with(&["devices", "tests", kind], &DeviceTestRequest { device }).await?)
}

/// Writes the frame into a new file.
fn keep(file: &Path, jpeg: &str) -> io::Result<()> {
    let jpeg = STANDARD.decode(jpeg).map_err(io::Error::other)?;
    OpenOptions::new().write(true).create_new(true).open(file)?.write_all(&jpeg)
}

fn show<T: Serialize>(
    test: &T,
    passed: bool,
    remarks: &[String],
    figures: &[(&'static str, String)],
    output: &Output,
) -> Result<Exit, Error> {
    output.show(test, |style| words(passed, remarks, figures, style))?;
    Ok(if passed { Exit::Done } else { Exit::Failed })
}

fn words(passed: bool, remarks: &[String], figures: &[(&'static str, String)], style: &Style) -> String {
    let rows = figures.iter().map(|(name, value)| vec![plain(*name), plain(format::clean(value))]).collect();
    let mut text = style.table(&["WHAT", "FOUND"], &[], rows);
    for remark in remarks {
        let emphasis = if passed { Emphasis::Warning } else { Emphasis::Error };
        text.push_str("\n\n");
        text.push_str(&style.paint(emphasis, &format::clean(remark)));
    }
    let (emphasis, verdict) = if passed {
        (Emphasis::Ok, "The device works.")
    } else {
        (Emphasis::Error, "Something is wrong with this device.")
    };
    text.push_str("\n\n");
    text.push_str(&style.paint(emphasis, verdict));
    text
}

fn camera(test: &CameraTest, saved: Option<&Path>) -> Vec<(&'static str, String)> {
    let unknown = || "unknown".to_owned();
    let size = test.width.zip(test.height);
    let mut figures = vec![
        ("device", test.device.clone()),
        ("source", source(test.source).to_owned()),
        ("size", size.map_or_else(unknown, |(width, height)| format!("{width}x{height}"))),
        ("format", test.format.clone().unwrap_or_else(unknown)),
        ("first frame", format!("after {} ms", test.first_frame_ms)),
        ("rate", test.fps.map_or_else(unknown, |fps| format!("{fps:.1} frames a second"))),
        ("brightness", format!("{:.0} percent", test.brightness_percent)),
    ];
    figures.extend(saved.map(|file| ("saved", file.display().to_string())));
    figures
}

fn microphone(test: &MicrophoneTest) -> Vec<(&'static str, String)> {
    vec![
        ("device", test.device.clone()),
        ("source", source(test.source).to_owned()),
        ("loudest", format!("{:.0} dB under full scale", test.peak_db.abs())),
        ("mean", format!("{:.0} dB under full scale", test.rms_db.abs())),
        ("at full scale", format!("{:.1} percent of the samples", test.clipped_percent)),
    ]
}

fn speaker(test: &SpeakerTest) -> Vec<(&'static str, String)> {
    let heard = match (test.heard, test.delay_ms) {
        (None, _) => "unknown: the microphone does not run".to_owned(),
        (Some(false), _) => "no".to_owned(),
        (Some(true), None) => "yes".to_owned(),
        (Some(true), Some(delay)) => format!("yes, after {delay} ms"),
    };
    vec![
        ("device", test.device.clone()),
        ("source", source(test.source).to_owned()),
        ("volume", format!("{} percent", test.volume)),
        ("taken", format!("within {} ms", test.took_ms)),
        ("heard by the microphone", heard),
    ]
}

fn source(source: DeviceTestSource) -> &'static str {
    match source {
        DeviceTestSource::Device => "the device itself, which was free",
        DeviceTestSource::Process => "the process that uses it, which was not disturbed",
    }
}

#[cfg(test)]
mod tests {
    use crate::output::tests::style;

    use super::*;

    #[test]
    fn figures_remarks_and_a_verdict() {
        let test = CameraTest {
            passed: false,
            device: "/dev/v4l/by-id/usb-C920-video-index0".to_owned(),
            source: DeviceTestSource::Device,
            width: Some(1280),
            height: Some(720),
            format: None,
            first_frame_ms: 812,
            fps: Some(14.96),
            brightness_percent: 1.2,
            jpeg: "/9j/".to_owned(),
            remarks: vec!["the picture is almost black".to_owned()],
        };
        let said = words(test.passed, &test.remarks, &camera(&test, Some(Path::new("a.jpg"))), &style());
        for part in [
            "usb-C920",
            "1280x720",
            "unknown",
            "after 812 ms",
            "15.0 frames",
            "1 percent",
            "a.jpg",
            "almost black",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(said.ends_with("Something is wrong with this device.") && !said.contains("/9j/"), "{said}");
    }

    #[test]
    fn levels_are_told_under_full_scale_and_a_tone_as_heard_or_not() {
        let test = MicrophoneTest {
            passed: true,
            device: "test sound".to_owned(),
            source: DeviceTestSource::Process,
            peak_db: -17.2,
            rms_db: -31.4,
            clipped_percent: 0.0,
            remarks: Vec::new(),
        };
        let said = words(true, &[], &microphone(&test), &style());
        assert!(said.contains("17 dB under") && said.contains("31 dB under"), "{said}");
        assert!(said.ends_with("The device works."), "{said}");
        let mut test = SpeakerTest {
            passed: true,
            device: "x".to_owned(),
            source: DeviceTestSource::Device,
            volume: 80,
            took_ms: 340,
            heard: Some(true),
            delay_ms: Some(120),
            remarks: Vec::new(),
        };
        let heard = |test: &SpeakerTest| speaker(test)[4].1.clone();
        assert_eq!(heard(&test), "yes, after 120 ms");
        test.heard = None;
        assert!(heard(&test).starts_with("unknown"));
    }

    #[test]
    fn a_frame_never_replaces_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.jpg");
        keep(&file, "/9j/").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), [0xff, 0xd8, 0xff]);
        assert_eq!(keep(&file, "/9j/").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(keep(&dir.path().join("b.jpg"), "no base64").is_err());
    }
}
