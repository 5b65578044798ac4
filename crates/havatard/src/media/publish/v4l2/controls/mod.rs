//! The controls of a V4L2 camera: brightness, focus, the frequency of the lamps.
//!
//! Like its formats they are asked for, and set, by a process of its own (`havatard camera-controls`): a driver that hangs holds
//! up that process, which is killed. `enumerate` reads what a device answers, `check` judges what is wanted of it, `set` brings it
//! into an order in which it takes effect. `state` holds what clients have set, over the config.

mod check;
pub(crate) mod enumerate;
mod names;
mod set;
pub(crate) mod state;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_api as api;
use serde::{Deserialize, Serialize};

use crate::config::{CameraSource, Config};
use crate::confinement::Needs;
use crate::media::context::Context;
use crate::media::error::ControlError;
use crate::program;

use super::{attached, ioctl};
use names::spelled;
use set::{Outcome, Request};

/// A device may take this long to say what it has, and to take what is set.
const LIMIT: Duration = Duration::from_secs(10);

/// What the process that asks the device prints.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Done(Outcome),
    /// It does not speak the interface.
    NoDevice,
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
    run(ctx, config, device, &Request::default()).await.map(|outcome| outcome.controls)
}

/// Sets what config and clients want on the device, before its picture is taken. What it does not take is told in the status, and
/// keeps no picture away.
pub(crate) async fn prepare(ctx: &Context, config: &Config, device: &Path) {
    let mut set_before = ctx.controls.setting.lock().await;
    let wanted = ctx.controls.wanted(&config.media.camera);
    let mut values: BTreeMap<_, _> = set_before.iter().map(|name| (name.clone(), None)).collect();
    *set_before = wanted.keys().cloned().collect();
    values.extend(wanted.into_iter().map(|(name, value)| (name, Some(value))));
    if values.is_empty() {
        ctx.controls.set_faults(BTreeMap::new());
        return;
    }
    let faults = match run(ctx, config, device, &Request { values, ..Request::default() }).await {
        Ok(outcome) => outcome.faults,
        Err(why) => BTreeMap::from([(String::new(), format!("no control of the camera is set: {why}"))]),
    };
    for fault in faults.values() {
        tracing::warn!(fault, "a control of the camera is not as it was asked for");
    }
    ctx.controls.set_faults(faults);
}

/// The same for the camera that runs, after the config has changed.
pub(crate) async fn adapt(ctx: &Context) {
    let config = ctx.config();
    if let Ok(device) = in_use(&config) {
        prepare(ctx, &config, &device).await;
    }
}

/// Sets controls of the camera in use for a client, all or none, and remembers them.
pub(crate) async fn change(
    ctx: &Context,
    changes: BTreeMap<String, Option<api::ControlValue>>,
) -> Result<api::CameraControls, ControlError> {
    let config = ctx.config();
    let device = in_use(&config)?;
    let mut set_before = ctx.controls.setting.try_lock().map_err(|_| ControlError::Busy)?;
    let changes: BTreeMap<_, _> = changes.into_iter().map(|(name, value)| (spelled(&name), value)).collect();
    let configured = state::configured(&config.media.camera);
    let mut request = Request::default();
    for (name, value) in &changes {
        // A way back is gone even if the camera does not take what the config says.
        request.required.extend(value.is_some().then(|| name.clone()));
        request.values.insert(name.clone(), value.clone().or_else(|| configured.get(name).cloned()));
    }
    let outcome = run(ctx, &config, &device, &request).await.map_err(ControlError::Failed)?;
    if outcome.refused {
        let faults: Vec<String> = outcome.faults.into_values().collect();
        return Err(ControlError::Refused(faults.join("; ")));
    }
    let mut faults = ctx.controls.faults.borrow().clone();
    faults.retain(|name, _| !changes.contains_key(name));
    faults.extend(outcome.faults);
    ctx.controls.set_faults(faults);
    ctx.controls.remember(changes);
    *set_before = ctx.controls.wanted(&config.media.camera).into_keys().collect();
    Ok(api::CameraControls { device: device.display().to_string(), controls: outcome.controls })
}

/// The device of the camera that the config asks for.
fn in_use(config: &Config) -> Result<PathBuf, ControlError> {
    let camera = &config.media.camera;
    if camera.source != CameraSource::V4l2 {
        return Err(ControlError::NoControls { source_name: camera.source.as_str() });
    }
    attached::named(&camera.device).filter(|device| device.exists()).ok_or(ControlError::Away)
}

async fn run(ctx: &Context, config: &Config, device: &Path, request: &Request) -> Result<Outcome, String> {
    let name = device.display();
    let mut args = vec![OsString::from("camera-controls"), device.as_os_str().to_owned()];
    if *request != Request::default() {
        let request = serde_json::to_string(request).map_err(|error| error.to_string())?;
        args.extend([OsString::from("--set"), request.into()]);
    }
    let needs = Needs::camera(None).with_device(device);
    let output = ctx
        .run_helper(config, needs, &program::own(), args, LIMIT)
        .await
        .map_err(|error| format!("{name}: {error}"))?;
    match serde_json::from_str(&output.stdout) {
        Ok(Answer::Done(outcome)) => Ok(outcome),
        Ok(Answer::NoDevice) if request.values.is_empty() => Ok(Outcome::default()),
        Ok(Answer::NoDevice) => Err(format!("{name} has none")),
        Ok(Answer::Failed(why)) => Err(format!("{name} {why}")),
        Err(_) => Err(format!("{name} gave no answer about its controls")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_camera_and_what_is_not_there_is_told_apart() {
        let null = Path::new("/dev/null");
        assert_eq!(answer(null, None), r#""NoDevice""#);
        assert_eq!(answer(null, Some(r#"{"values":{"brightness":1},"required":[]}"#)), r#""NoDevice""#);
        assert!(answer(Path::new("/dev/nowhere"), None).starts_with(r#"{"Failed":"#));
        assert!(answer(null, Some("[]")).contains("no request"));
    }

    #[test]
    fn only_a_v4l2_camera_that_is_there_has_controls() {
        let config = |text: &str| Config::from_bytes(text.as_bytes(), Path::new("x"), false).unwrap().config;
        assert!(matches!(
            in_use(&config("media: {camera: {source: test}}")),
            Err(ControlError::NoControls { source_name: "test" })
        ));
        let away = in_use(&config("media: {camera: {device: /dev/v4l/by-id/nowhere}}"));
        assert!(matches!(away, Err(ControlError::Away)));
        let there = in_use(&config("media: {camera: {device: /dev/null}}")).unwrap();
        assert_eq!(there, Path::new("/dev/null"));
    }
}
