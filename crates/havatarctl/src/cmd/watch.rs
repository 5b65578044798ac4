//! Verb `watch`: requests the status once a second and prints what changed. Figures that always change, such as bytes and rates,
//! are left to `stats`.

use std::fmt::Write as _;
use std::time::Duration;

use havatar_api::{Device, Process, ProcessState, Status};
use tokio::time::{MissedTickBehavior, interval};

use crate::client::{Client, ClientError};
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Emphasis, Output, Style};

use super::process::sentence;
use super::{record, status};

const EVERY: Duration = Duration::from_secs(1);

/// Prints the state, then each change, until it is interrupted. A havatard that stops answering is waited for; one that never
/// answered is an error.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let mut last: Status = client.get(&["status"]).await?;
    output.follow(&last, |style| stamped(&snapshot(&last, style), style))?;
    let mut away = false;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let new: Status = match client.get(&["status"]).await {
            Ok(status) => status,
            Err(error) if is_passing(&error) => {
                if !away {
                    away = true;
                    output.notice(|style| {
                        stamped(&[style.paint(Emphasis::Error, "havatard does not answer")], style)
                    })?;
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if std::mem::take(&mut away) {
            output.notice(|style| stamped(&[style.paint(Emphasis::Ok, "havatard answers again")], style))?;
        }
        if !changes(&last, &new, &output.style()).is_empty() {
            output.follow(&new, |style| stamped(&changes(&last, &new, style), style))?;
        }
        last = new;
    }
}

/// Whether the next request may succeed: havatard is starting, stopping, or busy.
fn is_passing(error: &ClientError) -> bool {
    match error {
        ClientError::Refused(problem) => problem.status >= 500,
        ClientError::Unreachable { .. } | ClientError::Timeout(_) | ClientError::Interrupted { .. } => true,
        _ => false,
    }
}

fn stamped(lines: &[String], style: &Style) -> String {
    let time = style.paint(Emphasis::Dim, &format::clock(style.now, &style.zone));
    let lines: Vec<String> = lines.iter().map(|line| format!("{time}  {line}")).collect();
    lines.join("\n")
}

fn snapshot(status: &Status, style: &Style) -> Vec<String> {
    let mut lines = readiness(status, style);
    lines.extend(status.processes.iter().map(|process| sentence(process, style)));
    lines.push(recording(status, style));
    lines
}

fn readiness(status: &Status, style: &Style) -> Vec<String> {
    let mut lines = vec![status::headline(status, style)];
    lines.extend(status.readiness.missing.iter().map(|it| format!("  - {}", status::missing(it))));
    lines
}

/// The recording's state, without the size that grows.
fn recording(status: &Status, style: &Style) -> String {
    let steady = havatar_api::RecordingStatus { size_bytes: None, ..status.recording.clone() };
    record::state::sentence(&steady, style)
}

fn changes(old: &Status, new: &Status, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    if old.started_at != new.started_at {
        lines.push(format!("havatard {} was started anew", format::clean(&new.version)));
    }
    for process in &new.processes {
        let before = old.processes.iter().find(|it| it.name == process.name);
        if before.is_none_or(|before| differs(before, process)) {
            lines.push(with_restarts(process, style));
        }
    }
    for (name, before, now) in [
        ("camera", &old.devices.camera, &new.devices.camera),
        ("microphone", &old.devices.microphone, &new.devices.microphone),
    ] {
        if device_key(before) != device_key(now) {
            lines.push(format!("{name}: {}", status::device(now, style)));
        }
    }
    if let Some(encoder) = &new.encoder
        && old.encoder.as_ref().map(|it| &it.name) != Some(&encoder.name)
    {
        lines.push(format!("encoder: {}", status::encoder(encoder)));
    }
    for stream in &new.streams.streams {
        let before = old.streams.streams.iter().find(|it| it.name == stream.name);
        let (active, readers) = before.map_or((false, 0), |it| (it.active, it.readers));
        let name = format::clean(&stream.name);
        if active != stream.active {
            let (word, emphasis) =
                if stream.active { ("active", Emphasis::Ok) } else { ("idle", Emphasis::Warning) };
            lines.push(format!("{name}: {}", style.paint(emphasis, word)));
        }
        if readers != stream.readers {
            lines.push(format!("{name}: {}", format::count(stream.readers, "reader")));
        }
    }
    let (before, now) = (recording(old, style), recording(new, style));
    if before != now {
        lines.push(now);
    }
    if old.config != new.config {
        if new.config.faults.is_empty() {
            lines.push("config: loaded".to_owned());
        } else {
            lines.extend(status::faults(&new.config, style).iter().map(|line| format!("config: {line}")));
        }
    }
    if readiness(old, style) != readiness(new, style) {
        lines.extend(readiness(new, style));
    }
    lines
}

fn differs(old: &Process, new: &Process) -> bool {
    // A restart is a change; the time until the next attempt is none.
    (old.state, old.pid, old.restarts, &old.why) != (new.state, new.pid, new.restarts, &new.why)
}

/// The process's sentence. One that runs again names its last exit, since the exit may fall between two requests.
fn with_restarts(process: &Process, style: &Style) -> String {
    let mut text = sentence(process, style);
    if process.restarts > 0 && process.state != ProcessState::Stopped {
        let _ = write!(text, "; {}", format::count(process.restarts, "restart"));
        if let Some(exit) = &process.last_exit
            && process.why.as_ref() != Some(exit)
        {
            let _ = write!(text, ", last: {}", format::clean(exit));
        }
    }
    text
}

fn device_key(device: &Device) -> (&str, havatar_api::DeviceState, Option<&str>) {
    (&device.name, device.state, device.why.as_deref())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use crate::cmd::status::tests::{degraded, healthy};
    use crate::output::tests::style;

    use super::*;

    #[test]
    fn figures_alone_are_no_news() {
        let old = healthy();
        let mut new = healthy();
        new.streams.streams[0].bytes_sent += 1000;
        new.streams.streams[0].bitrate_kbps += 10.0;
        new.streams.streams[0].fps = Some(25.0);
        new.processes[0].uptime_s = Some(9999.0);
        new.recording.size_bytes = Some(1);
        assert_eq!(changes(&old, &new, &style()), Vec::<String>::new());
    }

    #[test]
    fn from_healthy_to_degraded_and_back() {
        insta::assert_snapshot!(
            "to_degraded",
            stamped(&changes(&healthy(), &degraded(), &style()), &style())
        );
        insta::assert_snapshot!("to_healthy", stamped(&changes(&degraded(), &healthy(), &style()), &style()));
    }

    #[test]
    fn an_end_between_two_looks_is_seen() {
        let old = healthy();
        let mut new = healthy();
        new.processes[1].pid = Some(4712);
        new.processes[1].restarts = 1;
        new.processes[1].last_exit = Some("killed by signal 9".to_owned());
        new.started_at = Timestamp::UNIX_EPOCH;
        assert_eq!(
            changes(&old, &new, &style()),
            [
                "havatard 0.1.0 was started anew",
                "camera is running (pid 4712); 1 restart, last: killed by signal 9"
            ]
        );
    }

    #[test]
    fn the_first_words() {
        insta::assert_snapshot!(snapshot(&degraded(), &style()).join("\n"));
    }
}
