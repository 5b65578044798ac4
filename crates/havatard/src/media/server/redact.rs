//! What is left out of MediaMTX's lines before they are shown.

use std::borrow::Cow;

use crate::media::publish::ffmpeg;

/// A line of MediaMTX's without what opens a viewer's session: at its `debug` level it prints addresses that
/// are secrets, and whole session descriptions.
pub(crate) fn redact(line: &str) -> Cow<'_, str> {
    const HIDDEN: &str = "[a secret of a viewer's session]";
    if ["a=ice-", "a=candidate", "a=fingerprint", "Location:"].iter().any(|mark| line.contains(mark)) {
        return HIDDEN.into();
    }
    let line = ffmpeg::redact(line);
    for mark in ["/whep/", "/whip/"] {
        if let Some((head, tail)) = line.split_once(mark) {
            let end = tail.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(tail.len());
            return format!("{head}{mark}***{}", tail.get(end..).unwrap_or_default()).into();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewers_secret_leaves_no_trace() {
        for (line, wanted) in [
            (
                "DEB [conn] PATCH /havatar/whep/5f0c-77 HTTP/1.1",
                "DEB [conn] PATCH /havatar/whep/*** HTTP/1.1",
            ),
            ("DELETE /havatar_talk/whip/5f0c", "DELETE /havatar_talk/whip/***"),
            ("POST /havatar/whep HTTP/1.1", "POST /havatar/whep HTTP/1.1"),
            ("Location: /havatar/whep/5f0c", "[a secret of a viewer's session]"),
            ("a=ice-pwd:xyz", "[a secret of a viewer's session]"),
            ("INF plain", "INF plain"),
        ] {
            assert_eq!(redact(line), wanted);
        }
    }
}
