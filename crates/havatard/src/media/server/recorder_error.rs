//! What MediaMTX's recorder complains about, read from MediaMTX's lines: over its API it says nothing of it.

use std::time::{Duration, SystemTime};

use havatar_supervisor::LogLine;

/// The recorder tries again every two seconds, and complains each time.
const RECENT: Duration = Duration::from_secs(12);

/// What the system's words mean for a recording, and what to do. A disk without inodes says that it is full.
const MEANINGS: &[(&str, &str)] = &[
    (
        "no space left on device",
        "the disk is full, in bytes or in files (df, df -i): delete old recordings, or set recording.directory to another disk",
    ),
    ("disk quota exceeded", "the quota of havatard's user is used up: delete old recordings, or raise it"),
    (
        "read-only file system",
        "the disk is mounted read-only, as a damaged card is: check it and mount it for writing, or set recording.directory to another",
    ),
    (
        "permission denied",
        "the directory may not be written by havatard's user: give it to that user (chown)",
    ),
    (
        "operation not permitted",
        "the directory may not be written by havatard's user: give it to that user (chown, chattr)",
    ),
    ("input/output error", "the disk fails: replace the card"),
    ("not a directory", "a part of the directory's path is a file: move it away"),
    ("file name too long", "the directory's path is too long: set recording.directory to a shorter one"),
    (
        "no supported tracks",
        "this container takes neither the picture nor the sound: set recording.format to fmp4",
    ),
];

/// The recorder's newest complaint in these lines, if it is a recent one: one sentence, then its own words.
pub(crate) fn newest(lines: &[LogLine], now: SystemTime) -> Option<String> {
    let recent = |line: &&LogLine| now.duration_since(line.at).is_ok_and(|age| age < RECENT);
    let complaint = lines.iter().rev().filter(recent).find_map(|line| complaint(&line.text))?;
    let lower = complaint.to_lowercase();
    let meaning = MEANINGS.iter().find(|(part, _)| lower.contains(part)).map(|(_, meaning)| *meaning);
    Some(match meaning {
        Some(meaning) => format!("{meaning} (MediaMTX: {complaint})"),
        None => format!("MediaMTX's recorder cannot write (MediaMTX: {complaint})"),
    })
}

/// `2026/11/29 02:00:00 ERR [path havatar] [recorder] mkdir /x: no space left on device`
fn complaint(line: &str) -> Option<&str> {
    let (head, words) = line.split_once("[recorder] ")?;
    let warns = words.contains("no supported tracks");
    (head.contains("ERR ") || warns).then_some(words.trim())
}

#[cfg(test)]
mod tests {
    use havatar_supervisor::Source;

    use super::*;

    #[test]
    fn the_recorders_own_words_are_explained() {
        let now = SystemTime::now();
        let line = |text: &str, age: u64| LogLine {
            at: now - Duration::from_secs(age),
            source: Source::Stdout,
            stage: 1,
            text: text.to_owned(),
        };
        let error = |words: &str| {
            let lines = [
                line("2026/11/29 02:00:00 INF [path havatar] [recorder] recording 2 tracks (H264, Opus)", 2),
                line(&format!("2026/11/29 02:00:00 ERR [path havatar] [recorder] {words}"), 1),
                line("2026/11/29 02:00:01 INF [path havatar] [recorder] recording 2 tracks (H264, Opus)", 0),
            ];
            newest(&lines, now)
        };
        for (words, part) in [
            ("open /r/a.mp4: no space left on device", "df -i"),
            ("mkdir /r/havatar: read-only file system", "read-only"),
            ("open /r/a.mp4: permission denied", "chown"),
            ("write /r/a.mp4: input/output error", "replace the card"),
            ("what is this", "what is this"),
        ] {
            let told = error(words).unwrap();
            assert!(told.contains(part) && told.ends_with(&format!("(MediaMTX: {words})")), "{told}");
        }
        let old = line("ERR [path havatar] [recorder] open /r: permission denied", 60);
        let other = line("ERR [path havatar] [conn 1] permission denied", 1);
        assert_eq!(newest(&[old, other], now), None);
    }
}
