//! How the machine words times in its lines.

use std::time::Duration;

/// A process that was kept from running for a part that matters is shown with it: the cause is then the machine.
pub(super) fn describe_silence(silence: Duration, excused: Duration) -> String {
    let silent = format_duration(silence);
    if excused < silence / 10 {
        return silent;
    }
    format!("{silent}, kept from running for {} of it", format_duration(excused))
}

/// A duration with its unit: `200 ms`, `1.5 s`.
pub(super) fn format_duration(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
