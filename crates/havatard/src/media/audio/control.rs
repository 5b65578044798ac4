//! Audio control: the tasks that make the audio stages follow what is requested, and the handle that requests it.
//!
//! The first task sends volume, talk and duck to the stages that play and capture (`crate::sound`), receives their levels
//! and decides when the microphone is held back. The second stops camera and microphone for the switch on the robot.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use havatar_api as api;
use havatar_supervisor::{State, Supervised};
use tokio::net::UnixDatagram;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::Speaker;
use crate::local_socket;
use crate::media::context::Context;
use crate::media::describe;
use crate::media::process_table::{ProcessId, Processes};
use crate::sound::wire::{CaptureControl, MAX_DATAGRAM, PlayControl, Report};
use crate::sound::{CAPTURE_SOCKET, Ducker, PLAY_SOCKET, REPORT_SOCKET, SPEECH_SOCKET};

use super::backend::AudioSetting;
use super::state::Sound;

/// A stop request that was not taken is repeated after this.
const REQUEST_AGAIN: Duration = Duration::from_millis(50);
/// A device that was asleep takes the first blocks at once and the next only when it is awake, which can be two seconds
/// later: it plays when it has taken so many.
const STEADY: u64 = 25;
/// How often state that has become old without a report is checked; reports come ten times a second.
const CHECK_EVERY: Duration = Duration::from_millis(250);

/// The handle of the audio at the robot.
#[derive(Clone)]
pub struct Audio {
    pub(crate) ctx: Arc<Context>,
}

impl Audio {
    /// The loudspeaker, as it changes.
    pub fn sound(&self) -> watch::Receiver<Arc<Sound>> {
        self.ctx.audio.sound.subscribe()
    }

    /// Levels at the robot, some ten times a second.
    pub fn levels(&self) -> watch::Receiver<api::Levels> {
        self.ctx.audio.levels.subscribe()
    }

    /// Sets the loudspeaker's volume, in percent of what the config allows; more than 100 counts as 100. It is
    /// persisted.
    pub fn set_volume(&self, percent: u8) {
        self.ctx.audio.set_volume(percent);
    }

    /// A talker's microphone is open: speech waits meanwhile.
    pub fn set_talking(&self, open: bool) {
        self.ctx.audio.set_talking(open);
    }

    /// The switch on the robot: while it is on, camera and microphone do not run, whatever is requested.
    pub fn set_private(&self, private: bool) {
        self.ctx.audio.set_private(private);
    }

    /// Whether camera and microphone are held off.
    pub fn is_private(&self) -> bool {
        self.ctx.audio.is_private()
    }

    /// Where speech is played: a Unix stream socket that takes s16le, 48 kHz, mono, at the pace of the loudspeaker.
    ///
    /// A client that has written all of it shuts down its writing side and reads: the end of file says that everything
    /// has left for the loudspeaker. Closing the socket before that cancels: nothing more of it is played. One
    /// connection is played at a time, and none while a talker talks. The socket refuses connections while the
    /// loudspeaker does not run.
    pub fn speech_socket(&self) -> PathBuf {
        self.ctx.runtime_dir.join(SPEECH_SOCKET)
    }
}

/// Exchanges datagrams with the stages until `stop`.
pub(crate) async fn run(ctx: Arc<Context>, processes: Arc<Processes>, stop: CancellationToken) {
    let socket = match bind(&ctx.runtime_dir) {
        Ok(socket) => socket,
        Err(error) => {
            // The stages fail over the same directory, and the status says so; all else works.
            tracing::error!(%error, "cannot listen to the audio stages; make the runtime directory writable");
            return stop.cancelled().await;
        }
    };
    let mut link =
        StageLink { ctx: ctx.clone(), socket, ducker: Ducker::default(), capture: None, play: None };
    let mut config = ctx.config.subscribe();
    let mut sound = ctx.audio.sound.subscribe();
    let mut talking = ctx.audio.talking.subscribe();
    let mut private = ctx.audio.private();
    let (mut speaker, mut microphone) =
        (processes[ProcessId::Speaker].subscribe(), processes[ProcessId::Microphone].subscribe());
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        let until = link
            .ducker
            .due()
            .map_or(Instant::now() + CHECK_EVERY, |due| due.min(Instant::now() + CHECK_EVERY));
        tokio::select! {
            () = stop.cancelled() => return,
            received = link.socket.recv(&mut buffer) => {
                if let Ok(count) = received {
                    link.receive(&buffer[..count]);
                }
            }
            Ok(()) = config.changed() => drop(config.borrow_and_update()),
            Ok(()) = sound.changed() => drop(sound.borrow_and_update()),
            Ok(()) = talking.changed() => drop(talking.borrow_and_update()),
            Ok(()) = private.changed() => drop(private.borrow_and_update()),
            Ok(()) = speaker.changed() => link.speaker_changed(&speaker.borrow_and_update().state),
            Ok(()) = microphone.changed() => link.microphone_changed(&microphone.borrow_and_update().state),
            () = tokio::time::sleep_until(until) => {}
        }
        link.act(&processes[ProcessId::Speaker]);
    }
}

/// Where the stages report to.
struct StageLink {
    ctx: Arc<Context>,
    socket: UnixDatagram,
    ducker: Ducker,
    /// What each stage last reported to follow; `None` before its first report.
    capture: Option<CaptureControl>,
    play: Option<PlayControl>,
}

impl StageLink {
    fn receive(&mut self, datagram: &[u8]) {
        let report = std::str::from_utf8(datagram).ok().and_then(|text| text.parse::<Report>().ok());
        let now = Instant::now();
        match report {
            Some(Report::Play { blocks, level_db, audible, control }) => {
                if blocks >= STEADY {
                    self.ctx.health[ProcessId::Speaker].progress.reached(blocks, now);
                }
                self.play = Some(control);
                let config = self.ctx.config();
                let speaker = &config.media.speaker;
                if speaker.duck {
                    self.ducker.report(audible, speaker.guard.as_std(), now);
                }
                self.ctx.audio.levels.send_modify(|levels| levels.speaker_db = Some(level_db));
            }
            Some(Report::Capture { level_db, control }) => {
                self.capture = Some(control);
                self.ctx.audio.levels.send_modify(|levels| levels.microphone_db = Some(level_db));
            }
            None => tracing::debug!("a datagram that is none of the sound stages'"),
        }
    }

    fn speaker_changed(&mut self, state: &State) {
        if !is_up(state) {
            self.play = None;
            self.ctx.audio.levels.send_modify(|levels| levels.speaker_db = None);
        }
    }

    fn microphone_changed(&mut self, state: &State) {
        if !is_up(state) {
            self.capture = None;
            self.ctx.audio.levels.send_modify(|levels| levels.microphone_db = None);
        }
    }

    /// Sends each stage what it does not follow yet, and publishes the state.
    fn act(&mut self, speaker: &Supervised) {
        let now = Instant::now();
        self.ducker.clear_expired(now);
        let ducked = self.ducker.ducked(now);
        let config = self.ctx.config();
        let device = device(&self.ctx, speaker);
        self.ctx.audio.change(|sound| {
            sound.speaker = device;
            sound.ducked = ducked;
        });
        let volume = self.ctx.audio.sound.borrow().volume;
        let play = PlayControl {
            permille: permille(volume, &config.media.speaker),
            talking: *self.ctx.audio.talking.borrow(),
        };
        if self.play.is_some_and(|followed| followed != play) {
            self.send(PLAY_SOCKET, &play.to_string());
        }
        let capture = CaptureControl { duck: ducked };
        if self.capture.is_some_and(|followed| followed != capture) {
            self.send(CAPTURE_SOCKET, &capture.to_string());
        }
    }

    /// A stage that misses this datagram reports its former state, and is sent it again.
    fn send(&self, stage: &str, words: &str) {
        let _ = self.socket.try_send_to(words.as_bytes(), self.ctx.runtime_dir.join(stage));
    }
}

/// Stops camera and microphone for the switch on the robot, however many tries it takes; their launches are refused while
/// it is on.
pub(crate) async fn enforce_privacy(ctx: Arc<Context>, processes: Arc<Processes>, stop: CancellationToken) {
    let mut private = ctx.audio.private();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Ok(()) = private.changed() => {}
        }
        let devices = [&processes[ProcessId::Camera], &processes[ProcessId::Microphone]];
        let on = *private.borrow_and_update();
        if on {
            tracing::info!("the switch on the robot holds camera and microphone off");
            futures_util::future::join_all(devices.map(end)).await;
        } else {
            tracing::info!("the switch on the robot lets camera and microphone run again");
            for device in devices {
                device.dependency_restored();
            }
        }
    }
}

async fn end(process: &Supervised) {
    while let Err(error) = process.restart_if_wanted().await {
        if error == havatar_supervisor::RequestError::Ended {
            return;
        }
        tokio::time::sleep(REQUEST_AGAIN).await;
    }
}

fn is_up(state: &State) -> bool {
    matches!(state, State::Running { .. } | State::Starting { .. })
}

/// The ear hears ratios: half of the setting is a quarter of full scale.
pub(crate) fn permille(volume: u8, speaker: &Speaker) -> u16 {
    let percent = u32::from(volume.min(100));
    u16::try_from(speaker.max_volume * percent * percent / 1000).unwrap_or(0)
}

fn bind(runtime_dir: &Path) -> io::Result<UnixDatagram> {
    let socket = local_socket::datagrams(runtime_dir, REPORT_SOCKET)?;
    socket.set_nonblocking(true)?;
    UnixDatagram::from_std(socket)
}

/// The loudspeaker, as the status shows it.
fn device(ctx: &Context, process: &Supervised) -> api::Device {
    let config = ctx.config();
    let speaker = &config.media.speaker;
    let name = match (AudioSetting::of_speaker(speaker.output), config.media.has_speaker()) {
        (Some(setting), _) => setting.name(&speaker.device),
        (None, true) => "nobody's ears".to_owned(),
        (None, false) => "none".to_owned(),
    };
    let away = ctx.health[ProcessId::Speaker].away();
    describe::device(name, !config.media.has_speaker(), away, Some(&describe::process(process)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loudest_setting_is_what_the_config_allows_and_the_softest_is_silence() {
        let speaker = |max_volume| Speaker { max_volume, ..Speaker::default() };
        assert_eq!(permille(100, &speaker(100)), 1000);
        assert_eq!(permille(100, &speaker(60)), 600);
        assert_eq!(permille(50, &speaker(100)), 250);
        assert_eq!(permille(0, &speaker(100)), 0);
        assert_eq!(permille(255, &speaker(100)), 1000);
    }
}
