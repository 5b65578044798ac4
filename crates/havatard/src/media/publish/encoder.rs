//! Which H.264 encoder this machine really has, found by encoding.
//!
//! What ffmpeg lists says what it was built with, not what works: a Raspberry Pi 5 lists `h264_v4l2m2m` and
//! has no such encoder. So each candidate encodes a second of moving video at the configured size and has
//! to be faster than the camera. The answer is persisted in the state directory under everything it depends on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::{Camera, CameraEncoder as Wanted};
use crate::confinement::Needs;
use crate::media::context::Context;

use super::encoder_cache::{EncoderCache, Passed};
use super::ffmpeg::{self, VAAPI_DEVICE, VideoCodec};
use super::turn;

/// A test encode may take this long: a machine that needs it for one second of video is too slow anyway.
const LIMIT: Duration = Duration::from_secs(3);
/// Head room: an encoder that only just keeps up falls behind as soon as anything else runs.
const HEAD_ROOM: f64 = 1.3;

/// An encoder that passed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Choice {
    /// Which.
    pub(crate) codec: VideoCodec,
    /// Frames a second in the test encode.
    pub(crate) fps: f64,
    /// It did not reach the camera's speed with room to spare.
    pub(crate) slow: bool,
}

/// Why no encoder passed: a sentence a candidate.
#[derive(Debug, thiserror::Error)]
#[error("ffmpeg has no H.264 encoder that works here: {}; install Debian's ffmpeg, or set media.camera.size and fps lower", .0.join("; "))]
pub(crate) struct NoEncoder(Vec<String>);

/// Chooses the encoder for the config's camera. What was tried in this run is not tried again; what passed is
/// persisted in the state directory as well, until something that it depends on changes.
pub(crate) async fn choose(ctx: &Context, ffmpeg: &Path, camera: &Camera) -> Result<Choice, NoEncoder> {
    let cache = &ctx.encoders;
    let key = key(ffmpeg, camera);
    if let Some(choice) = persisted(cache, &key) {
        return Ok(choice);
    }
    let needed = f64::from(camera.fps) * HEAD_ROOM;
    let mut reasons = Vec::new();
    let mut fastest: Option<Choice> = None;
    for codec in candidates(camera.encoder) {
        let tried = format!("{key} {}", codec.name());
        let outcome = if let Some(outcome) = cache.tried(&tried) {
            outcome
        } else {
            let outcome = try_out(ctx, ffmpeg, camera, codec).await;
            // Software fails for passing reasons, such as a busy machine, which also makes any encoder slow; hardware that
            // hangs will hang again.
            let passing = match &outcome {
                Ok(fps) => *fps < needed,
                Err(_) => codec == VideoCodec::Libx264,
            };
            if !passing {
                cache.set_tried(tried, outcome.clone());
            }
            outcome
        };
        match outcome {
            Ok(fps) if fps >= needed => {
                cache.set_passed(Passed { key, encoder: codec.name().to_owned(), fps });
                return Ok(Choice { codec, fps, slow: false });
            }
            Ok(fps) => {
                fastest = fastest.filter(|best| best.fps >= fps).or(Some(Choice { codec, fps, slow: true }));
            }
            Err(reason) => reasons.push(format!("{}: {reason}", codec.name())),
        }
    }
    // Video that stutters is better than none, and the machine may only have been busy just now: taken,
    // said, and tried again with the next start of the daemon.
    fastest.ok_or(NoEncoder(reasons))
}

/// In order of preference: hardware spares the processor that also has to drive.
fn candidates(wanted: Wanted) -> Vec<VideoCodec> {
    match wanted {
        Wanted::Libx264 => vec![VideoCodec::Libx264],
        Wanted::H264V4l2m2m => vec![VideoCodec::V4l2m2m],
        Wanted::H264Vaapi => vec![VideoCodec::Vaapi],
        Wanted::Copy => Vec::new(),
        Wanted::Auto => {
            let mut all = Vec::new();
            // The device node that the Pi 4's encoder has; without any, the test encode is spared.
            if Path::new("/dev/video11").exists() {
                all.push(VideoCodec::V4l2m2m);
            }
            if Path::new(VAAPI_DEVICE).exists() {
                all.push(VideoCodec::Vaapi);
            }
            all.push(VideoCodec::Libx264);
            all
        }
    }
}

async fn try_out(ctx: &Context, ffmpeg: &Path, camera: &Camera, codec: VideoCodec) -> Result<f64, String> {
    let frames = camera.fps.max(10);
    let begun = Instant::now();
    let output = ctx
        .run_helper(
            &ctx.config(),
            Needs::camera(None),
            ffmpeg,
            ffmpeg::test_encode(camera, codec, frames),
            LIMIT,
        )
        .await
        .map_err(|error| chain(&error))?;
    if !output.success {
        let line =
            output.stderr.lines().find(|line| !line.trim().is_empty()).unwrap_or("failed without a word");
        return Err(line.trim().to_owned());
    }
    Ok(f64::from(frames) / begun.elapsed().as_secs_f64())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Everything the answer depends on; a replaced ffmpeg shows in size and time.
fn key(ffmpeg: &Path, camera: &Camera) -> String {
    let stamp = ffmpeg.metadata().map_or_else(
        |_| String::new(),
        |meta| {
            let modified = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
            format!("{} {}", meta.len(), modified.unwrap_or_default().as_secs())
        },
    );
    let present: Vec<PathBuf> =
        ["/dev/video11", VAAPI_DEVICE].iter().map(PathBuf::from).filter(|path| path.exists()).collect();
    // Nothing for a picture that is not turned: what was tried before there was such a thing stays known.
    let turn = turn::filters(camera).unwrap_or_default();
    format!(
        "{} [{stamp}] {} {} {:?} {} {} {present:?}{turn}",
        ffmpeg.display(),
        camera.size,
        camera.fps,
        camera.encoder,
        camera.bitrate,
        camera.gop,
    )
}

fn persisted(cache: &EncoderCache, key: &str) -> Option<Choice> {
    let passed = cache.passed()?;
    let codec = [VideoCodec::Libx264, VideoCodec::V4l2m2m, VideoCodec::Vaapi]
        .into_iter()
        .find(|codec| codec.name() == passed.encoder)?;
    (passed.key == key).then_some(Choice { codec, fps: passed.fps, slow: false })
}
