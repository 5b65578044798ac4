//! Follows the status: asked for once a second, and what changed is said. Figures that always change, such
//! as bytes and rates, are left to `stats`.

use std::fmt::Write as _;
use std::time::Duration;

use havatar_api::{Device, Process, ProcessState, Status};
use tokio::time::{MissedTickBehavior, interval};

use crate::client::{Client, ClientError};
use crate::output::{Look, Output, Tint};
use crate::{Exit, Failure, words};

use super::process::sentence;
use super::{record, status};

const EVERY: Duration = Duration::from_secs(1);

/// Says how things are, then what changes, until it is ended. A havatard that goes away is waited for; only
/// one that was never there is an error.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let mut last: Status = client.get(&["status"]).await?;
    output.follow(&last, |look| stamped(&whole(&last, look), look))?;
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
                    output
                        .aside(|look| stamped(&[look.paint(Tint::Bad, "havatard does not answer")], look))?;
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if std::mem::take(&mut away) {
            output.aside(|look| stamped(&[look.paint(Tint::Good, "havatard answers again")], look))?;
        }
        if !changes(&last, &new, &output.look()).is_empty() {
            output.follow(&new, |look| stamped(&changes(&last, &new, look), look))?;
        }
        last = new;
    }
}

/// Whether the next try may well succeed: it is starting, stopping, or busy.
fn is_passing(error: &ClientError) -> bool {
    match error {
        ClientError::Refused(problem) => problem.status >= 500,
        ClientError::Unreachable { .. } | ClientError::Silent(_) | ClientError::BrokeOff { .. } => true,
        _ => false,
    }
}

fn stamped(lines: &[String], look: &Look) -> String {
    let time = look.paint(Tint::Quiet, &words::clock(look.now, &look.zone));
    let lines: Vec<String> = lines.iter().map(|line| format!("{time}  {line}")).collect();
    lines.join("\n")
}

fn whole(status: &Status, look: &Look) -> Vec<String> {
    let mut lines = readiness(status, look);
    lines.extend(status.processes.iter().map(|process| sentence(process, look)));
    lines.push(recording(status, look));
    lines
}

fn readiness(status: &Status, look: &Look) -> Vec<String> {
    let mut lines = vec![status::headline(status, look)];
    lines.extend(status.readiness.missing.iter().map(|it| format!("  - {}", status::missing(it))));
    lines
}

/// The recording's state, without the size that grows.
fn recording(status: &Status, look: &Look) -> String {
    let steady = havatar_api::RecordingStatus { size_bytes: None, ..status.recording.clone() };
    record::sentence(&steady, look)
}

fn changes(old: &Status, new: &Status, look: &Look) -> Vec<String> {
    let mut lines = Vec::new();
    if old.started_at != new.started_at {
        lines.push(format!("havatard {} was started anew", words::clean(&new.version)));
    }
    for process in &new.processes {
        let before = old.processes.iter().find(|it| it.name == process.name);
        if before.is_none_or(|before| differs(before, process)) {
            lines.push(in_motion(process, look));
        }
    }
    for (name, before, now) in [
        ("camera", &old.devices.camera, &new.devices.camera),
        ("microphone", &old.devices.microphone, &new.devices.microphone),
    ] {
        if device_key(before) != device_key(now) {
            lines.push(format!("{name}: {}", status::device(now, look)));
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
        let name = words::clean(&stream.name);
        if active != stream.active {
            let (word, tint) = if stream.active { ("active", Tint::Good) } else { ("idle", Tint::Late) };
            lines.push(format!("{name}: {}", look.paint(tint, word)));
        }
        if readers != stream.readers {
            lines.push(format!("{name}: {}", words::count(stream.readers, "reader")));
        }
    }
    let (before, now) = (recording(old, look), recording(new, look));
    if before != now {
        lines.push(now);
    }
    if old.config != new.config {
        if new.config.faults.is_empty() {
            lines.push("config: loaded".to_owned());
        } else {
            lines.extend(status::faults(&new.config, look).iter().map(|line| format!("config: {line}")));
        }
    }
    if readiness(old, look) != readiness(new, look) {
        lines.extend(readiness(new, look));
    }
    lines
}

fn differs(old: &Process, new: &Process) -> bool {
    // While it fails again and again, its restarts count as news; how long until the next is none.
    (old.state, old.pid, old.restarts, &old.why) != (new.state, new.pid, new.restarts, &new.why)
}

/// A sentence; one that runs again says what it ended with, since the end itself may fall between two looks.
fn in_motion(process: &Process, look: &Look) -> String {
    let mut text = sentence(process, look);
    if process.restarts > 0 && process.state != ProcessState::Stopped {
        let _ = write!(text, "; {}", words::count(process.restarts, "restart"));
        if let Some(exit) = &process.last_exit
            && process.why.as_ref() != Some(exit)
        {
            let _ = write!(text, ", last: {}", words::clean(exit));
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

    use crate::cmd::status::tests::{ailing, well};
    use crate::output::tests::look;

    use super::*;

    #[test]
    fn figures_alone_are_no_news() {
        let old = well();
        let mut new = well();
        new.streams.streams[0].bytes_sent += 1000;
        new.streams.streams[0].bitrate_kbps += 10.0;
        new.streams.streams[0].fps = Some(25.0);
        new.processes[0].uptime_s = Some(9999.0);
        new.recording.size_bytes = Some(1);
        assert_eq!(changes(&old, &new, &look()), Vec::<String>::new());
    }

    #[test]
    fn from_well_to_ailing_and_back() {
        insta::assert_snapshot!("to_ailing", stamped(&changes(&well(), &ailing(), &look()), &look()));
        insta::assert_snapshot!("to_well", stamped(&changes(&ailing(), &well(), &look()), &look()));
    }

    #[test]
    fn an_end_between_two_looks_is_seen() {
        let old = well();
        let mut new = well();
        new.processes[1].pid = Some(4712);
        new.processes[1].restarts = 1;
        new.processes[1].last_exit = Some("killed by signal 9".to_owned());
        new.started_at = Timestamp::UNIX_EPOCH;
        assert_eq!(
            changes(&old, &new, &look()),
            [
                "havatard 0.1.0 was started anew",
                "camera is running (pid 4712); 1 restart, last: killed by signal 9"
            ]
        );
    }

    #[test]
    fn the_first_words() {
        insta::assert_snapshot!(whole(&ailing(), &look()).join("\n"));
    }
}
