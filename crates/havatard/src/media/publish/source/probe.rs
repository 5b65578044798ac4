//! Probes a source with ffprobe: bounded in time and in output, over the connection that the encoder will use where that
//! can be shared.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use havatar_supervisor::{Command, RunError};

use crate::confinement::Needs;
use crate::media::context::Context;
use crate::program;

use super::address::{Address, InputArgs, LIVE_ANALYSIS, LONG_ANALYSIS};
use super::found::{Found, Probed};
use super::words::explain;

/// A probe that is not done by then is given up.
const LIMIT: Duration = Duration::from_secs(20);
/// Packets of a file that are looked at for the distance of its key frames.
const FILE_PACKETS: &str = "%+#700";
/// The same of a live source, which gives them only as time goes by.
const LIVE_PACKETS: &str = "%+#2";
/// The same where the order of frames decides whether they can be passed on.
const COPY_PACKETS: &str = "%+#24";

const ENTRIES: &str = "packet=stream_index,pts_time,flags:stream=index,codec_type,codec_name,profile,pix_fmt,width,height,\
    has_b_frames,sample_aspect_ratio,field_order,r_frame_rate,avg_frame_rate,nb_frames:stream_disposition=attached_pic:\
    stream_side_data=rotation:stream_tags=rotate:format=format_name,size";

/// ffprobe, beside this ffmpeg or on PATH.
pub(crate) fn find(ffmpeg: &Path) -> Option<PathBuf> {
    program::find(&ffmpeg.with_file_name("ffprobe")).or_else(|| program::find(Path::new("ffprobe")))
}

/// Probes a source. `name` is the source in a message. `copy`: the order of its frames matters.
///
/// # Errors
/// What is wrong with it, as one sentence with ffmpeg's line behind it.
pub(crate) async fn probe(
    ctx: &Context,
    ffprobe: &Path,
    address: &Address,
    name: &str,
    copy: bool,
) -> Result<Probed, String> {
    let live = !matches!(address, Address::File(_));
    let mut longest = None;
    for analysis in [LIVE_ANALYSIS, LONG_ANALYSIS] {
        let packets = match (live, copy) {
            (false, _) => FILE_PACKETS,
            (true, true) => COPY_PACKETS,
            (true, false) => LIVE_PACKETS,
        };
        let found = once(ctx, ffprobe, (address, address.input(live, analysis)), packets, name).await?;
        let clear = found.video.as_ref().is_some_and(|video| video.still || video.size.is_some());
        longest = Some(Probed { found, analysis });
        if clear || !live {
            break;
        }
    }
    longest.ok_or_else(|| explain(name, ""))
}

async fn once(
    ctx: &Context,
    ffprobe: &Path,
    (address, input): (&Address, InputArgs),
    packets: &str,
    name: &str,
) -> Result<Found, String> {
    // A script hides the container behind its own name; at this level ffprobe tells it.
    let scripted = input.args.iter().any(|arg| arg == "concat");
    let level = if scripted { "debug" } else { "error" };
    let mut args: Vec<OsString> = [
        "-hide_banner",
        "-v",
        level,
        "-read_intervals",
        packets,
        "-show_entries",
        ENTRIES,
        "-of",
        "json=compact=1",
    ]
    .map(OsString::from)
    .into();
    args.extend(input.args);
    let command = Command::new(ffprobe).args(args).input(input.stdin);
    let config = ctx.config();
    let run = ctx.run_confined(&config, needs(address), command, LIMIT);
    let output = run.await.map_err(|error| match error {
        RunError::TimedOut { .. } => {
            format!("{name} gave nothing that could be read within {} s: look at the camera", LIMIT.as_secs())
        }
        error @ RunError::Io { .. } => error.to_string(),
    })?;
    let mut found = Found::parse(&output.stdout)
        .filter(|found| output.success || found.video.is_some())
        .ok_or_else(|| explain(name, &output.stderr))?;
    if scripted {
        found.container = inner_container(&output.stderr).unwrap_or_else(|| "network stream".to_owned());
        // The size is that of the script. Containers that need an index are files.
        found.finite = ["mov", "avi"].iter().any(|name| found.container.split(',').any(|it| it == *name));
    }
    Ok(found)
}

/// What an untrusted source can make of the probe is bounded like the encoder.
fn needs(address: &Address) -> Needs {
    match address {
        Address::File(path) => Needs::check().with_file(path),
        Address::Url(_) => Needs::network_camera(),
        Address::Socket(_) | Address::Head(_) => Needs::check(),
    }
}

/// `[concat @ 0x..] Format mpjpeg probed with size=2048 and score=75`, the last of them.
fn inner_container(debug: &str) -> Option<String> {
    let told = |line: &str| {
        let (head, _) = line.split_once(" probed with size=")?;
        Some(head.rsplit_once("Format ")?.1.to_owned()).filter(|name| name != "concat")
    };
    debug.lines().rev().find_map(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_within_a_script_is_told() {
        let debug = "[AVIOContext @ 0x1] x\nFormat concat probed with size=64 and score=100\n\
                     [mpjpeg @ 0x2] Format mpjpeg probed with size=2048 and score=75\n[mjpeg @ 0x3] y\n";
        assert_eq!(inner_container(debug).as_deref(), Some("mpjpeg"));
        assert_eq!(inner_container("nothing"), None);
    }
}
