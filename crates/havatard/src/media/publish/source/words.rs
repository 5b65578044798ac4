//! The errors of ffmpeg and ffprobe as a sentence of ours, with their own line behind it.

/// What their lines contain, what that means for a source, and what to do.
const MEANINGS: &[(&str, &str)] = &[
    (
        "401 Unauthorized",
        "asks for a login, or refuses the one it was given: write the URL with user name and password into media.camera.url_file",
    ),
    ("403 Forbidden", "refuses access: give the robot's login the right to see the picture at the camera"),
    ("404 Not Found", "has no stream at this address (404): correct the URL's path"),
    ("Server returned 404", "has no stream at this address (404): correct the URL's path"),
    ("5XX Server Error", "reports an error of its own (5xx): look at the camera, or restart it"),
    ("Connection refused", "refuses the connection: switch the camera on, and check the URL's host and port"),
    ("No route to host", "is not reachable: check the network and the URL's host"),
    ("Network is unreachable", "is not reachable: this robot has no network"),
    (
        "Failed to resolve hostname",
        "has a host name that is not known here: correct it, or write the camera's IP address",
    ),
    ("Connection timed out", "does not answer: check that the camera is on, and the URL's host and port"),
    ("Operation timed out", "does not answer: check that the camera is on, and the URL's host and port"),
    // By its name alone: ffmpeg takes it for one of a numbered series.
    ("[image2 @", "is a single picture, not a video: name a film or a camera's video stream"),
    (
        "Format not on whitelist",
        "is a playlist or description that names other addresses, which are not followed: name the stream itself",
    ),
    ("not on whitelist", "leads to another kind of address, which is not followed: name the stream itself"),
    (
        "moov atom not found",
        "is damaged or not complete, its index is missing: copy it again, or finish the recording",
    ),
    ("Permission denied", "may not be read by havatard's user: give it the right to (chmod, chgrp)"),
    ("No such file or directory", "is not there: correct the path"),
    ("Is a directory", "is a folder: name the file in it"),
    ("matches no streams", "has no picture: name another source"),
    ("Invalid data found", "is nothing that ffmpeg can read as video, or it is damaged: name another source"),
    ("Unsupported Transport", "offers no way of transport that ffmpeg has"),
    ("Protocol not found", "needs a protocol that this ffmpeg was built without: install Debian's ffmpeg"),
    ("Input/output error", "broke off while it was read"),
    ("End of file", "ended before it gave a picture"),
    ("Device or resource busy", "is used by another program: end that one (fuser names it)"),
    ("No space left on device", "cannot be written: the disk is full"),
];

/// One sentence about what `name` did, with the line that says most behind it.
pub(crate) fn explain(name: &str, errors: &str) -> String {
    let lines: Vec<&str> = errors.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let known = MEANINGS
        .iter()
        .find_map(|(part, meaning)| Some((*lines.iter().find(|line| line.contains(part))?, *meaning)));
    match (known, lines.iter().rev().find(|line| !is_advice(line))) {
        (Some((line, meaning)), _) => format!("{name} {meaning} (ffmpeg: {})", shortened(line)),
        (None, Some(line)) => format!("{name} cannot be read as video (ffmpeg: {})", shortened(line)),
        (None, None) => format!("{name} cannot be read as video, and ffmpeg does not say why"),
    }
}

/// What a line of ffmpeg's means for the camera, where that is known.
pub(crate) fn meaning(line: &str) -> Option<&'static str> {
    MEANINGS.iter().find(|(part, _)| line.contains(part)).map(|(_, meaning)| *meaning)
}

/// A line of ffmpeg's that advises on its command line, which is not the reader's.
pub(crate) fn is_advice(line: &str) -> bool {
    line.contains("add a trailing '?'")
        || line.starts_with("Consider increasing the value")
        || line.starts_with("Conversion failed")
        || line.starts_with("Output file is empty")
}

/// Without the address in memory that ffmpeg puts in front.
fn shortened(line: &str) -> String {
    const LONGEST: usize = 200;
    let line = match line.split_once("] ") {
        Some((head, tail)) if head.starts_with('[') && head.contains(" @ 0x") => tail,
        _ => line,
    };
    line.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_comes_first_and_the_line_behind_it() {
        for (errors, wanted) in [
            (
                "[mov,mp4 @ 0x55] moov atom not found\n/a.mp4: Invalid data found when processing input\n",
                "/a.mp4 is damaged or not complete, its index is missing: copy it again, or finish the recording \
                 (ffmpeg: moov atom not found)",
            ),
            (
                "Stream map '0:v:0' matches no streams.\nTo ignore this, add a trailing '?' to the map.\n",
                "/a.mp4 has no picture: name another source (ffmpeg: Stream map '0:v:0' matches no streams.)",
            ),
            ("what is this\n", "/a.mp4 cannot be read as video (ffmpeg: what is this)"),
            ("", "/a.mp4 cannot be read as video, and ffmpeg does not say why"),
        ] {
            assert_eq!(explain("/a.mp4", errors), wanted);
        }
        let photo = explain("x", "[image2 @ 0x1] Format not on whitelist 'mov'\nx: Invalid argument");
        assert!(photo.contains("a single picture"), "{photo}");
        let playlist = explain("x", "[hls @ 0x1] Format not on whitelist 'mov'\nx: Invalid argument");
        assert!(playlist.contains("playlist") && playlist.contains("not followed"), "{playlist}");
    }
}
