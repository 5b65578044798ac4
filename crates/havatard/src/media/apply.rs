//! Putting a changed config in force while everything runs, and putting the former one back if it fails.
//!
//! MediaMTX reads its settings file anew by itself and restarts within itself only what changed. What it
//! does with a file is not believed but read back; if it does not run with the new settings in time, or ends
//! over them (it exits with status 0 then), the last known good file is put back and MediaMTX restarted.

use std::sync::Arc;
use std::time::Duration;

use havatar_supervisor::State;
use tokio::time::Instant;

use crate::config::{self, Config};

use super::Processes;
use super::context::Context;
use super::mediamtx::{self, Fresh};

/// MediaMTX ignores a second change within a second; it gets the time to see one, and then to act on it.
const READ_BACK_WITHIN: Duration = Duration::from_secs(4);
const RESTART_WITHIN: Duration = Duration::from_secs(8);
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) async fn apply(
    ctx: &Arc<Context>,
    processes: &Processes,
    fresh: &Fresh,
    new: Arc<Config>,
) -> Result<(), String> {
    let old = ctx.config();
    let change = config::diff(&old, &new);
    let former = mediamtx::settings(ctx, &old).await;
    let wanted = mediamtx::settings(ctx, &new).await.map_err(|error| error.to_string())?;
    let same = former.as_ref().is_ok_and(|former| *former == wanted);
    ctx.config.send_replace(new.clone());
    if !same && let Err(reason) = into_force(ctx, processes, fresh, &old, &new, wanted).await {
        ctx.config.send_replace(old);
        // The launch writes the former settings from the former config.
        let _ = processes.mediamtx.restart().await;
        let _ = within(RESTART_WITHIN, || ctx.up()).await;
        return Err(reason);
    }
    // Publishers find MediaMTX at its RTSP address; all else of it is none of their business.
    let moved = old.media.mediamtx.rtsp_address != new.media.mediamtx.rtsp_address
        || old.media.ffmpeg != new.media.ffmpeg;
    for (process, must) in [
        (&processes.camera, change.camera || moved),
        (&processes.microphone, change.microphone || moved),
        (&processes.muxer, change.camera || change.microphone || moved),
    ] {
        let running = !matches!(process.snapshot().state, State::Stopped);
        if must && running {
            let _ = process.restart().await;
        }
    }
    Ok(())
}

async fn into_force(
    ctx: &Arc<Context>,
    processes: &Processes,
    fresh: &Fresh,
    old: &Config,
    new: &Config,
    wanted: super::render::Rendered,
) -> Result<(), String> {
    let (before, after) = (&old.media.mediamtx, &new.media.mediamtx);
    // Another binary, or another place of the API by which all else is checked, is another MediaMTX.
    let anew = before.binary != after.binary || before.api_address != after.api_address || !ctx.up();
    if !anew {
        mediamtx::write(&ctx.runtime_dir, &wanted).map_err(|error| error.to_string())?;
        let client = ctx.client();
        let deadline = Instant::now() + READ_BACK_WITHIN;
        while Instant::now() < deadline && ctx.up() {
            if mediamtx::verify(&client, Some(wanted.clone())).await.is_ok() {
                // It forgot the switch of the recorder when it read the file.
                ctx.mediamtx_up.send_modify(|_| {});
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    fresh.expect(wanted);
    ctx.mediamtx_up.send_replace(None);
    processes.mediamtx.restart().await.map_err(|error| error.to_string())?;
    let failed = || matches!(processes.mediamtx.snapshot().state, State::Backoff { .. });
    if within(RESTART_WITHIN, || ctx.up() || failed()).await && ctx.up() {
        return Ok(());
    }
    let snapshot = processes.mediamtx.snapshot();
    let why = match snapshot.state {
        State::Backoff { why, .. } | State::Waiting { why } => why,
        _ => "it did not become ready in time".to_owned(),
    };
    Err(format!("MediaMTX does not run with the new settings: {why}; the former ones are in force again"))
}

async fn within(limit: Duration, condition: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !condition() {
        if Instant::now() >= deadline {
            return false;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    true
}
