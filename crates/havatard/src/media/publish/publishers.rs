//! Launching the publishers: camera, microphone, and the muxer that joins the two by copy.
//!
//! Each is asked for its command line anew before every launch, because the device may be another, the
//! encoder may have been chosen meanwhile, and its credentials are good for one connection only.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use havatar_api as api;
use havatar_supervisor::{BoxFuture, Command, Launch, LaunchError, Pipeline, Probe};
use tokio::time::Instant;

use crate::config::{CameraDevice, CameraEncoder, CameraSource, Config};
use crate::program;

use crate::media::audio::backend::{self, Wish};
use crate::media::audio::control::Voice;
use crate::media::context::Context;
use crate::media::server::access::Purpose;
use crate::media::{AUDIO, BOTH, CAMERA};

use super::ffmpeg::{self, CameraInput, Mux, VideoCodec};
use super::progress::Progress;
use super::{encoder, v4l2};

pub(crate) struct CameraLaunch(pub(crate) Arc<Context>);
pub(crate) struct MicrophoneLaunch(pub(crate) Arc<Context>);

pub(crate) struct MuxerLaunch {
    pub(crate) ctx: Arc<Context>,
    /// When it began to wait for the picture.
    pub(crate) since: Option<Instant>,
}

/// How long the muxer waits for the picture before it goes ahead with sound and the slate. A recording that
/// begins with the slate carries the slate's size in its header.
const PICTURE_WITHIN: Duration = Duration::from_secs(3);

/// Why camera and microphone do not run while the switch on the robot is on.
pub(crate) const HELD_OFF: &str = "the switch on the robot holds it off; only there can it be let on again";

/// Alive is who produces.
pub(crate) struct ProgressProbe(pub(crate) Progress);

impl Probe for ProgressProbe {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(std::future::ready(self.0.check(Instant::now())))
    }
}

impl Launch for CameraLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        self.0.camera.reset();
        let_run(&self.0.voice)?;
        camera(&self.0).await
    }
}

impl Launch for MicrophoneLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        let ctx = &self.0;
        ctx.microphone.reset();
        let_run(&ctx.voice)?;
        server_up(ctx)?;
        let config = ctx.config();
        ctx.set_microphone_away(None);
        let microphone = &config.media.microphone;
        let capture =
            Command::new(program::own()).args(["sound", "capture"]).arg(ctx.runtime_dir.as_os_str());
        let mut stages = match Wish::of_microphone(microphone.source) {
            None => vec![capture.arg("--tone")],
            Some(wish) => {
                let way = backend::way(&ctx.spawner, wish, &microphone.device).await.map_err(|why| {
                    ctx.set_microphone_away(Some(why.clone()));
                    LaunchError::NotReady(why)
                })?;
                vec![backend::recorder(way, &microphone.device)?, capture]
            }
        };
        let ffmpeg = find_ffmpeg(&config)?;
        let target = ticket(ctx, &config, Purpose::Publish(AUDIO.into()), AUDIO);
        stages.push(Command::new(ffmpeg).args(ffmpeg::microphone(microphone, &target)));
        Ok(Pipeline { stages })
    }
}

impl Launch for MuxerLaunch {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        let ctx = &self.ctx;
        ctx.muxer.reset();
        if let Err(hold) = server_up(ctx) {
            self.since = None;
            return Err(hold);
        }
        let config = ctx.config();
        let picture = config.media.has_camera();
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        let late = now.duration_since(since) >= PICTURE_WITHIN;
        if picture && !late && ctx.camera_away().is_none() && ctx.camera.check(now).is_err() {
            return Err(LaunchError::NotReady("the picture is not there yet".into()));
        }
        let ffmpeg = find_ffmpeg(&config)?;
        let read = |path: &str| ticket(ctx, &config, Purpose::Read(path.into()), path);
        let mux = Mux {
            video: picture.then(|| read(CAMERA)),
            audio: config.media.has_microphone().then(|| read(AUDIO)),
            target: ticket(ctx, &config, Purpose::Publish(BOTH.into()), BOTH),
            fps: config.media.camera.fps,
        };
        self.since = None;
        Ok(Command::new(ffmpeg).args(ffmpeg::muxer(&mux)).into())
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
    ctx.set_camera_away(None);
    server_up(ctx)?;
    let config = ctx.config();
    let camera = &config.media.camera;
    let ffmpeg = find_ffmpeg(&config)?;
    match camera.source {
        CameraSource::V4l2 => {
            let device = match &camera.device {
                CameraDevice::Path(path) => Some(path.clone()),
                CameraDevice::Auto | CameraDevice::Number(_) => v4l2::first(),
            };
            let device = present(ctx, device, "the camera")?;
            let offers = v4l2::offers(&ctx.spawner, &ffmpeg, &device).await.map_err(LaunchError::Failed)?;
            let offer = v4l2::choose(&offers, camera.format, camera.size).map_err(LaunchError::Failed)?;
            let given = offer.format == "h264";
            let codec = codec(ctx, &ffmpeg, &config, given).await?;
            let input = CameraInput::V4l2 { device: &device, format: &offer.format };
            Ok(publish(ctx, &config, &ffmpeg, &input, codec, None))
        }
        CameraSource::Csi => {
            let codec = codec(ctx, &ffmpeg, &config, false).await?;
            let source = csi(&config)?;
            Ok(publish(ctx, &config, &ffmpeg, &CameraInput::RawPipe, codec, Some(source)))
        }
        CameraSource::Test => {
            let codec = codec(ctx, &ffmpeg, &config, false).await?;
            let source = test_picture(&config)?;
            Ok(publish(ctx, &config, &ffmpeg, &CameraInput::RawPipe, codec, Some(source)))
        }
        CameraSource::Url => {
            let url = camera
                .url
                .as_ref()
                .ok_or_else(|| LaunchError::Failed("media.camera.url is not set".into()))?;
            let codec = codec(ctx, &ffmpeg, &config, camera.encoder == CameraEncoder::Copy).await?;
            Ok(publish(ctx, &config, &ffmpeg, &CameraInput::Url(url.as_str()), codec, None))
        }
        CameraSource::File => {
            let file = camera
                .file
                .as_ref()
                .ok_or_else(|| LaunchError::Failed("media.camera.file is not set".into()))?;
            let file = present(ctx, Some(file.as_path().to_owned()), "the video file")?;
            let codec = codec(ctx, &ffmpeg, &config, camera.encoder == CameraEncoder::Copy).await?;
            Ok(publish(ctx, &config, &ffmpeg, &CameraInput::File(&file), codec, None))
        }
        CameraSource::Off => Err(LaunchError::NotReady("no camera is configured".into())),
    }
}

/// The file if it is there; otherwise what is waited for, also for the status to tell.
fn present(ctx: &Context, path: Option<PathBuf>, what: &str) -> Result<PathBuf, LaunchError> {
    let why = match path {
        Some(path) if path.exists() => return Ok(path),
        Some(path) => format!("{what} {} is not there; it is used as soon as it appears", path.display()),
        None => "no camera is plugged in; one is used as soon as it appears".to_owned(),
    };
    ctx.set_camera_away(Some(why.clone()));
    Err(LaunchError::NotReady(why))
}

fn publish(
    ctx: &Context,
    config: &Config,
    ffmpeg: &Path,
    input: &CameraInput<'_>,
    codec: VideoCodec,
    source: Option<Command>,
) -> Pipeline {
    let target = ticket(ctx, config, Purpose::Publish(CAMERA.into()), CAMERA);
    let encode = Command::new(ffmpeg).args(ffmpeg::camera(&config.media.camera, input, codec, &target));
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
    if given && matches!(camera.encoder, CameraEncoder::Auto | CameraEncoder::Copy) {
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
fn csi(config: &Config) -> Result<Command, LaunchError> {
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

fn test_picture(config: &Config) -> Result<Command, LaunchError> {
    let camera = &config.media.camera;
    let program = program::find_beside("havatar-sim").ok_or_else(|| {
        LaunchError::Failed(
            "havatar-sim, which paints the test picture, is not found beside havatard or on PATH".into(),
        )
    })?;
    let line = format!("camera --size {} --fps {}", camera.size, camera.fps);
    Ok(Command::new(program).args(line.split(' ')))
}

/// The switch on the robot wins over whoever asks for a start.
fn let_run(voice: &Voice) -> Result<(), LaunchError> {
    if voice.is_private() { Err(LaunchError::NotReady(HELD_OFF.into())) } else { Ok(()) }
}

pub(crate) fn server_up(ctx: &Context) -> Result<(), LaunchError> {
    if ctx.up() { Ok(()) } else { Err(LaunchError::NotReady("MediaMTX is not ready".into())) }
}

pub(crate) fn find_ffmpeg(config: &Config) -> Result<PathBuf, LaunchError> {
    let wanted = config.media.ffmpeg.as_str();
    program::find(Path::new(wanted)).ok_or_else(|| {
        LaunchError::Failed(format!(
            "{wanted} is not found: install it (apt install ffmpeg) or correct media.ffmpeg"
        ))
    })
}

pub(crate) fn ticket(ctx: &Context, config: &Config, purpose: Purpose, path: &str) -> String {
    let token = ctx.gate.issue(purpose, Instant::now());
    ffmpeg::rtsp_url(config.media.mediamtx.rtsp_address.0, path, &token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_the_switch_on_the_robot_is_on_nothing_is_launched() {
        let dir = tempfile::tempdir().unwrap();
        let voice = Voice::open(dir.path());
        assert!(let_run(&voice).is_ok());
        voice.set_private(true);
        assert!(matches!(let_run(&voice), Err(LaunchError::NotReady(why)) if why == HELD_OFF));
        voice.set_private(false);
        assert!(let_run(&voice).is_ok());
    }
}
