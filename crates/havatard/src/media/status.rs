//! What the media side's parts say, in the words of the API.

use std::time::SystemTime;

use havatar_api as api;
use havatar_supervisor::{LogLine, Source, State, Supervised};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::config::CameraSource;

use super::audio::backend::Wish;
use super::context::Context;
use super::publish::publishers::HELD_OFF;
use super::{MediaStatus, Processes};

/// How much of a process's last line is repeated, in characters.
const LAST_WORDS: usize = 200;

/// Everything the media side knows, as one status.
pub(super) fn fold(
    ctx: &Context,
    processes: &Processes,
    streaming: bool,
    streams: api::Streams,
    recording: api::RecordingStatus,
) -> MediaStatus {
    let processes: Vec<api::Process> = processes.all().map(describe).into();
    let devices = devices(ctx, &processes);
    MediaStatus {
        readiness: readiness(ctx, streaming, &processes, &devices),
        streams,
        encoder: ctx.encoder.borrow().clone(),
        recording,
        streaming,
        mediamtx_version: ctx.mediamtx_up.borrow().clone(),
        processes,
        devices,
    }
}

/// The supervisor's words in the API's.
pub(super) fn describe(process: &Supervised) -> api::Process {
    let snapshot = process.snapshot();
    let last_exit = snapshot.last_exit.as_ref().map(|how| with_last_words(process, how));
    let (state, pid, why, retry_at) = match &snapshot.state {
        State::Stopped => (api::ProcessState::Stopped, None, None, None),
        State::Waiting { why } => (api::ProcessState::Waiting, None, Some(why.clone()), None),
        State::Starting { pid, .. } => (api::ProcessState::Starting, *pid, None, None),
        State::Running { pid, .. } => (api::ProcessState::Running, Some(*pid), None, None),
        State::Stopping { pid, .. } => (api::ProcessState::Stopping, *pid, None, None),
        State::Backoff { until, why, .. } => {
            let wait = until.saturating_duration_since(Instant::now());
            // Whole seconds: the wall clock at two looks would differ by microseconds, which is no change.
            let at = Timestamp::now().checked_add(wait).ok().and_then(|at| at.round(jiff::Unit::Second).ok());
            let why =
                if snapshot.last_exit.as_ref() == Some(why) { last_exit.clone() } else { Some(why.clone()) };
            (api::ProcessState::Backoff, None, why, at)
        }
    };
    api::Process {
        name: snapshot.name.to_string(),
        state,
        pid: pid.and_then(|pid| i32::try_from(pid).ok()),
        since: timestamp(snapshot.since),
        uptime_s: None,
        restarts: snapshot.restarts,
        last_exit,
        why,
        retry_at,
    }
}

/// How it ended, and the last thing it said: a status alone tells nobody that the microphone is not there.
fn with_last_words(process: &Supervised, how: &str) -> String {
    // Whoever was killed did not end over what it said last.
    if !how.contains("exited with") {
        return how.to_owned();
    }
    let (lines, _) = process.logs();
    last_words(&lines, how).map_or_else(
        || how.to_owned(),
        |line| format!("{how}: {}", line.text.trim().chars().take(LAST_WORDS).collect::<String>()),
    )
}

/// What stands between the remark that it ended so and our remarks around that. It was said before; but on a busy machine the
/// end is seen sooner than what is still in the pipe.
fn last_words<'a>(lines: &'a [LogLine], how: &str) -> Option<&'a LogLine> {
    let ours = |line: &&LogLine| line.source == Source::Supervisor;
    let end = lines.iter().rposition(|line| ours(&line) && line.text.starts_with(how))?;
    let (before, after) = (lines.get(..end)?, lines.get(end + 1..)?);
    let said = |line: &&LogLine| !line.text.trim().is_empty();
    let late: Vec<&LogLine> = after.iter().take_while(|line| !ours(line)).filter(said).collect();
    late.last().copied().or_else(|| before.iter().rev().take_while(|line| !ours(line)).find(said))
}

pub(super) fn logs(process: &Supervised) -> api::Logs {
    let (lines, dropped) = process.logs();
    let lines = lines
        .into_iter()
        .map(|line| api::LogLine {
            at: timestamp(line.at),
            source: match line.source {
                havatar_supervisor::Source::Stdout => api::LogSource::Stdout,
                havatar_supervisor::Source::Stderr => api::LogSource::Stderr,
                havatar_supervisor::Source::Supervisor => api::LogSource::Supervisor,
            },
            text: line.text,
        })
        .collect();
    api::Logs { lines, dropped }
}

fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn devices(ctx: &Context, processes: &[api::Process]) -> api::Devices {
    let config = ctx.config();
    let camera = &config.media.camera;
    let name = match camera.source {
        CameraSource::V4l2 => format!("V4L2 camera {}", camera.device),
        CameraSource::Csi => format!("CSI camera {}", camera.device),
        CameraSource::Url => "network camera".to_owned(),
        CameraSource::File => {
            camera.file.as_ref().map_or_else(|| "video file".to_owned(), |file| format!("video file {file}"))
        }
        CameraSource::Test => "test picture".to_owned(),
        CameraSource::Off => "none".to_owned(),
    };
    let away = ctx.camera_away();
    let microphone = &config.media.microphone;
    let sound = match (Wish::of_microphone(microphone.source), config.media.has_microphone()) {
        (Some(wish), _) => wish.name(&microphone.device),
        (None, true) => "test sound".to_owned(),
        (None, false) => "none".to_owned(),
    };
    let private = ctx.voice.is_private();
    api::Devices {
        camera: held_off(
            device(name, !config.media.has_camera(), away, find(processes, "camera")),
            private,
            find(processes, "camera"),
        ),
        microphone: held_off(
            device(
                sound,
                !config.media.has_microphone(),
                ctx.microphone_away(),
                find(processes, "microphone"),
            ),
            private,
            find(processes, "microphone"),
        ),
    }
}

/// The loudspeaker.
pub(super) fn speaker(ctx: &Context, process: &Supervised) -> api::Device {
    let config = ctx.config();
    let speaker = &config.media.speaker;
    let name = match (Wish::of_speaker(speaker.output), config.media.has_speaker()) {
        (Some(wish), _) => wish.name(&speaker.device),
        (None, true) => "nobody's ears".to_owned(),
        (None, false) => "none".to_owned(),
    };
    device(name, !config.media.has_speaker(), ctx.speaker_away(), Some(&describe(process)))
}

/// What the switch on the robot holds off, once nothing of it runs any more.
fn held_off(device: api::Device, private: bool, process: Option<&api::Process>) -> api::Device {
    let runs = process.is_some_and(|process| process.pid.is_some());
    if !private || runs || device.state == api::DeviceState::Off {
        return device;
    }
    api::Device { state: api::DeviceState::Private, why: Some(HELD_OFF.to_owned()), ..device }
}

fn readiness(
    ctx: &Context,
    streaming: bool,
    processes: &[api::Process],
    devices: &api::Devices,
) -> api::Readiness {
    let mut missing = Vec::new();
    let mut miss = |code: &str, message: String, why: Option<String>| {
        missing.push(api::Missing { code: code.to_owned(), message, why });
    };
    let state = |name: &str| find(processes, name).map(|process| process.state);
    let why = |name: &str| find(processes, name).and_then(reason);
    if ctx.mediamtx_up.borrow().is_none() {
        miss("mediamtx_down", "MediaMTX is not up".to_owned(), why("mediamtx"));
    }
    if streaming {
        for (what, code, device) in
            [("picture", "camera", &devices.camera), ("sound", "microphone", &devices.microphone)]
        {
            match device.state {
                api::DeviceState::Away => {
                    // The device's own words: the process may not have heard of it yet.
                    miss(&format!("{code}_away"), format!("no {what}"), device.why.clone());
                }
                api::DeviceState::Silent if state(code) == Some(api::ProcessState::Stopped) => {
                    let start = format!("POST /api/v1/processes/{code}/start");
                    let why = Some(format!("it was stopped; start it with {start}"));
                    miss(&format!("{code}_stopped"), format!("no {what}"), why);
                }
                api::DeviceState::Silent => {
                    miss(&format!("{code}_silent"), format!("no {what} yet"), why(code));
                }
                api::DeviceState::Private => {
                    miss(&format!("{code}_private"), format!("no {what}"), device.why.clone());
                }
                api::DeviceState::Off | api::DeviceState::Live => {}
            }
        }
        if !matches!(state("muxer"), Some(api::ProcessState::Running | api::ProcessState::Stopped)) {
            miss("muxer_down", "picture and sound are not joined yet".to_owned(), why("muxer"));
        }
    } else {
        let why = Some("start it with POST /api/v1/stream/start".to_owned());
        miss("streaming_stopped", "the stream was stopped".to_owned(), why);
    }
    api::Readiness { ready: missing.is_empty(), missing }
}

fn find<'a>(processes: &'a [api::Process], name: &str) -> Option<&'a api::Process> {
    processes.iter().find(|process| process.name == name)
}

/// While it is tried again, what went wrong the last time is still the reason.
fn reason(process: &api::Process) -> Option<String> {
    process.why.clone().or_else(|| process.last_exit.clone())
}

fn device(name: String, off: bool, away: Option<String>, process: Option<&api::Process>) -> api::Device {
    let state = process.map(|process| process.state);
    let (state, why) = match (off, state, away) {
        (true, _, _) => (api::DeviceState::Off, None),
        (_, Some(api::ProcessState::Running), _) => (api::DeviceState::Live, None),
        (_, Some(api::ProcessState::Waiting | api::ProcessState::Backoff), Some(away)) => {
            (api::DeviceState::Away, Some(away))
        }
        _ => (api::DeviceState::Silent, process.and_then(reason)),
    };
    api::Device { name, state, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_found_on_either_side_of_the_end() {
        let line = |source, text: &str| LogLine {
            at: SystemTime::UNIX_EPOCH,
            source,
            stage: 1,
            text: text.to_owned(),
        };
        let ours = |text| line(Source::Supervisor, text);
        let said = |text| line(Source::Stderr, text);
        let how = "exited with status 3";
        let found = |lines: &[LogLine]| last_words(lines, how).map(|line| line.text.clone());
        let end = || ours("exited with status 3; next try in 173 ms");
        assert_eq!(found(&[ours("started"), said("a"), said("why"), said(" "), end()]), Some("why".into()));
        assert_eq!(
            found(&[ours("started"), end(), said("a"), said("why"), ours("started")]),
            Some("why".into())
        );
        assert_eq!(found(&[said("before"), ours("started"), end(), ours("started"), said("later")]), None);
        assert_eq!(found(&[said("nobody ended")]), None);
    }
}
