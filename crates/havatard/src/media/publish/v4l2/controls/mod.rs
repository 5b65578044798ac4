//! The controls of a V4L2 camera: brightness, focus, the frequency of the lamps.
//!
//! Like its formats they are asked for, and set, by a process of its own (`havatard camera-controls`): a driver that hangs holds
//! up that process, which is killed. `enumerate` reads what a device answers, `check` judges what is wanted of it, `set` brings it
//! into an order in which it takes effect. `state` holds what clients have set, over the config.
//!
//! The privacy shutter of a camera and its lamp are shown, and never set: they are for the person beside it.

mod check;
pub(crate) mod enumerate;
mod names;
mod set;
pub(crate) mod state;
#[cfg(test)]
mod testing;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use havatar_api as api;
use havatar_supervisor::RunError;
use serde::{Deserialize, Serialize};

use crate::config::{CameraSource, Config};
use crate::confinement::Needs;
use crate::media::context::Context;
use crate::media::error::ControlError;
use crate::program;

use super::{device, ioctl};
use names::spelled;
use set::{Outcome, Request};
use state::Plugged;

/// A device may take this long to say what it has, and to take what a client sets.
const LIMIT: Duration = Duration::from_secs(10);
/// The picture waits this long for the controls of its camera.
const PREPARED_WITHIN: Duration = Duration::from_secs(2);
/// Controls that a client sets at once.
const MOST: usize = 64;

/// Why the controls of a camera are left alone whose driver took too long.
const TOO_SLOW: &str = "no control of the camera is set: its driver is too slow; they are tried again when it is unplugged and \
                        plugged in again";

/// What the process that asks the device prints.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Done(Outcome),
    /// It does not speak the interface.
    NoDevice,
    Failed(String),
}

/// Why that process gave no outcome, in words.
#[derive(Debug, thiserror::Error)]
enum NoOutcome {
    #[error("{0}")]
    NoControls(String),
    #[error("{0}")]
    TooSlow(String),
    #[error("{0}")]
    Failed(String),
}

/// Asks a device for its controls, sets those of `request` (JSON) before that, and gives the answer as JSON: the work of
/// `havatard camera-controls`.
pub(crate) fn answer(device: &Path, request: Option<&str>) -> String {
    let answer = match request.map_or_else(|| Ok(Request::default()), serde_json::from_str) {
        Err(error) => Answer::Failed(format!("was asked for what is no request: {error}")),
        Ok(request) => {
            let done = ioctl::Device::open(device).and_then(|device| set::set(&device, &request));
            done.map_or_else(
                |error| ioctl::failure(&error).map_or(Answer::NoDevice, Answer::Failed),
                Answer::Done,
            )
        }
    };
    serde_json::to_string(&answer).unwrap_or_default()
}

/// The controls of a device; none of one that does not speak the interface.
pub(crate) async fn of(
    ctx: &Context,
    config: &Config,
    device: &Path,
) -> Result<Vec<api::CameraControl>, String> {
    let request = Request::default();
    match run(ctx, &program::own(), config, device, &request, LIMIT).await {
        Ok(outcome) => Ok(outcome.controls),
        Err(NoOutcome::NoControls(_)) => Ok(Vec::new()),
        Err(error) => Err(error.to_string()),
    }
}

/// Sets what config and clients want on the device, before its picture is taken. What it does not take is told in the status, and
/// keeps no picture away.
pub(crate) async fn prepare(ctx: &Context, device: &Path) {
    prepare_by(ctx, &program::own(), device).await;
}

/// The same for the camera that runs, after the config has changed; nothing waits for a driver that hangs.
pub(crate) fn adapt(ctx: &Arc<Context>) {
    let ctx = ctx.clone();
    tokio::spawn(async move {
        if let Ok(device) = in_use(&ctx, &ctx.config()) {
            prepare(&ctx, &device).await;
        }
    });
}

/// Sets controls of the camera in use for a client, all or none, and remembers them.
pub(crate) async fn change(
    ctx: &Context,
    changes: BTreeMap<String, Option<api::ControlValue>>,
) -> Result<api::CameraControls, ControlError> {
    change_by(ctx, &program::own(), changes).await
}

/// By that program, which a test may put another in the place of.
async fn prepare_by(ctx: &Context, helper: &Path, device: &Path) {
    let mut applied = ctx.controls.setting.lock().await;
    // Not before: of several that have waited, none may set what an older config says.
    let config = ctx.config();
    let wanted = ctx.controls.wanted(&config.media.camera);
    let names: BTreeSet<String> = wanted.keys().cloned().collect();
    let mut values: BTreeMap<_, _> = applied.names.iter().map(|name| (name.clone(), None)).collect();
    values.extend(wanted.into_iter().map(|(name, value)| (name, Some(value))));
    if values.is_empty() {
        ctx.controls.set_faults(BTreeMap::new());
        return;
    }
    let of_all = |fault: String| BTreeMap::from([(String::new(), fault)]);
    let plugged = Plugged::of(device);
    let faults = if plugged.is_some() && plugged == applied.too_slow {
        of_all(TOO_SLOW.to_owned())
    } else {
        // One that is broken off may have set some of them.
        applied.names.extend(names.iter().cloned());
        let request = Request { values, ..Request::default() };
        match run(ctx, helper, &config, device, &request, PREPARED_WITHIN).await {
            Ok(outcome) => {
                applied.names = names;
                outcome.faults
            }
            Err(NoOutcome::TooSlow(_)) => {
                applied.too_slow = plugged;
                of_all(TOO_SLOW.to_owned())
            }
            Err(error) => of_all(format!("no control of the camera is set: {error}")),
        }
    };
    for fault in faults.values() {
        tracing::warn!(fault, "a control of the camera is not as it was asked for");
    }
    ctx.controls.set_faults(faults);
}

/// Likewise.
async fn change_by(
    ctx: &Context,
    helper: &Path,
    changes: BTreeMap<String, Option<api::ControlValue>>,
) -> Result<api::CameraControls, ControlError> {
    if changes.len() > MOST {
        let why = format!("{} controls are too many at once: set at most {MOST}", changes.len());
        return Err(ControlError::Refused(why));
    }
    let mut applied = ctx.controls.setting.try_lock().map_err(|_| ControlError::Busy)?;
    let config = ctx.config();
    let device = in_use(ctx, &config)?;
    let changes: BTreeMap<_, _> = changes.into_iter().map(|(name, value)| (spelled(&name), value)).collect();
    let configured = state::configured(&config.media.camera);
    let mut request = Request::default();
    for (name, value) in &changes {
        // A way back is gone even if the camera does not take what the config says.
        request.required.extend(value.is_some().then(|| name.clone()));
        request.values.insert(name.clone(), value.clone().or_else(|| configured.get(name).cloned()));
    }
    let outcome = match run(ctx, helper, &config, &device, &request, LIMIT).await {
        Ok(outcome) => outcome,
        Err(NoOutcome::NoControls(why)) => return Err(ControlError::NoControls(why)),
        Err(NoOutcome::TooSlow(why) | NoOutcome::Failed(why)) => {
            // It may have set some of them.
            applied.names.extend(changes.into_keys());
            return Err(ControlError::Failed(why));
        }
    };
    if outcome.refused {
        let faults: Vec<String> = outcome.faults.into_values().collect();
        return Err(ControlError::Refused(faults.join("; ")));
    }
    let mut faults = ctx.controls.faults.borrow().clone();
    // The camera answers: what was said of all of them is over.
    faults.retain(|name, _| !name.is_empty() && !changes.contains_key(name));
    faults.extend(outcome.faults);
    ctx.controls.set_faults(faults);
    ctx.controls.remember(changes);
    applied.names = ctx.controls.wanted(&config.media.camera).into_keys().collect();
    applied.too_slow = None;
    Ok(api::CameraControls { device: device.display().to_string(), controls: outcome.controls })
}

/// The device of the camera that the config asks for.
fn in_use(ctx: &Context, config: &Config) -> Result<PathBuf, ControlError> {
    let camera = &config.media.camera;
    if camera.source != CameraSource::V4l2 {
        let why = format!(
            "media.camera.source is {}, and only a camera of source v4l2 has controls",
            camera.source
        );
        return Err(ControlError::NoControls(why));
    }
    device::in_use(ctx, &camera.device).filter(|device| device.exists()).ok_or(ControlError::Away)
}

async fn run(
    ctx: &Context,
    helper: &Path,
    config: &Config,
    device: &Path,
    request: &Request,
    limit: Duration,
) -> Result<Outcome, NoOutcome> {
    let name = device.display();
    let mut args = vec![OsString::from("camera-controls"), device.as_os_str().to_owned()];
    if *request != Request::default() {
        let request = serde_json::to_string(request).map_err(|error| NoOutcome::Failed(error.to_string()))?;
        args.extend([OsString::from("--set"), request.into()]);
    }
    let needs = Needs::camera(None).with_device(device);
    let output = ctx.run_helper(config, needs, helper, args, limit).await.map_err(|error| {
        let why = format!("{name}: {error}");
        match error {
            RunError::TimedOut { .. } => NoOutcome::TooSlow(why),
            RunError::Io { .. } => NoOutcome::Failed(why),
        }
    })?;
    match serde_json::from_str(&output.stdout) {
        Ok(Answer::Done(outcome)) => Ok(outcome),
        Ok(Answer::NoDevice) => Err(NoOutcome::NoControls(format!("{name} has no controls"))),
        Ok(Answer::Failed(why)) => Err(NoOutcome::Failed(format!("{name} {why}"))),
        Err(_) => Err(NoOutcome::Failed(format!("{name} gave no answer about its controls"))),
    }
}

#[cfg(test)]
mod tests;
