//! Which device is the camera.

use std::path::PathBuf;

use crate::config::CameraDevice;
use crate::media::context::Context;

/// The device of the camera in use: the one that the config names; of `auto` the one that was opened last while it is there, since
/// one that was plugged in later may come before it.
pub(crate) fn in_use(ctx: &Context, device: &CameraDevice) -> Option<PathBuf> {
    let opened = ctx.camera_device.borrow().clone();
    let opened = opened.filter(|opened| !matches!(device, CameraDevice::Path(_)) && opened.exists());
    opened.or_else(|| of_config(device))
}

/// The device that the config names, whether it is there or not; of `auto` the first that is there.
pub(crate) fn of_config(device: &CameraDevice) -> Option<PathBuf> {
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

#[cfg(test)]
mod tests {
    use crate::media::fake;

    use super::*;

    #[tokio::test]
    async fn the_camera_that_runs_is_meant_until_it_is_gone_or_the_config_names_another() {
        let dir = tempfile::tempdir().unwrap();
        let ctx = fake::away(dir.path()).ctx;
        let opened = dir.path().join("video0");
        std::fs::write(&opened, "").unwrap();
        let auto = CameraDevice::Auto;
        assert_eq!(in_use(&ctx, &auto), of_config(&auto));
        ctx.camera_device.send_replace(Some(opened.clone()));
        assert_eq!(in_use(&ctx, &auto), Some(opened.clone()));
        let named = CameraDevice::Path("/dev/v4l/by-id/other".into());
        assert_eq!(in_use(&ctx, &named), of_config(&named));
        std::fs::remove_file(opened).unwrap();
        assert_eq!(in_use(&ctx, &auto), of_config(&auto));
    }
}
