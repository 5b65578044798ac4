//! Putting a changed config in force while everything runs, and putting the former one back if it fails.
//!
//! MediaMTX checks the new file before it replaces the former one, and a refusal ends there. Then it reads its settings
//! file anew by itself and restarts within itself only what changed. What it
//! does with a file is not believed but read back; if it does not run with the new settings in time, or ends
//! over them (it exits with status 0 then), the last known good file is put back and MediaMTX restarted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use havatar_supervisor::{Patience, State};
use tokio::time::Instant;

use crate::config::{Camera, Config, Media};
use crate::media::context::Context;
use crate::media::process_table::{ProcessId, Processes};
use crate::media::publish::v4l2::controls;

use super::applied_config::AppliedConfig;
use super::error::MediaMtxError;
use super::render::Rendered;
use super::{process, settings};

/// How long MediaMTX may take to come into the new settings by itself.
const READ_BACK_WITHIN: Duration = Duration::from_secs(4);
/// MediaMTX ignores a change of its file within a second of the last one, so the file is written again.
const WRITE_AGAIN_AFTER: Duration = Duration::from_millis(1200);
const RESTART_WITHIN: Duration = Duration::from_secs(8);
const CHECK_EVERY: Duration = Duration::from_millis(100);

/// What differs of the camera's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CameraChange {
    Nothing,
    /// What is set on the device alone, which needs no new start.
    Controls,
    Picture,
}

impl CameraChange {
    fn between(old: &Camera, new: &Camera) -> Self {
        let beside_controls = |camera: &Camera| Camera { controls: BTreeMap::new(), ..camera.clone() };
        if beside_controls(old) != beside_controls(new) {
            Self::Picture
        } else if old.controls != new.controls {
            Self::Controls
        } else {
            Self::Nothing
        }
    }
}

/// Whose settings differ.
struct Change {
    camera: CameraChange,
    microphone: bool,
    speaker: bool,
}

impl Change {
    fn between(old: &Media, new: &Media) -> Self {
        let ffmpeg = old.ffmpeg != new.ffmpeg;
        let camera = CameraChange::between(&old.camera, &new.camera);
        Self {
            camera: if ffmpeg { CameraChange::Picture } else { camera },
            microphone: ffmpeg || old.microphone != new.microphone,
            speaker: ffmpeg || old.speaker != new.speaker,
        }
    }
}

/// A change that was not put in force.
struct Refused {
    why: String,
    /// MediaMTX may have seen something of it.
    touched: bool,
}

/// Withdraws the candidate in the end, however that comes: by then it is in force, or it never will be.
struct Withdrawn<'a>(&'a Context);

impl Drop for Withdrawn<'_> {
    fn drop(&mut self) {
        self.0.set_candidate(None);
    }
}

pub(crate) async fn apply(
    ctx: &Arc<Context>,
    processes: &Processes,
    applied: &AppliedConfig,
    new: Arc<Config>,
) -> Result<(), String> {
    let old = ctx.config();
    let change = Change::between(&old.media, &new.media);
    let wanted = settings::settings(ctx, &new).await.map_err(|error| error.to_string())?;
    // What was written last, not what the old config would give now: files that it names may have changed.
    let same =
        applied.wanted().as_ref() == Some(&wanted) && old.media.mediamtx.binary == new.media.mediamtx.binary;
    // A publisher that starts meanwhile takes the config in force, which is still the former one.
    let _withdrawn = Withdrawn(ctx);
    if !same {
        ctx.set_candidate(Some(new.clone()));
        if let Err(refused) = into_force(ctx, processes, applied, &old, &new, wanted).await {
            ctx.set_candidate(None);
            if refused.touched {
                // The launch writes the former settings from the former config.
                let _ = restarted(ctx, processes, applied).await;
            }
            return Err(refused.why);
        }
    }
    ctx.config.send_replace(new.clone());
    for id in ProcessId::DEPENDENTS {
        ctx.health[id].set_away(None);
    }
    // Publishers depend on MediaMTX by its RTSP address alone.
    let moved = old.media.mediamtx.rtsp_address != new.media.mediamtx.rtsp_address
        || old.media.ffmpeg != new.media.ffmpeg;
    let picture = change.camera == CameraChange::Picture;
    for id in ProcessId::DEPENDENTS {
        let must = match id {
            ProcessId::Mediamtx => false,
            ProcessId::Camera => picture || moved,
            ProcessId::Microphone => change.microphone || moved,
            ProcessId::Muxer => picture || change.microphone || moved,
            ProcessId::Speaker => change.speaker,
            ProcessId::Talk => change.speaker || moved,
        };
        if must && let Err(error) = processes[id].restart_if_wanted().await {
            tracing::warn!(process = %id, %error, "a process could not be restarted");
        }
    }
    // A camera that starts anew is set anew.
    if change.camera == CameraChange::Controls && !moved {
        controls::adapt(ctx);
    }
    Ok(())
}

async fn into_force(
    ctx: &Arc<Context>,
    processes: &Processes,
    applied: &AppliedConfig,
    old: &Config,
    new: &Config,
    wanted: Rendered,
) -> Result<(), Refused> {
    let (before, after) = (&old.media.mediamtx, &new.media.mediamtx);
    // Another binary, or another place of the API by which all else is checked, is another MediaMTX.
    // MediaMTX may write where it was allowed to at its launch.
    let moved = old.recording.directory != new.recording.directory || old.confinement != new.confinement;
    let anew = moved || before.binary != after.binary || before.api_address != after.api_address || !ctx.up();
    if !anew {
        let refused = |error: MediaMtxError| {
            let why = format!("{error}; the former settings stay in force");
            Refused { why, touched: false }
        };
        let binary = process::find(new).map_err(refused)?;
        let (_, wanted) = settings::put(ctx, applied, new, &binary, wanted).await.map_err(refused)?;
        let client = ctx.client();
        let begun = Instant::now();
        let mut written = begun;
        let mut patience = patience(READ_BACK_WITHIN, processes);
        while !patience.is_over() && ctx.up() {
            if settings::verify(&client, Some(wanted.clone())).await.is_ok() {
                applied.now_runs(wanted);
                // It forgot the recorder's switch when it read the file.
                ctx.mediamtx_up.send_modify(|_| {});
                return Ok(());
            }
            if written.elapsed() >= WRITE_AGAIN_AFTER {
                written = Instant::now();
                let _ = settings::write(ctx, applied, &binary, &wanted).await;
            }
            tokio::time::sleep(CHECK_EVERY).await;
        }
    }
    if restarted(ctx, processes, applied).await {
        return Ok(());
    }
    let why = match processes[ProcessId::Mediamtx].snapshot().state {
        State::Backoff { why, .. } | State::Waiting { why } => why,
        // It was stopped by a request: the new settings are for its next start.
        State::Stopped => return Ok(()),
        _ => "it did not become ready in time".to_owned(),
    };
    let why =
        format!("MediaMTX does not run with the new settings: {why}; the former ones are in force again");
    Err(Refused { why, touched: true })
}

/// A limit for what MediaMTX and this program have to do.
fn patience(limit: Duration, processes: &Processes) -> Patience {
    Patience::new(limit, processes[ProcessId::Mediamtx].pids())
}

/// Restarts MediaMTX and waits until a launch after this moment is verified, or has failed.
async fn restarted(ctx: &Arc<Context>, processes: &Processes, applied: &AppliedConfig) -> bool {
    let before = applied.launches();
    if processes[ProcessId::Mediamtx].restart_if_wanted().await.is_err() {
        return false;
    }
    let mut patience = patience(RESTART_WITHIN, processes);
    while !patience.is_over() {
        let launched = applied.launches() > before;
        match processes[ProcessId::Mediamtx].snapshot().state {
            State::Stopped | State::Backoff { .. } => return false,
            State::Running { .. } if launched && applied.verified() && ctx.up() => return true,
            _ => tokio::time::sleep(CHECK_EVERY).await,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_change_names_whom_it_touches() {
        let touched = |text: &str| {
            let new = Config::from_bytes(text.as_bytes(), Path::new("x"), false).unwrap().config;
            let change = Change::between(&Config::default().media, &new.media);
            let all = [
                (change.camera == CameraChange::Picture, "camera"),
                (change.camera == CameraChange::Controls, "controls"),
                (change.microphone, "microphone"),
                (change.speaker, "speaker"),
            ];
            all.into_iter().filter(|(touched, _)| *touched).map(|(_, name)| name).collect::<Vec<_>>()
        };
        assert_eq!(touched(""), [""; 0]);
        assert_eq!(touched("server: {listen: 127.0.0.1:9000}"), [""; 0]);
        assert_eq!(touched("recording: {segment: 1m}"), [""; 0]);
        assert_eq!(touched("media: {mediamtx: {log_level: debug}}"), [""; 0]);
        assert_eq!(touched("media: {camera: {fps: 15}}"), ["camera"]);
        assert_eq!(touched("media: {camera: {rotate: 180}}"), ["camera"]);
        assert_eq!(touched("media: {camera: {controls: {brightness: 1}}}"), ["controls"]);
        assert_eq!(touched("media: {microphone: {source: test}}"), ["microphone"]);
        assert_eq!(touched("media: {speaker: {guard: 1s}}"), ["speaker"]);
        assert_eq!(touched("media: {ffmpeg: other}"), ["camera", "microphone", "speaker"]);
    }
}
