//! The status of the media side: everything its parts know, folded into one value.

use havatar_api as api;
use havatar_supervisor::State;

use crate::config::CameraSource;

use super::audio::backend::AudioSetting;
use super::context::Context;
use super::describe::{self, reason};
use super::process_table::{ProcessId, Processes};
use super::publish::launch::HELD_OFF;

/// A snapshot of the media side.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaStatus {
    /// Supervised processes, MediaMTX first.
    pub processes: Vec<api::Process>,
    /// Stream figures.
    pub streams: api::Streams,
    /// Camera and microphone.
    pub devices: api::Devices,
    /// The encoder in use.
    pub encoder: Option<api::Encoder>,
    /// What is missing.
    pub readiness: api::Readiness,
    /// The publishers are wanted.
    pub streaming: bool,
    /// Too little processor time.
    pub overload: Option<api::Overload>,
    /// Heat and supply.
    pub board: api::Board,
    /// Version of the MediaMTX that is up.
    pub mediamtx_version: Option<String>,
}

/// Folds what the parts know.
pub(crate) fn fold(ctx: &Context, processes: &Processes, streams: api::Streams) -> MediaStatus {
    let streaming = *ctx.streaming.borrow();
    let judged = judged(processes);
    let processes: Vec<api::Process> = processes.all().iter().map(describe::process).collect();
    let devices = devices(ctx, &judged);
    MediaStatus {
        readiness: readiness(ctx, streaming, &judged, &devices),
        streams,
        encoder: ctx.encoder.borrow().clone(),
        streaming,
        overload: ctx.overload.borrow().clone(),
        board: *ctx.board.borrow(),
        mediamtx_version: ctx.mediamtx_up.borrow().clone(),
        processes,
        devices,
    }
}

/// The processes as the streams depend on them: a publisher that still runs, but for a MediaMTX that is gone, is starting.
fn judged(processes: &Processes) -> Vec<api::Process> {
    let mediamtx = processes[ProcessId::Mediamtx].snapshot().state;
    ProcessId::ALL
        .into_iter()
        .map(|id| {
            let mut process = describe::process(&processes[id]);
            if id.is_publisher() && outlived(&mediamtx, &processes[id].snapshot().state) {
                process.state = api::ProcessState::Starting;
            }
            process
        })
        .collect()
}

/// Whether a publisher was ready before this MediaMTX was spawned. It ends as soon as it writes, and until then its state
/// is that of the connection to the MediaMTX before.
fn outlived(mediamtx: &State, publisher: &State) -> bool {
    match (mediamtx, publisher) {
        (State::Running { since, .. }, State::Running { ready_at, .. }) => ready_at < since,
        _ => false,
    }
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
    let microphone = &config.media.microphone;
    let audio = match (AudioSetting::of_microphone(microphone.source), config.media.has_microphone()) {
        (Some(setting), _) => setting.name(&microphone.device),
        (None, true) => "test sound".to_owned(),
        (None, false) => "none".to_owned(),
    };
    let private = ctx.audio.is_private();
    let shown = |id: ProcessId, name: String| {
        let process = find(processes, id);
        held_off(
            describe::device(name, !id.is_configured(&config), ctx.health[id].away(), process),
            private,
            process,
        )
    };
    let mut camera = shown(ProcessId::Camera, name);
    if camera.state == api::DeviceState::Live {
        // It runs, although not as it was asked to.
        camera.why = ctx.controls.told();
    }
    api::Devices {
        camera,
        microphone: shown(ProcessId::Microphone, audio),
        video: ctx.video.borrow().clone(),
    }
}

/// Applies the switch on the robot, once the process has stopped.
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
    let state = |id: ProcessId| find(processes, id).map(|process| process.state);
    let why = |id: ProcessId| find(processes, id).and_then(reason);
    if ctx.mediamtx_up.borrow().is_none() {
        miss("mediamtx_down", "MediaMTX is not up".to_owned(), why(ProcessId::Mediamtx));
    }
    if streaming {
        for (what, id, device) in [
            ("picture", ProcessId::Camera, &devices.camera),
            ("sound", ProcessId::Microphone, &devices.microphone),
        ] {
            let code = id.name();
            match device.state {
                api::DeviceState::Away => {
                    // The device's own reason: the process may not have been told yet.
                    miss(&format!("{code}_away"), format!("no {what}"), device.why.clone());
                }
                api::DeviceState::Silent if state(id) == Some(api::ProcessState::Stopped) => {
                    let start = format!("POST /api/v1/processes/{code}/start");
                    let why = Some(format!("it was stopped; start it with {start}"));
                    miss(&format!("{code}_stopped"), format!("no {what}"), why);
                }
                api::DeviceState::Silent => {
                    miss(&format!("{code}_silent"), format!("no {what} yet"), why(id));
                }
                api::DeviceState::Private => {
                    miss(&format!("{code}_private"), format!("no {what}"), device.why.clone());
                }
                api::DeviceState::Off | api::DeviceState::Live => {}
            }
        }
        if !matches!(state(ProcessId::Muxer), Some(api::ProcessState::Running | api::ProcessState::Stopped)) {
            miss("muxer_down", "picture and sound are not joined yet".to_owned(), why(ProcessId::Muxer));
        }
    } else {
        let why = Some("start it with POST /api/v1/stream/start".to_owned());
        miss("streaming_stopped", "the stream was stopped".to_owned(), why);
    }
    api::Readiness { ready: missing.is_empty(), missing }
}

fn find(processes: &[api::Process], id: ProcessId) -> Option<&api::Process> {
    processes.iter().find(|process| process.name == id.name())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[test]
    fn a_publisher_is_ready_only_for_the_mediamtx_that_it_was_ready_for() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let running = |since, ready_at| State::Running { pid: 7, since: at(since), ready_at: at(ready_at) };
        assert!(outlived(&running(5, 6), &running(1, 2)), "MediaMTX was replaced");
        assert!(!outlived(&running(5, 6), &running(7, 8)));
        assert!(!outlived(&running(5, 6), &running(4, 6)), "the publisher waited for MediaMTX");
        assert!(!outlived(&State::Stopped, &running(1, 2)), "that MediaMTX is down is said by itself");
        assert!(!outlived(&running(5, 6), &State::Stopped));
    }
}
