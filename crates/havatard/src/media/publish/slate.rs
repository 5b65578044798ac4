//! What viewers are sent while the camera is away.
//!
//! MediaMTX has a slate of its own, in one size and with English words. Players and recordings of the joined
//! stream then see the video change its size in mid-stream. So a slate of the camera's size is made once
//! with ffmpeg and persisted: a camera struck through, without words, since the page says them in its language.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{Camera, Config, Size};
use crate::confinement::Needs;
use crate::disk::{self, Existing};
use crate::media::context::Context;
use crate::{program, random};

const LIMIT: Duration = Duration::from_secs(5);
/// Counted up when the drawing changes, so that a persisted one is made anew.
const EDITION: u32 = 1;

/// The slate for the config's camera, made if it is not there yet; `None` if it cannot be made, and MediaMTX's own
/// is used instead. It is persisted in the state directory, and MediaMTX, which may not read there, is given a copy.
pub(crate) async fn ensure(ctx: &Context, config: &Config) -> Option<PathBuf> {
    let camera = &config.media.camera;
    let (kept, copy) = (place(camera, &ctx.state_dir), place(camera, &ctx.runtime_dir));
    let mut failed = ctx.slate.lock().await;
    if failed.as_ref() == Some(&kept) {
        return None;
    }
    let made = if kept.exists() { Ok(()) } else { make(ctx, config, &kept).await };
    *failed = made.is_err().then(|| kept.clone());
    let copied = made.and_then(|()| {
        let bytes = std::fs::read(&kept).map_err(|error| error.to_string())?;
        if std::fs::read(&copy).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        disk::stage(&copy, &bytes)
            .and_then(|staged| staged.publish(Existing::Replace))
            .map_err(|error| error.to_string())
    });
    match copied {
        Ok(()) => Some(copy),
        Err(reason) => {
            tracing::warn!(
                reason,
                "no slate in the camera's size could be made: MediaMTX's own is shown while the camera is away"
            );
            None
        }
    }
}

/// Draws the slate in a folder of its own, the only one that ffmpeg may write in.
async fn make(ctx: &Context, config: &Config, path: &Path) -> Result<(), String> {
    let ffmpeg = program::find(Path::new(config.media.ffmpeg.as_str())).ok_or("ffmpeg is not found")?;
    let folder = ctx.state_dir.join(".slate");
    let drawn = async {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        // A name of its own for each attempt: if this is dropped, the ffmpeg of this one still writes while the next begins.
        let unfinished = Unfinished(folder.join(format!("{}.mp4", random::text::<6>())));
        let needs = Needs::check().with_folder(&folder);
        let args = draw(&config.media.camera, &unfinished.0);
        match ctx.run_helper(config, needs, &ffmpeg, args, LIMIT).await {
            Ok(output) if output.success => {
                put_in_place(&unfinished.0, path).map_err(|error| error.to_string())
            }
            Ok(output) => Err(output.stderr.lines().last().unwrap_or_default().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    };
    let made = drawn.await;
    let _ = std::fs::remove_dir_all(&folder);
    made
}

/// Deletes the persisted slate, so that the next one is made anew.
pub(crate) fn discard(ctx: &Context, config: &Config) {
    // One that is not there needs no deletion.
    for dir in [&ctx.state_dir, &ctx.runtime_dir] {
        let _ = std::fs::remove_file(place(&config.media.camera, dir));
    }
}

/// A slate that is being made. Dropping it removes what there is of it.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The content is on the disk before the name is: a power cut leaves no empty file under it.
fn put_in_place(unfinished: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::File::open(unfinished)?.sync_all()?;
    std::fs::rename(unfinished, path)
}

/// The file of a camera's slate in a directory.
pub(crate) fn place(camera: &Camera, dir: &Path) -> PathBuf {
    dir.join(format!("slate-{EDITION}-{}-{}.mp4", camera.picture_size(), camera.fps))
}

fn draw(camera: &Camera, target: &Path) -> Vec<OsString> {
    let (Size { width, height }, fps) = (camera.picture_size(), camera.fps);
    // Sizes follow the height, so that the drawing looks the same in every size.
    let unit = (height / 36).max(2);
    let line = (unit / 3).max(1).to_string();
    // Width, height and thickness in units around the middle: body, lens, and the stroke through both.
    let boxes = [(12, 8, line.as_str()), (4, 4, line.as_str()), (18, 1, "fill")].map(|(w, h, thickness)| {
        let (w, h) = (w * unit, h * unit);
        let (x, y) = ((width - w.min(width)) / 2, (height - h) / 2);
        format!("drawbox=x={x}:y={y}:w={w}:h={h}:color=0x8a949e:t={thickness}")
    });
    let filters = format!("{},format=yuv420p", boxes.join(","));
    let source = format!("color=c=0x14181d:size={width}x{height}:rate={fps}");
    let mut args: Vec<OsString> =
        ["-hide_banner", "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i"]
            .map(OsString::from)
            .into();
    args.push(source.into());
    args.extend(["-vf".into(), filters.into()]);
    let gop = camera.gop.to_string();
    let frames = fps.max(camera.gop).to_string();
    for word in ["-frames:v", &frames, "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"] {
        args.push(word.into());
    }
    for word in ["-g", &gop, "-keyint_min", &gop, "-f", "mp4"] {
        args.push(word.into());
    }
    args.push(target.into());
    args
}
