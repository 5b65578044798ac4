//! The test of a camera: about a second of its frames, small, and the last of them as a picture.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use havatar_api as api;
use havatar_supervisor::{Command, Pipeline};
use nix::sys::stat::major;

use crate::config::{CameraSource, Config};
use crate::confinement::Needs;
use crate::media::context::Context;
use crate::media::paths::CAMERA;
use crate::media::process_table::{ProcessId, Processes};
use crate::media::publish::camera::{csi, test_picture};
use crate::media::publish::ffmpeg::{raw_input, v4l2_input};
use crate::media::publish::launch::{find_ffmpeg, path_url, server_up};
use crate::media::publish::source::words::explain;
use crate::media::publish::v4l2;
use crate::priority::{Share, prioritized};

use super::capture::{Captured, END_WITHIN, capture};
use super::error::DeviceTestError;
use super::frame::Frame;
use super::holding::{self, Holding};
use super::input::{self, Told};
use super::words;

/// The kernel's number of video devices.
const VIDEO: u64 = 81;
/// How long ffmpeg has to make a JPEG.
const JPEG_WITHIN: Duration = Duration::from_secs(8);
/// The largest JPEG that is given, in bytes.
const LARGEST: usize = 32 * 1024;
/// ffmpeg's qualities, tried one after the other until the JPEG is small enough.
const QUALITIES: [&str; 4] = ["4", "10", "20", "31"];

/// What was taken from a camera.
struct Taken {
    device: String,
    source: api::DeviceTestSource,
    told: Told,
    captured: Captured,
    /// Frames a second that were asked for.
    wanted_fps: Option<u32>,
}

/// Tests the configured camera, or another one.
pub(super) async fn test(
    ctx: &Context,
    processes: &Processes,
    name: Option<&str>,
) -> Result<api::CameraTest, DeviceTestError> {
    let config = ctx.config();
    let ffmpeg = find_ffmpeg(&config)?;
    let configured = configured_device(ctx, &config);
    let other = name.map(path_of).transpose()?.filter(|path| !is_same(path, configured.as_deref()));
    let taken = match other {
        Some(path) => {
            refuse_others(&path)?;
            of_device(ctx, processes, (&config, &ffmpeg), &path, false).await?
        }
        None => of_configured(ctx, processes, (&config, &ffmpeg), configured).await?,
    };
    let Taken { device, source, told, captured, wanted_fps } = taken;
    let jpeg = jpeg(ctx, &config, &ffmpeg, &captured.last).await?;
    let brightness_percent = captured.last.brightness_percent();
    let verdict = words::of_picture(brightness_percent, captured.fps, wanted_fps);
    let (width, height) = told.size.unzip();
    Ok(api::CameraTest {
        passed: verdict.passed(),
        device,
        source,
        width,
        height,
        format: told.format,
        first_frame_ms: u32::try_from(captured.first_after.as_millis()).unwrap_or(u32::MAX),
        fps: captured.fps,
        brightness_percent,
        jpeg: STANDARD.encode(jpeg),
        remarks: verdict.remarks,
    })
}

/// The V4L2 device of the config, if it asks for one and it is known.
fn configured_device(ctx: &Context, config: &Config) -> Option<PathBuf> {
    let camera = &config.media.camera;
    (camera.source == CameraSource::V4l2).then(|| v4l2::in_use(ctx, &camera.device)).flatten()
}

fn path_of(name: &str) -> Result<PathBuf, DeviceTestError> {
    if name.starts_with('/') && name.len() <= 4096 && !name.chars().any(char::is_control) {
        return Ok(PathBuf::from(name));
    }
    Err(DeviceTestError::BadName(
        "this is not a camera: write its path, like /dev/v4l/by-id/usb-...-video-index0".to_owned(),
    ))
}

/// Several links lead to one node.
fn is_same(path: &Path, configured: Option<&Path>) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    configured.is_some_and(|configured| real(path) == real(configured))
}

/// Nothing but a camera is opened: to open a serial port would reset what is at its other end.
fn refuse_others(path: &Path) -> Result<(), DeviceTestError> {
    match path.metadata() {
        Err(_) => Err(absent(path)),
        Ok(meta) if meta.file_type().is_char_device() && major(meta.rdev()) == VIDEO => Ok(()),
        Ok(_) => Err(DeviceTestError::BadName(format!(
            "{} is not a camera: take the path of a camera that GET /api/v1/devices lists",
            path.display()
        ))),
    }
}

fn absent(path: &Path) -> DeviceTestError {
    DeviceTestError::Absent(format!(
        "the camera {} is not there: plug it in, or take one that GET /api/v1/devices lists",
        path.display()
    ))
}

async fn of_configured(
    ctx: &Context,
    processes: &Processes,
    (config, ffmpeg): (&Config, &Path),
    device: Option<PathBuf>,
) -> Result<Taken, DeviceTestError> {
    if !config.media.has_camera() {
        let why = "this robot has no camera: set media.camera in its config, or name the device to test";
        return Err(DeviceTestError::NotConfigured(why.to_owned()));
    }
    match Holding::of(&processes[ProcessId::Camera].snapshot().state) {
        Holding::Working => of_stream(ctx, processes, config, ffmpeg).await,
        Holding::Opening => Err(holding::opening(ProcessId::Camera)),
        Holding::Free => {
            let opened = of_source(ctx, processes, (config, ffmpeg), device);
            holding::while_free(processes, ProcessId::Camera, opened).await
        }
    }
}

/// Opens what the config takes the picture from, and nobody uses.
async fn of_source(
    ctx: &Context,
    processes: &Processes,
    (config, ffmpeg): (&Config, &Path),
    device: Option<PathBuf>,
) -> Result<Taken, DeviceTestError> {
    let camera = &config.media.camera;
    match camera.source {
        CameraSource::V4l2 => {
            let device = device.ok_or_else(|| {
                DeviceTestError::Absent("no camera is plugged in: plug one in, and test again".to_owned())
            })?;
            of_device(ctx, processes, (config, ffmpeg), &device, true).await
        }
        CameraSource::Csi => {
            let name = format!("CSI camera {}", camera.device);
            of_pipe(ctx, config, ffmpeg, (csi(config)?, Needs::camera(None)), name).await
        }
        CameraSource::Test => {
            let painter = (test_picture(config)?, Needs::engine());
            of_pipe(ctx, config, ffmpeg, painter, "test picture".to_owned()).await
        }
        CameraSource::Url | CameraSource::File | CameraSource::Off => Err(DeviceTestError::NotRunning(
            "a network camera or a film is tested while it streams: start it (POST /api/v1/stream/start)"
                .to_owned(),
        )),
    }
}

/// Opens a V4L2 camera that nobody uses; one that is `configured` in the size and format of the config.
async fn of_device(
    ctx: &Context,
    processes: &Processes,
    (config, ffmpeg): (&Config, &Path),
    device: &Path,
    configured: bool,
) -> Result<Taken, DeviceTestError> {
    if !device.exists() {
        return Err(absent(device));
    }
    holding::permitted(device)?;
    let camera = &config.media.camera;
    let failed = |why: String| {
        if why.contains("busy") { holding::in_use(processes, device) } else { DeviceTestError::Failed(why) }
    };
    let offers = v4l2::offers(ctx, config, ffmpeg, device).await.map_err(failed)?;
    let (offer, size) = if configured {
        let offer = v4l2::choose(&offers, camera.format, camera.size, camera.is_turned())
            .map_err(DeviceTestError::Failed)?;
        (offer, camera.size)
    } else {
        v4l2::choose_any(&offers, camera.size).map_err(DeviceTestError::Failed)?
    };
    let args = input::frames(v4l2_input(device, &offer.format, size, camera.fps));
    let needs = Needs::camera(None).with_device(device);
    let stage = ctx.confiner.confine(config, needs, Command::new(ffmpeg).args(args));
    let name = device.display().to_string();
    let captured = capture(ctx, stage.into()).await.map_err(|said| failed(explain(&name, &said)))?;
    let told = Told { format: Some(offer.format.clone()), ..input::told(&captured.said) };
    let wanted_fps = configured.then_some(camera.fps);
    Ok(Taken { device: name, source: api::DeviceTestSource::Device, told, captured, wanted_fps })
}

/// Runs the program that gives the frames, and ffmpeg behind it.
async fn of_pipe(
    ctx: &Context,
    config: &Config,
    ffmpeg: &Path,
    (source, needs): (Command, Needs),
    name: String,
) -> Result<Taken, DeviceTestError> {
    let camera = &config.media.camera;
    let args = input::frames(raw_input(camera.size, camera.fps));
    let stages = vec![
        ctx.confiner.confine(config, needs, source),
        ctx.confiner.confine(config, Needs::check(), Command::new(ffmpeg).args(args)),
    ];
    let captured = capture(ctx, Pipeline { stages })
        .await
        .map_err(|said| DeviceTestError::Failed(explain(&format!("the {name}"), &said)))?;
    let told = input::told(&captured.said);
    let source = api::DeviceTestSource::Device;
    Ok(Taken { device: name, source, told, captured, wanted_fps: Some(camera.fps) })
}

/// Reads the running stream beside its viewers.
async fn of_stream(
    ctx: &Context,
    processes: &Processes,
    config: &Config,
    ffmpeg: &Path,
) -> Result<Taken, DeviceTestError> {
    server_up(ctx)?;
    let publisher = || processes[ProcessId::Camera].snapshot().state;
    let before = publisher();
    let args = input::frames(input::stream(&path_url(config, CAMERA)));
    let needs = Needs::publisher(config.media.mediamtx.rtsp_address.0.port());
    let stage = ctx.confiner.confine(config, needs, Command::new(ffmpeg).args(args));
    let captured = capture(ctx, stage.into())
        .await
        .map_err(|said| DeviceTestError::Failed(explain("the running stream", &said)))?;
    // MediaMTX shows a slate in the place of a camera that has gone, and a slate proves nothing.
    if publisher() != before {
        let why = "the camera's process ended during the test: test again once it runs";
        return Err(DeviceTestError::Failed(why.to_owned()));
    }
    Ok(Taken {
        device: "the configured camera, by its running stream".to_owned(),
        source: api::DeviceTestSource::Process,
        told: input::told(&captured.said),
        captured,
        wanted_fps: Some(config.media.camera.fps),
    })
}

/// The frame as a JPEG that is small enough.
async fn jpeg(
    ctx: &Context,
    config: &Config,
    ffmpeg: &Path,
    frame: &Frame,
) -> Result<Vec<u8>, DeviceTestError> {
    for quality in QUALITIES {
        let command = Command::new(ffmpeg).args(input::jpeg(quality));
        let command = ctx.confiner.confine(config, Needs::engine(), command);
        let pipeline = prioritized(command, Share::Rest);
        let started = ctx.spawner.stream_output(pipeline, frame.pixmap()).await;
        let mut output = started.map_err(|error| DeviceTestError::Failed(error.to_string()))?;
        let (mut jpeg, mut bytes) = (Vec::new(), [0; 4096]);
        while let Some(Ok(count)) = output.read_within(&mut bytes, JPEG_WITHIN).await
            && count > 0
            && jpeg.len() <= LARGEST
        {
            jpeg.extend_from_slice(&bytes[..count]);
        }
        let end = output.finish(END_WITHIN).await;
        if end.failed.is_none() && !jpeg.is_empty() && jpeg.len() <= LARGEST {
            return Ok(jpeg);
        }
    }
    let why = "ffmpeg made no JPEG of the frame: install Debian's ffmpeg, or correct media.ffmpeg";
    Err(DeviceTestError::Failed(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::media::fake;

    use super::super::frame::Frames;
    use super::*;

    #[tokio::test]
    async fn half_a_jpeg_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        std::fs::create_dir(&state).unwrap();
        let ctx = fake::away(&state).ctx;
        let config =
            Config::from_bytes(b"confinement: {enabled: false}", Path::new("x"), false).unwrap().config;
        let mut frames = Frames::default();
        frames.push(b"P6\n1 1\n255\nxyz");
        let frame = frames.take().unwrap().unwrap();
        for (status, made) in [(0, Some(b"half".to_vec())), (1, None)] {
            let ffmpeg = dir.path().join(format!("ffmpeg{status}"));
            std::fs::write(&ffmpeg, format!("#!/bin/sh\nprintf half\nexit {status}\n")).unwrap();
            std::fs::set_permissions(&ffmpeg, std::fs::Permissions::from_mode(0o700)).unwrap();
            assert_eq!(jpeg(&ctx, &config, &ffmpeg, &frame).await.ok(), made, "{status}");
        }
    }

    #[test]
    fn a_name_that_is_no_camera_is_refused_before_anything_opens_it() {
        for name in ["", "auto", "video0", "-i", "/dev/vid\neo0", "0"] {
            assert!(matches!(path_of(name), Err(DeviceTestError::BadName(_))), "{name:?}");
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("film.mp4");
        assert!(
            matches!(refuse_others(&file), Err(DeviceTestError::Absent(why)) if why.contains("film.mp4"))
        );
        std::fs::write(&file, "").unwrap();
        assert!(matches!(refuse_others(&file), Err(DeviceTestError::BadName(_))));
        assert!(matches!(refuse_others(Path::new("/dev/null")), Err(DeviceTestError::BadName(_))));
    }

    #[test]
    fn a_camera_is_the_same_by_each_of_its_links() {
        let dir = tempfile::tempdir().unwrap();
        let (node, link) = (dir.path().join("video0"), dir.path().join("by-id"));
        std::fs::write(&node, "").unwrap();
        std::os::unix::fs::symlink(&node, &link).unwrap();
        assert!(is_same(&node, Some(&link)) && !is_same(&node, None));
        assert!(!is_same(&node, Some(&dir.path().join("video1"))));
    }
}
