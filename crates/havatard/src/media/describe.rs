//! A supervised process and its device in the words of the API.

use std::time::SystemTime;

use havatar_api as api;
use havatar_supervisor::{ConfinementReport, LogLine, Source, State, Supervised};
use jiff::Timestamp;
use tokio::time::Instant;

use super::process_table::ProcessId;
use super::publish::source::words;

/// How much of a process's last line is repeated, in characters.
const LAST_LINE: usize = 200;

/// The supervisor's snapshot in the API's words.
pub(crate) fn process(process: &Supervised) -> api::Process {
    let confinement = process.confinement().into_iter().map(confinement).collect();
    let snapshot = process.snapshot();
    let last_exit = snapshot.last_exit.as_ref().map(|how| with_last_line(process, how));
    let (state, pid, why, retry_at) = match &snapshot.state {
        State::Stopped => (api::ProcessState::Stopped, None, None, None),
        State::Waiting { why } => (api::ProcessState::Waiting, None, Some(why.clone()), None),
        State::Starting { pid, .. } => (api::ProcessState::Starting, *pid, None, None),
        State::Running { pid, .. } => (api::ProcessState::Running, Some(*pid), None, None),
        State::Stopping { pid, .. } => (api::ProcessState::Stopping, *pid, None, None),
        State::Backoff { until, why, .. } => {
            let wait = until.saturating_duration_since(Instant::now());
            // Whole seconds: the wall clock at two looks would differ by microseconds, which is no change.
            let at = Timestamp::now().checked_add(wait).ok().and_then(|at| at.round(jiff::Unit::Second).ok());
            let why =
                if snapshot.last_exit.as_ref() == Some(why) { last_exit.clone() } else { Some(why.clone()) };
            (api::ProcessState::Backoff, None, why, at)
        }
    };
    api::Process {
        name: snapshot.name.to_string(),
        state,
        pid: pid.and_then(|pid| i32::try_from(pid).ok()),
        since: timestamp(snapshot.since),
        uptime_s: None,
        restarts: snapshot.restarts,
        last_exit,
        why,
        retry_at,
        confinement,
    }
}

/// What a program runs under, in the API's words.
pub(crate) fn confinement(report: ConfinementReport) -> api::Confinement {
    let ConfinementReport { program, no_new_privileges, landlock, seccomp, missing } = report;
    api::Confinement { program, no_new_privileges, landlock, seccomp, missing }
}

/// How a process ended, and the last line it wrote: an exit status alone does not say that the microphone is away.
fn with_last_line(process: &Supervised, how: &str) -> String {
    // A process that was killed did not end over its last line.
    if !how.contains("exited with") {
        return how.to_owned();
    }
    let (lines, _) = process.logs();
    let Some(line) = last_line(&lines, how) else { return how.to_owned() };
    let line = line.text.trim();
    let told = format!("{how}: {}", line.chars().take(LAST_LINE).collect::<String>());
    let camera = &*process.snapshot().name == ProcessId::Camera.name();
    match words::meaning(line).filter(|_| camera) {
        Some(meaning) => format!("the camera {meaning} ({told})"),
        None => told,
    }
}

/// The last line between the supervisor's line about this end and its lines around that. It was written before the end; but on
/// a busy machine the end is noticed before the pipe is read.
fn last_line<'a>(lines: &'a [LogLine], how: &str) -> Option<&'a LogLine> {
    let ours = |line: &&LogLine| line.source == Source::Supervisor;
    let end = lines.iter().rposition(|line| ours(&line) && line.text.starts_with(how))?;
    let (before, after) = (lines.get(..end)?, lines.get(end + 1..)?);
    let said = |line: &&LogLine| !line.text.trim().is_empty() && !words::is_advice(line.text.trim());
    let late: Vec<&LogLine> = after.iter().take_while(|line| !ours(line)).filter(said).collect();
    late.last().copied().or_else(|| before.iter().rev().take_while(|line| !ours(line)).find(said))
}

/// The last lines of a process.
pub(crate) fn logs(process: &Supervised) -> api::Logs {
    let (lines, dropped) = process.logs();
    let lines = lines
        .into_iter()
        .map(|line| api::LogLine {
            at: timestamp(line.at),
            source: match line.source {
                Source::Stdout => api::LogSource::Stdout,
                Source::Stderr => api::LogSource::Stderr,
                Source::Supervisor => api::LogSource::Supervisor,
            },
            text: line.text,
        })
        .collect();
    api::Logs { lines, dropped }
}

fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Why a process does not run. During a retry the last failure is still the reason.
pub(crate) fn reason(process: &api::Process) -> Option<String> {
    process.why.clone().or_else(|| process.last_exit.clone())
}

/// A device, by the process that uses it.
pub(crate) fn device(
    name: String,
    off: bool,
    away: Option<String>,
    process: Option<&api::Process>,
) -> api::Device {
    let state = process.map(|process| process.state);
    let (state, why) = match (off, state, away) {
        (true, _, _) => (api::DeviceState::Off, None),
        (_, Some(api::ProcessState::Running), _) => (api::DeviceState::Live, None),
        (_, Some(api::ProcessState::Waiting | api::ProcessState::Backoff), Some(away)) => {
            (api::DeviceState::Away, Some(away))
        }
        _ => (api::DeviceState::Silent, process.and_then(reason)),
    };
    api::Device { name, state, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_found_on_either_side_of_the_end() {
        let line = |source, text: &str| LogLine {
            at: SystemTime::UNIX_EPOCH,
            source,
            stage: 1,
            text: text.to_owned(),
        };
        let ours = |text| line(Source::Supervisor, text);
        let said = |text| line(Source::Stderr, text);
        let how = "exited with status 3";
        let found = |lines: &[LogLine]| last_line(lines, how).map(|line| line.text.clone());
        let end = || ours("exited with status 3; next try in 173 ms");
        assert_eq!(found(&[ours("started"), said("a"), said("why"), said(" "), end()]), Some("why".into()));
        assert_eq!(
            found(&[ours("started"), end(), said("a"), said("why"), ours("started")]),
            Some("why".into())
        );
        assert_eq!(found(&[said("before"), ours("started"), end(), ours("started"), said("later")]), None);
        assert_eq!(found(&[said("nobody ended")]), None);
        let advice = "To ignore this, add a trailing '?' to the map.";
        assert_eq!(found(&[ours("started"), said("why"), said(advice), end()]), Some("why".into()));
    }
}
