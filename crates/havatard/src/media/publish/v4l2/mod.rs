//! What a V4L2 camera offers, and what is set on it.
//!
//! The device itself is asked (`ioctl`, `enumerate`), by a process of its own: a driver that hangs holds up that process, which is
//! killed. A device that does not speak the interface is asked through ffmpeg (`listing`). `offer` chooses. `controls` are
//! brightness, focus and their like.

pub(crate) mod controls;
mod device;
mod enumerate;
mod ioctl;
mod listing;
mod offer;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use havatar_api as api;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::confinement::Needs;
use crate::media::context::Context;
use crate::program;

pub(crate) use device::{in_use, of_config};
pub(crate) use offer::{Offer, choose, choose_any};

/// A device may take this long to say what it has.
const LIMIT: Duration = Duration::from_secs(10);

/// What the process that asks the device prints.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Offers {
        offers: Vec<Offer>,
        /// Codes of formats that ffmpeg cannot capture.
        unusable: Vec<String>,
    },
    /// It does not speak the interface.
    NoDevice,
    Failed(String),
}

/// Asks a device and gives its answer, as JSON: the work of `havatard camera-formats`.
pub(crate) fn formats(device: &Path) -> String {
    let asked = ioctl::Device::open(device).and_then(|device| enumerate::offers(&device));
    let answer = match asked {
        Ok((offers, unusable)) => Answer::Offers { offers, unusable },
        Err(error) => ioctl::failure(&error).map_or(Answer::NoDevice, Answer::Failed),
    };
    serde_json::to_string(&answer).unwrap_or_default()
}

/// What the device offers.
pub(crate) async fn offers(
    ctx: &Context,
    config: &Config,
    ffmpeg: &Path,
    device: &Path,
) -> Result<Vec<Offer>, String> {
    let name = device.display();
    let args = [OsStr::new("camera-formats"), device.as_os_str()];
    let output = ctx
        .run_helper(config, needs(device), &program::own(), args, LIMIT)
        .await
        .map_err(|error| format!("{name}: {error}"))?;
    match serde_json::from_str(&output.stdout) {
        Ok(Answer::Offers { offers, .. }) if !offers.is_empty() => Ok(offers),
        Ok(Answer::Offers { unusable, .. }) if unusable.is_empty() => {
            Err(format!("{name} offers no format: unplug it and plug it in again"))
        }
        Ok(Answer::Offers { unusable, .. }) => {
            Err(format!("{name} gives only {}, which ffmpeg cannot capture", unusable.join(", ")))
        }
        Ok(Answer::Failed(why)) => Err(format!("{name} {why}")),
        Ok(Answer::NoDevice) | Err(_) => listed(ctx, config, ffmpeg, device).await,
    }
}

/// What the device offers, in words for people.
pub(crate) async fn described(
    ctx: &Context,
    config: &Config,
    ffmpeg: &Path,
    device: &Path,
) -> Result<Vec<api::AttachedCameraFormat>, String> {
    let offers = offers(ctx, config, ffmpeg, device).await?;
    Ok(offers.into_iter().map(Offer::into_described).collect())
}

fn needs(device: &Path) -> Needs {
    Needs::camera(None).with_device(device)
}

/// Asks ffmpeg for the device's formats. It exits with an error after listing, by design.
async fn listed(ctx: &Context, config: &Config, ffmpeg: &Path, device: &Path) -> Result<Vec<Offer>, String> {
    let args = ["-hide_banner", "-nostdin", "-f", "v4l2", "-list_formats", "all", "-i"]
        .map(OsString::from)
        .into_iter()
        .chain([device.as_os_str().to_owned()])
        .collect::<Vec<_>>();
    let listing = ctx.run_helper(config, needs(device), ffmpeg, args, LIMIT);
    let output = listing.await.map_err(|error| error.to_string())?;
    let offers = listing::parse(&output.stderr);
    if offers.is_empty() {
        let line = output.stderr.lines().last().unwrap_or("no answer");
        return Err(format!(
            "{} lists no format that ffmpeg can capture: choose another media.camera.device (ffmpeg: {line})",
            device.display()
        ));
    }
    Ok(offers)
}
