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

/// What a file or folder of the state directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It belongs to the robot.
    Lasting,
    /// It lets people in.
    SignIns,
    /// It belongs to a run, to a moment or to a cache, and is never in a backup.
    Passing,
}

/// What `name` is, which lies directly in the state directory. What is not known belongs to the robot: its owner may have put it there.
pub(crate) fn kind(name: &str) -> Kind {
    match name {
        SIGN_INS => Kind::SignIns,
        // A robot that was restored must not begin to record by itself.
        LOCK | RECORDINGS | RECORDING_WANTED | "encoder.json" | ".slate" => Kind::Passing,
        _ if name.starts_with(".probe-") || is_slate(name) => Kind::Passing,
        // One of the e-stop says that whether it is latched is not known, and stays with it.
        _ if is_scratch(name) && !is_scratch_of(name, ESTOP) => Kind::Passing,
        _ => Kind::Lasting,
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
    fn kinds() {
        for name in [
            "admin-token",
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
            assert_eq!(kind(name), Kind::Lasting, "{name}");
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
            assert_eq!(kind(name), Kind::Passing, "{name}");
        }
        assert_eq!(kind("sessions.json"), Kind::SignIns);
        assert!(!is_scratch_of("estop.json.short.tmp", ESTOP));
        assert!(!is_scratch_of("estop.jsonAAAAaaaa09-_.tmp", ESTOP));
    }
}
