//! Verb `status`: whether the robot is ready, and the state of each part.

mod source;

use std::fmt::Write as _;

use havatar_api::{
    Board, ConfigStatus, Device, DeviceState, Encoder, Machine, Missing, Overload, Presence, PresenceWay,
    ProcessState, Status, Stream, Streams, Voice,
};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Emphasis, Output, Style};

use super::process::sentence;
use super::{record, robot, stats};

/// How wide the names of the sections are.
const LABEL: usize = 12;

/// Prints the readiness first, then each section.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let status: Status = client.get(&["status"]).await?;
    output.show(&status, |style| text(&status, style))?;
    Ok(Exit::Done)
}

fn text(status: &Status, style: &Style) -> String {
    let mut text = headline(status, style);
    for missing in &status.readiness.missing {
        let _ = write!(text, "\n  - {}", self::missing(missing));
    }
    text.push_str("\n\n");
    let sections = [
        ("Camera", vec![device(&status.devices.camera, style)]),
        ("Source", status.devices.video.iter().flat_map(source::lines).collect()),
        ("Microphone", vec![device(&status.devices.microphone, style)]),
        ("Loudspeaker", vec![loudspeaker(&status.voice, style)]),
        ("Present", vec![present(&status.presence, style)]),
        ("Encoder", status.encoder.iter().map(encoder).collect()),
        ("Streams", streams(&status.streams, style)),
        ("Recording", vec![record::state::state(&status.recording, style)]),
        ("Robot", vec![robot::state::sentence(&status.robot, style)]),
        ("Processes", processes(status, style)),
        ("Machine", machine(&status.machine, style)),
        ("Config", config(&status.config, style)),
        ("Havatar", vec![versions(status)]),
    ];
    for (name, lines) in sections {
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { name } else { "" };
            let _ = writeln!(text, "  {}{line}", style.paint(Emphasis::Dim, &format!("{label:LABEL$}")));
        }
    }
    text
}

/// What is wrong with the machine, and how warm it is.
fn machine(machine: &Machine, style: &Style) -> Vec<String> {
    let Board { temperature_c, throttled, under_voltage } = machine.board;
    let warm = temperature_c.map_or_else(String::new, |degrees| format!(" at {degrees:.0} °C"));
    let mut lines: Vec<String> = machine.overload.iter().map(|it| overloaded(it, style)).collect();
    if throttled == Some(true) {
        lines.push(
            style.paint(Emphasis::Warning, &format!("the board slows its processor down{warm}: cool it")),
        );
    }
    if under_voltage == Some(true) {
        lines.push(style.paint(Emphasis::Warning, "the supply's voltage is too low: use a stronger one"));
    }
    if let (true, Some(degrees)) = (lines.is_empty(), temperature_c) {
        lines.push(format!("{degrees:.0} °C"));
    }
    lines
}

/// `short of processor time since 09:30; the picture is reduced to 640x360 at 15 frames a second`
fn overloaded(overload: &Overload, style: &Style) -> String {
    let picture = overload.picture.map_or_else(String::new, |picture| {
        format!(
            "; the picture is reduced to {}x{} at {} frames a second",
            picture.width, picture.height, picture.fps
        )
    });
    style.paint(
        Emphasis::Warning,
        &format!("short of processor time since {}{picture}", format::moment(overload.since, &style.zone)),
    )
}

/// `Ready: picture and sound are live.` or `Not ready:`
pub(super) fn headline(status: &Status, style: &Style) -> String {
    if !status.readiness.ready {
        return format!("{}:", style.paint(Emphasis::Error, "Not ready"));
    }
    let live = |device: &Device| device.state == DeviceState::Live;
    let what = match (live(&status.devices.camera), live(&status.devices.microphone)) {
        (true, true) => "picture and sound are live",
        (true, false) => "the picture is live; there is no microphone",
        (false, true) => "the sound is live; there is no camera",
        (false, false) => "there is neither a camera nor a microphone",
    };
    format!("{}: {what}.", style.paint(Emphasis::Ok, "Ready"))
}

pub(super) fn missing(missing: &Missing) -> String {
    if missing.code == "streaming_stopped" {
        // havatard names the HTTP route; here a verb does the same.
        return "the stream was stopped; start it with: havatarctl stream start".to_owned();
    }
    let why = missing.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format::clean(&format!("{}{why}", missing.message))
}

/// `test picture: live`
pub(super) fn device(device: &Device, style: &Style) -> String {
    let (state, emphasis) = format::device_state(device.state);
    if device.state == DeviceState::Off {
        return style.paint(emphasis, state);
    }
    let why = device.why.as_ref().map(|why| format!(", {}", format::clean(why))).unwrap_or_default();
    format!("{}: {}{why}", format::clean(&device.name), style.paint(emphasis, state))
}

/// `PulseAudio: live, 80 %, Ana is talking`
fn loudspeaker(voice: &Voice, style: &Style) -> String {
    let mut text = device(&voice.speaker, style);
    if voice.speaker.state != DeviceState::Off {
        let _ = write!(text, ", {} %", voice.volume);
    }
    if let Some(talker) = voice.talker.as_ref().filter(|talker| talker.talking) {
        let _ = write!(text, ", {} is talking", format::clean(&talker.who));
    }
    if voice.speech.speaking.is_some() {
        let _ = write!(text, ", speaking, {} waiting", voice.speech.waiting.len());
    }
    if let Some(failed) = &voice.speech.failed {
        let why = format!("; not said: {}", format::clean(&failed.why));
        text.push_str(&style.paint(Emphasis::Warning, &why));
    }
    text
}

fn present(presence: &Presence, style: &Style) -> String {
    let driven = if presence.driven { ", one of them drives" } else { "" };
    let mut text = format!("{}{driven}", format::count(presence.watchers.into(), "watcher"));
    if presence.ways.contains(&PresenceWay::Recording) {
        text.push_str(", recorded");
    }
    if presence.private == Some(true) {
        let held = "; the switch on the robot holds camera and microphone off";
        text.push_str(&style.paint(Emphasis::Warning, held));
    }
    text
}

pub(super) fn encoder(encoder: &Encoder) -> String {
    let fps = encoder.test_fps.map(|fps| format!(" ({fps:.0} frames/s when tested)")).unwrap_or_default();
    format!("{}{fps}: {}", format::clean(&encoder.name), format::clean(&encoder.why))
}

fn streams(streams: &Streams, style: &Style) -> Vec<String> {
    let mut lines: Vec<String> = streams.streams.iter().map(|it| stream(it, style)).collect();
    if !streams.live {
        let what = if lines.is_empty() { "none yet" } else { "these are the last known figures" };
        lines.push(style.paint(Emphasis::Warning, &format!("MediaMTX does not answer; {what}")));
    }
    lines
}

fn stream(stream: &Stream, style: &Style) -> String {
    let mut parts = vec![if stream.active {
        style.paint(Emphasis::Ok, "active")
    } else {
        style.paint(Emphasis::Dim, "idle")
    }];
    if stream.active {
        match (stats::picture(stream), stream.fps) {
            (Some(size), Some(fps)) => parts.push(format!("{size} at {fps:.1} fps")),
            (Some(size), None) => parts.push(size),
            (None, _) => {}
        }
        parts.push(format::rate(stream.bitrate_kbps));
    }
    parts.push(format::count(stream.readers, "reader"));
    format!("{}: {}", format::clean(&stream.name), parts.join(", "))
}

fn processes(status: &Status, style: &Style) -> Vec<String> {
    let (running, others): (Vec<_>, Vec<_>) =
        status.processes.iter().partition(|process| process.state == ProcessState::Running);
    let mut lines = Vec::new();
    if !running.is_empty() {
        let names: Vec<String> = running.iter().map(|process| format::clean(&process.name)).collect();
        lines.push(format!("{}: {}", style.paint(Emphasis::Ok, "running"), names.join(", ")));
    }
    lines.extend(others.iter().map(|process| sentence(process, style)));
    lines
}

fn config(config: &ConfigStatus, style: &Style) -> Vec<String> {
    let file =
        config.file.as_ref().map_or_else(|| "defaults, no file".to_owned(), |file| format::clean(file));
    let mut lines = vec![format!("{file}, loaded {}", format::moment(config.loaded_at, &style.zone))];
    lines.extend(faults(config, style));
    lines
}

/// What keeps a newer version of the file from being in force.
pub(super) fn faults(config: &ConfigStatus, style: &Style) -> Vec<String> {
    if config.faults.is_empty() {
        return Vec::new();
    }
    let mut lines =
        vec![style.paint(Emphasis::Error, "a newer version of it was refused and is not in force:")];
    lines.extend(config.faults.iter().map(|fault| {
        let line = fault.line.map(|line| format!(":{line}")).unwrap_or_default();
        let key = if fault.key.is_empty() { String::new() } else { format!(" {}:", fault.key) };
        let fix = fault.fix.as_ref().map(|fix| format!("; {fix}")).unwrap_or_default();
        format::clean(&format!("{}{line}:{key} {}{fix}", fault.file, fault.message))
    }));
    lines
}

fn versions(status: &Status) -> String {
    let media = status.mediamtx_version.as_ref().map_or_else(
        || "MediaMTX does not answer".to_owned(),
        |version| format!("MediaMTX {}", format::clean(version)),
    );
    let up = format::duration(status.machine.uptime_s);
    format!("{}, up {up}; {media}", format::clean(&status.version))
}

#[cfg(test)]
pub(crate) mod tests {
    use havatar_api::{
        ConfigFault, Devices, Process, Readiness, RecordingStatus, ReducedPicture, Speech, SpeechFailure,
        Utterance,
    };

    use crate::cmd::process::tests::{failing, process};
    use crate::cmd::record::state::tests::{faulty, recording};
    use crate::cmd::robot::state::tests::robot;
    use crate::cmd::stats::tests::streams;
    use crate::output::tests::{coloured, style};

    use super::*;

    pub(crate) fn healthy() -> Status {
        let live = |name: &str| Device { name: name.to_owned(), state: DeviceState::Live, why: None };
        let running = |name: &str| process(name, ProcessState::Running);
        Status {
            version: "0.1.0".to_owned(),
            mediamtx_version: Some("v1.21.0".to_owned()),
            started_at: "2026-11-23T05:48:00Z".parse().unwrap(),
            machine: Machine {
                uptime_s: 11_520.0,
                motion_age_ms: 40,
                overload: None,
                board: Board {
                    temperature_c: Some(61.0),
                    throttled: Some(false),
                    under_voltage: Some(false),
                },
            },
            streaming: true,
            readiness: Readiness { ready: true, missing: Vec::new() },
            config: ConfigStatus {
                file: Some("/etc/havatar/havatar.yaml".to_owned()),
                loaded_at: "2026-11-23T05:48:00Z".parse().unwrap(),
                faults: Vec::new(),
            },
            devices: Devices {
                camera: live("V4L2 camera auto"),
                microphone: live("ALSA default"),
                video: None,
            },
            encoder: Some(Encoder {
                name: "libx264".to_owned(),
                test_fps: Some(215.0),
                why: "configured".to_owned(),
            }),
            processes: ["mediamtx", "camera", "microphone", "muxer"].map(running).to_vec(),
            streams: streams(),
            recording: recording(),
            robot: robot(),
            voice: Voice {
                speaker: live("PulseAudio"),
                volume: 80,
                talker: None,
                ducked: false,
                speech: Speech::default(),
            },
            presence: Presence {
                watchers: 2,
                ways: Vec::new(),
                driven: true,
                shown: true,
                private: Some(false),
            },
        }
    }

    pub(crate) fn degraded() -> Status {
        let missing = |code: &str, message: &str, why: &str| Missing {
            code: code.to_owned(),
            message: message.to_owned(),
            why: Some(why.to_owned()),
        };
        let waiting = Process {
            why: Some("waiting for a camera".to_owned()),
            ..process("camera", ProcessState::Waiting)
        };
        let mut status = healthy();
        status.mediamtx_version = None;
        status.machine.overload = Some(Overload {
            since: "2026-11-23T08:01:00Z".parse().unwrap(),
            picture: Some(ReducedPicture { fps: 15, width: 640, height: 360 }),
        });
        status.streaming = false;
        status.readiness = Readiness {
            ready: false,
            missing: vec![
                missing("mediamtx_down", "MediaMTX is not up", "ended with code 1"),
                missing("streaming_stopped", "the stream was stopped", "POST something"),
            ],
        };
        status.config.faults = vec![
            ConfigFault {
                file: "/etc/havatar/havatar.yaml".to_owned(),
                line: Some(7),
                key: "media.camera.fps".to_owned(),
                message: "90 is too many".to_owned(),
                fix: Some("1 to 60".to_owned()),
            },
            ConfigFault {
                file: "/etc/havatar/havatar.yaml".to_owned(),
                line: None,
                key: String::new(),
                message: "it cannot be read".to_owned(),
                fix: None,
            },
        ];
        status.devices.camera.state = DeviceState::Away;
        status.devices.camera.why = Some("no camera is plugged in".to_owned());
        status.devices.microphone = Device { name: "none".to_owned(), state: DeviceState::Off, why: None };
        status.encoder = None;
        status.voice.speaker.state = DeviceState::Off;
        let utterance = Utterance { id: 3, who: "admin".to_owned(), text: Some("Bună".to_owned()) };
        let why = "espeak-ng gave no sound for 20s, killed".to_owned();
        status.voice.speech.failed = Some(SpeechFailure { utterance, why });
        status.presence = Presence { private: Some(true), ..Presence::default() };
        status.processes = vec![
            failing("mediamtx"),
            waiting,
            process("microphone", ProcessState::Stopped),
            process("muxer", ProcessState::Running),
        ];
        status.streams.live = false;
        status.recording = faulty();
        status
    }

    #[test]
    fn all_is_well() {
        insta::assert_snapshot!(text(&healthy(), &style()));
    }

    #[test]
    fn much_is_missing() {
        insta::assert_snapshot!(text(&degraded(), &style()));
    }

    #[test]
    fn a_first_moment() {
        let mut status = degraded();
        status.config = ConfigStatus { file: None, faults: Vec::new(), ..status.config };
        status.streams = Streams::default();
        status.recording = RecordingStatus::default();
        status.processes.clear();
        insta::assert_snapshot!(text(&status, &style()));
    }

    #[test]
    fn in_colour() {
        insta::assert_snapshot!(text(&healthy(), &coloured()).replace('\u{1b}', "ESC"));
    }

    #[test]
    fn what_is_ready() {
        let mut status = healthy();
        status.devices.microphone.state = DeviceState::Off;
        assert_eq!(headline(&status, &style()), "Ready: the picture is live; there is no microphone.");
        status.devices.camera.state = DeviceState::Off;
        assert_eq!(headline(&status, &style()), "Ready: there is neither a camera nor a microphone.");
    }
}
