//! What each file of the state directory is to a backup. The names are the daemon's; `tests/ctl/real.rs` looks at those of a real one.

/// Sign-ins of browsers.
pub(crate) const SIGN_INS: &str = "sessions.json";
/// The e-stop's latch.
pub(crate) const ESTOP: &str = "estop.json";
/// The lock that a running daemon holds.
pub(crate) const LOCK: &str = "lock";
/// Recordings, unless the config names another folder.
pub(crate) const RECORDINGS: &str = "recordings";
/// Counts the daemon's runs.
pub(crate) const LEASE_RUNS: &str = "lease-runs";
/// Files whose presence is what they say: the privacy switch is on; picture and sound are stopped; recording is requested.
pub(crate) const PRIVATE: &str = "private";
pub(crate) const STREAMING_OFF: &str = "streaming-off";
pub(crate) const RECORDING_WANTED: &str = "recording-wanted";

/// Characters of the mark in a scratch file's name.
const MARK: usize = 12;

/// Whether `name`, which lies directly in the state directory, belongs to a run, to a moment or to a cache, and is never in a backup. What is
/// not known belongs to the robot: its owner may have put it there.
pub(crate) fn is_passing(name: &str) -> bool {
    match name {
        // A robot that was restored must not begin to record by itself.
        LOCK | RECORDINGS | RECORDING_WANTED | "encoder.json" | ".slate" => true,
        _ if name.starts_with(".probe-") || is_slate(name) => true,
        // One of the e-stop says that whether it is latched is not known, and stays with it.
        _ => is_scratch(name) && !is_scratch_of(name, ESTOP),
    }
}

/// Whether `name` is a scratch file that a write of `file` has left, or is just writing.
pub(crate) fn is_scratch_of(name: &str, file: &str) -> bool {
    name.strip_prefix(file).is_some_and(|rest| rest.starts_with('.') && is_scratch(rest))
}

fn is_scratch(name: &str) -> bool {
    name.strip_suffix(".tmp").and_then(|rest| rest.rsplit_once('.')).is_some_and(|(_, mark)| {
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        mark.len() == MARK && mark.bytes().all(known)
    })
}

/// The picture that stands in for the camera: `slate-1-1280x720-30.mp4`.
fn is_slate(name: &str) -> bool {
    name.strip_prefix("slate-")
        .and_then(|rest| rest.strip_suffix(".mp4"))
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'x')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_and_what_lasts() {
        for name in [
            "admin-token",
            "sessions.json",
            "watch-token",
            "estop.json",
            "estop.json.AAAAaaaa09-_.tmp",
            "black-box",
            "volume",
            "private",
            "streaming-off",
            "lease-runs",
            "phrases-00.json",
            "film.mp4",
            "slate-of-mine.mp4",
            "notes.tmp",
        ] {
            assert!(!is_passing(name), "{name}");
        }
        for name in [
            "lock",
            "recordings",
            "recording-wanted",
            "encoder.json",
            ".slate",
            ".probe-12",
            "slate-1-1280x720-30.mp4",
            "volume.AAAAaaaa09-_.tmp",
            "sessions.json.AAAAaaaa09-_.tmp",
        ] {
            assert!(is_passing(name), "{name}");
        }
        assert!(!is_scratch_of("estop.json.short.tmp", ESTOP));
        assert!(!is_scratch_of("estop.jsonAAAAaaaa09-_.tmp", ESTOP));
    }
}
