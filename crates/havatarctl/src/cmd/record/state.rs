//! The recording's state as text.

use havatar_api::RecordingStatus;

use crate::format;
use crate::output::{Emphasis, Style};

/// `Recording since 2026-11-23 08:53:49, 12.3 MiB so far (id)`, `Recording is off`
pub(crate) fn sentence(status: &RecordingStatus, style: &Style) -> String {
    let state = state(status, style);
    if status.wanted && status.recording {
        state.replacen("recording", "Recording", 1)
    } else {
        format!("Recording is {state}")
    }
}

/// `recording since 2026-11-23 08:53:49, 12.3 MiB so far (id)`, `off`
pub(crate) fn state(status: &RecordingStatus, style: &Style) -> String {
    match (status.wanted, status.recording) {
        (true, true) => {
            let since = status
                .since
                .map(|at| format!(" since {}", format::moment(at, &style.zone)))
                .unwrap_or_default();
            let size = status
                .size_bytes
                .map(|bytes| format!(", {} so far", format::size(bytes)))
                .unwrap_or_default();
            let id = status.id.as_ref().map(|id| format!(" ({})", format::clean(id))).unwrap_or_default();
            format!("{}{since}{size}{id}", style.paint(Emphasis::Ok, "recording"))
        }
        (true, false) => {
            let why =
                status.fault.as_ref().map(|why| format!(": {}", format::clean(why))).unwrap_or_default();
            format!("{}{why}", style.paint(Emphasis::Error, "wanted, but nothing is being written"))
        }
        (false, true) => style.paint(Emphasis::Warning, "being ended"),
        (false, false) => style.paint(Emphasis::Dim, "off"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::output::tests::style;

    use super::*;

    pub(crate) fn recording() -> RecordingStatus {
        RecordingStatus {
            wanted: true,
            recording: true,
            id: Some("pQ3xkE7aTt2m0fZr8w".to_owned()),
            since: Some("2026-11-23T08:53:49Z".parse().unwrap()),
            size_bytes: Some(12_910_592),
            fault: None,
        }
    }

    pub(crate) fn faulty() -> RecordingStatus {
        RecordingStatus {
            wanted: true,
            fault: Some("MediaMTX is not up".to_owned()),
            ..RecordingStatus::default()
        }
    }

    #[test]
    fn states() {
        let ending = RecordingStatus { wanted: false, ..recording() };
        let all = [RecordingStatus::default(), recording(), ending, faulty()];
        let text = |say: fn(&RecordingStatus, &Style) -> String| {
            all.iter().map(|status| say(status, &style())).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!("states", text(state));
        insta::assert_snapshot!("sentences", text(sentence));
    }
}
