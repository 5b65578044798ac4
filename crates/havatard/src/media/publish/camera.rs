//! Launching the camera's publisher.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use havatar_api as api;
use havatar_supervisor::{Command, Launch, LaunchError, Pipeline};

use crate::config::{CameraDevice, CameraEncoder, CameraSource, Config};
use crate::media::context::Context;
use crate::media::overload;
use crate::media::paths::CAMERA;
use crate::media::process_table::ProcessId;
use crate::program;

use super::ffmpeg::{self, CameraInput, VideoCodec};
use super::launch::{find_ffmpeg, path_url, privacy_check, server_up};
use super::progress::Pace;
use super::source::open::Source;
use super::{encoder, source, v4l2};

/// A live source has this long to give its first picture, which has to be a key frame: some cameras send one a minute. Where
/// nothing at all arrives, ffmpeg gives up by itself long before.
const LIVE_READY_WITHIN: Duration = Duration::from_secs(150);
/// A camera of this machine that needs longer hangs in its driver.
const DEVICE_READY_WITHIN: Duration = Duration::from_secs(15);
/// Pictures of a network camera are further apart than its rate says when light or network are bad,
const LIVE_SILENT_AFTER: Duration = Duration::from_secs(10);
/// and those of a film where nothing moves. Its player would begin anew, and never come past that place.
const FILE_SILENT_AFTER: Duration = Duration::from_secs(30);
/// A film begins with a key frame, but may have a frame every few seconds.
const FILE_READY_WITHIN: Duration = Duration::from_mins(1);

pub(crate) struct CameraLaunch(pub(crate) Arc<Context>);

impl Launch for CameraLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        self.0.health[ProcessId::Camera].progress.reset();
        privacy_check(&self.0.audio)?;
        camera(&self.0).await
    }
}

/// The file whose coming and going the camera depends on, if it depends on one.
pub(crate) fn camera_file(config: &Config) -> Option<PathBuf> {
    let camera = &config.media.camera;
    match camera.source {
        CameraSource::V4l2 => Some(match &camera.device {
            CameraDevice::Path(path) => path.clone(),
            CameraDevice::Auto | CameraDevice::Number(_) => Path::new("/dev/v4l/by-id/any").to_owned(),
        }),
        CameraSource::File => camera.file.as_ref().map(|file| file.as_path().to_owned()),
        CameraSource::Csi | CameraSource::Url | CameraSource::Test | CameraSource::Off => None,
    }
}

async fn camera(ctx: &Context) -> Result<Pipeline, LaunchError> {
    ctx.health[ProcessId::Camera].set_away(None);
    ctx.video.send_if_modified(|video| video.take().is_some());
    ctx.controls.set_faults(BTreeMap::new());
    server_up(ctx)?;
    // The encoder is chosen for the whole picture, however much of it there is time for now.
    let (whole, config) = (ctx.config(), overload::camera_config(ctx));
    let camera = &config.media.camera;
    let ffmpeg = find_ffmpeg(&config)?;
    let fps = Some(f64::from(overload::fps(ctx)));
    ctx.health[ProcessId::Camera].progress.expect(Pace {
        fps,
        ready_within: DEVICE_READY_WITHIN,
        live: false,
        least: Duration::ZERO,
    });
    match camera.source {
        CameraSource::V4l2 => {
            let device = present(ctx, v4l2::of_config(&camera.device), "the camera")?;
            ctx.camera_device.send_replace(Some(device.clone()));
            let offers = v4l2::offers(ctx, &whole, &ffmpeg, &device).await.map_err(LaunchError::Failed)?;
            let offer = v4l2::choose(&offers, camera.format, camera.size, camera.is_turned())
                .map_err(LaunchError::Failed)?;
            v4l2::controls::prepare(ctx, &device).await;
            let given = offer.format == "h264";
            let codec = codec(ctx, &ffmpeg, &whole, given).await?;
            let input = CameraInput::V4l2 { device: &device, format: &offer.format };
            Ok(publish(ctx, &config, &ffmpeg, &input, codec, None))
        }
        CameraSource::Csi => {
            let codec = codec(ctx, &ffmpeg, &whole, false).await?;
            let source = csi(&config)?;
            Ok(publish(ctx, &config, &ffmpeg, &CameraInput::RawPipe, codec, Some(source)))
        }
        CameraSource::Test => {
            let codec = codec(ctx, &ffmpeg, &whole, false).await?;
            let source = test_picture(&config)?;
            Ok(publish(ctx, &config, &ffmpeg, &CameraInput::RawPipe, codec, Some(source)))
        }
        CameraSource::Url => {
            // The encoder first: a test encode must not hold up a source that is open and live already.
            if camera.encoder != CameraEncoder::Copy {
                codec(ctx, &ffmpeg, &whole, false).await?;
            }
            let source = source::open::url(ctx, &ffmpeg, camera).await?;
            from_source(ctx, (&whole, &config), &ffmpeg, source).await
        }
        CameraSource::File => {
            let file = camera
                .file
                .as_ref()
                .ok_or_else(|| LaunchError::Failed("media.camera.file is not set".into()))?;
            let file = present(ctx, Some(file.as_path().to_owned()), "the video file")?;
            let source = source::open::file(ctx, &ffmpeg, camera, &file).await?;
            from_source(ctx, (&whole, &config), &ffmpeg, source).await
        }
        CameraSource::Off => Err(LaunchError::NotReady("no camera is configured".into())),
    }
}

/// The file if it is there; otherwise what is waited for, which the status shows too.
fn present(ctx: &Context, path: Option<PathBuf>, what: &str) -> Result<PathBuf, LaunchError> {
    let why = match path {
        Some(path) if path.exists() => return Ok(path),
        Some(path) => format!("{what} {} is not there; it is used as soon as it appears", path.display()),
        None => "no camera is plugged in; one is used as soon as it appears".to_owned(),
    };
    ctx.health[ProcessId::Camera].set_away(Some(why.clone()));
    Err(LaunchError::NotReady(why))
}

async fn from_source(
    ctx: &Context,
    (whole, config): (&Config, &Config),
    ffmpeg: &Path,
    source: Source,
) -> Result<Pipeline, LaunchError> {
    let Source { input, plan, live } = &source;
    let codec = codec(ctx, ffmpeg, whole, plan.copy).await?;
    ctx.health[ProcessId::Camera].progress.expect(Pace {
        fps: plan.fps,
        ready_within: if *live { LIVE_READY_WITHIN } else { FILE_READY_WITHIN },
        live: *live,
        // The rate is what the source says of itself: one that varies, or gives fewer in the dark, is no dead one.
        least: if *live { LIVE_SILENT_AFTER } else { FILE_SILENT_AFTER },
    });
    let mut pipeline = publish(ctx, config, ffmpeg, &CameraInput::Source { input, plan }, codec, None);
    if let Some(first) = pipeline.stages.first_mut() {
        first.input = input.stdin.clone();
    }
    Ok(pipeline)
}

fn publish(
    ctx: &Context,
    config: &Config,
    ffmpeg: &Path,
    input: &CameraInput<'_>,
    codec: VideoCodec,
    source: Option<Command>,
) -> Pipeline {
    let target = path_url(config, CAMERA);
    let mut args = ffmpeg::camera(&config.media.camera, input, codec, &target);
    if matches!(input, CameraInput::V4l2 { .. }) {
        args = overload::reduction(ctx, args);
    }
    let encode = Command::new(ffmpeg).args(args);
    Pipeline { stages: source.into_iter().chain([encode]).collect() }
}

/// The encoder: none for a source that is H.264 already, else the one that passed the test.
async fn codec(
    ctx: &Context,
    ffmpeg: &Path,
    config: &Config,
    given: bool,
) -> Result<VideoCodec, LaunchError> {
    let camera = &config.media.camera;
    let copied = match camera.encoder {
        CameraEncoder::Copy => given,
        // A copy cannot be turned.
        CameraEncoder::Auto => given && !camera.is_turned(),
        CameraEncoder::Libx264 | CameraEncoder::H264V4l2m2m | CameraEncoder::H264Vaapi => false,
    };
    if copied {
        ctx.encoder.send_replace(Some(api::Encoder {
            name: VideoCodec::Copy.name().into(),
            test_fps: None,
            why: "the source gives H.264 already".into(),
        }));
        return Ok(VideoCodec::Copy);
    }
    if camera.encoder == CameraEncoder::Copy {
        return Err(LaunchError::Failed(
            "media.camera.encoder is copy, but this source gives no H.264: set it to auto".into(),
        ));
    }
    let choice =
        encoder::choose(ctx, ffmpeg, camera).await.map_err(|error| LaunchError::Failed(error.to_string()))?;
    let why = if choice.slow {
        "slower in a test encode than the camera is, with little or no room to spare: the picture may stutter; set media.camera.size or fps lower"
    } else if camera.encoder == CameraEncoder::Auto {
        "the first of this machine's encoders that passed a test encode at the configured size"
    } else {
        "configured"
    };
    ctx.encoder.send_if_modified(|shown| {
        let new = api::Encoder {
            name: choice.codec.name().into(),
            test_fps: Some(choice.fps.round()),
            why: why.into(),
        };
        let changed = shown.as_ref() != Some(&new);
        *shown = Some(new);
        changed
    });
    Ok(choice.codec)
}

/// Raspberry Pi OS's camera program; it gives raw frames, since a Pi 5 has no H.264 encoder.
pub(crate) fn csi(config: &Config) -> Result<Command, LaunchError> {
    let camera = &config.media.camera;
    let program = program::find(Path::new("rpicam-vid"))
        .ok_or_else(|| LaunchError::Failed("rpicam-vid is not found on PATH: install rpicam-apps".into()))?;
    let number = match camera.device {
        CameraDevice::Number(number) => number,
        CameraDevice::Auto | CameraDevice::Path(_) => 0,
    };
    let size = &camera.size;
    let line = format!(
        "--timeout 0 --nopreview --codec yuv420 --flush --camera {number} --width {} --height {} --framerate {} --output -",
        size.width, size.height, camera.fps
    );
    Ok(Command::new(program).args(line.split(' ')))
}

/// The program that paints the test picture.
pub(crate) fn test_picture(config: &Config) -> Result<Command, LaunchError> {
    let camera = &config.media.camera;
    let program = program::find_beside("havatar-sim").ok_or_else(|| {
        LaunchError::Failed(
            "havatar-sim, which paints the test picture, is not found beside havatard or on PATH".into(),
        )
    })?;
    let line = format!("camera --size {} --fps {}", camera.size, camera.fps);
    Ok(Command::new(program).args(line.split(' ')))
}
