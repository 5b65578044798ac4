//! Which device is the camera.

use std::path::PathBuf;

use crate::config::CameraDevice;

/// The device that the config names, whether it is there or not; of `auto` the first that is there.
pub(crate) fn named(device: &CameraDevice) -> Option<PathBuf> {
    match device {
        CameraDevice::Path(path) => Some(path.clone()),
        CameraDevice::Auto | CameraDevice::Number(_) => first(),
    }
}

/// The device behind `auto`: the first by its stable name, so that a second camera changes nothing. A camera
/// that does not say who it is has no name by id, only one by its place.
fn first() -> Option<PathBuf> {
    ["/dev/v4l/by-id", "/dev/v4l/by-path"].into_iter().find_map(|directory| {
        let entries = std::fs::read_dir(directory).ok()?;
        let names = entries.flatten().map(|entry| entry.path());
        names.filter(|path| path.to_string_lossy().ends_with("-video-index0")).min()
    })
}
