//! Sound at the robot: what is wanted of the loudspeaker and the microphone, and how they are.
//!
//! Wishes are kept in `watch` channels, so setting one never waits. The task tells them to the stages that play and
//! capture (`crate::sound`), hears their levels, and decides when the microphone is held back.

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
use crate::sound::wire::{CaptureControl, MAX_DATAGRAM, PlayControl, Report};
use crate::sound::{CAPTURE_SOCKET, Ducker, PLAY_SOCKET, REPORT_SOCKET, SPEECH_SOCKET};

use crate::media::context::Context;
use crate::media::{Processes, kept, status};

/// How loud it is until somebody says otherwise, in percent.
const VOLUME: u8 = 80;
/// A process that cannot be asked to end is asked again after this.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// A device that was asleep takes the first blocks at once and the next only when it is awake, which can be two seconds
/// later: it plays when it has taken so many.
const STEADY: u64 = 25;
/// Reports come ten times a second; so does a look at what became old without one.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The loudspeaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// The loudspeaker.
    pub speaker: api::Device,
    /// How loud, in percent of what the config allows: 0 to 100.
    pub volume: u8,
    /// The microphone is held back, so that it does not hear the loudspeaker.
    pub ducked: bool,
}

/// What is wanted, and how it is.
pub(crate) struct Voice {
    pub(crate) sound: watch::Sender<Arc<Sound>>,
    pub(crate) levels: watch::Sender<api::Levels>,
    /// A talker's microphone is open.
    talking: watch::Sender<bool>,
    /// The switch on the robot holds camera and microphone off.
    private: watch::Sender<bool>,
}

impl Voice {
    /// As it was left in the state directory.
    pub(crate) fn open(state_dir: &Path) -> Self {
        let speaker = api::Device { name: "none".to_owned(), state: api::DeviceState::Off, why: None };
        let volume = kept::volume(state_dir).unwrap_or(VOLUME);
        Self {
            sound: watch::Sender::new(Arc::new(Sound { speaker, volume, ducked: false })),
            levels: watch::Sender::new(api::Levels { speaker_db: None, microphone_db: None }),
            talking: watch::Sender::new(false),
            private: watch::Sender::new(kept::private(state_dir)),
        }
    }

    pub(crate) fn set_volume(&self, percent: u8) {
        self.change(|sound| sound.volume = percent.min(100));
    }

    pub(crate) fn set_talking(&self, open: bool) {
        self.talking.send_if_modified(|was| std::mem::replace(was, open) != open);
    }

    pub(crate) fn set_private(&self, private: bool) {
        self.private.send_if_modified(|was| std::mem::replace(was, private) != private);
    }

    pub(crate) fn is_private(&self) -> bool {
        *self.private.borrow()
    }

    pub(crate) fn private(&self) -> watch::Receiver<bool> {
        self.private.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut Sound)) {
        self.sound.send_if_modified(|shown| {
            let mut new = Sound::clone(shown);
            change(&mut new);
            let changed = **shown != new;
            if changed {
                *shown = Arc::new(new);
            }
            changed
        });
    }
}

/// Speaks with the stages until `stop`.
pub(crate) async fn run(ctx: Arc<Context>, processes: Arc<Processes>, stop: CancellationToken) {
    let socket = match bind(&ctx.runtime_dir) {
        Ok(socket) => socket,
        Err(error) => {
            // The stages fail over the same directory, and the status says so; all else works.
            tracing::error!(%error, "the sound stages cannot be heard");
            return stop.cancelled().await;
        }
    };
    let mut desk = Desk { ctx: ctx.clone(), socket, ducker: Ducker::default(), capture: None, play: None };
    let mut config = ctx.config.subscribe();
    let mut sound = ctx.voice.sound.subscribe();
    let mut talking = ctx.voice.talking.subscribe();
    let mut private = ctx.voice.private.subscribe();
    let (mut speaker, mut microphone) = (processes.speaker.subscribe(), processes.microphone.subscribe());
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        let until =
            desk.ducker.due().map_or(Instant::now() + LOOK_EVERY, |due| due.min(Instant::now() + LOOK_EVERY));
        tokio::select! {
            () = stop.cancelled() => return,
            received = desk.socket.recv(&mut buffer) => {
                if let Ok(count) = received {
                    desk.hear(&buffer[..count]);
                }
            }
            Ok(()) = config.changed() => drop(config.borrow_and_update()),
            Ok(()) = sound.changed() => drop(sound.borrow_and_update()),
            Ok(()) = talking.changed() => drop(talking.borrow_and_update()),
            Ok(()) = private.changed() => drop(private.borrow_and_update()),
            Ok(()) = speaker.changed() => desk.speaker_changed(&speaker.borrow_and_update().state),
            Ok(()) = microphone.changed() => desk.microphone_changed(&microphone.borrow_and_update().state),
            () = tokio::time::sleep_until(until) => {}
        }
        desk.act(&processes.speaker);
    }
}

/// Where the stages report to.
struct Desk {
    ctx: Arc<Context>,
    socket: UnixDatagram,
    ducker: Ducker,
    /// What each stage said last that it follows; `None` before it has said anything.
    capture: Option<CaptureControl>,
    play: Option<PlayControl>,
}

impl Desk {
    fn hear(&mut self, datagram: &[u8]) {
        let report = std::str::from_utf8(datagram).ok().and_then(|text| text.parse::<Report>().ok());
        let now = Instant::now();
        match report {
            Some(Report::Play { blocks, level_db, audible, control }) => {
                if blocks >= STEADY {
                    self.ctx.speaker.reached(blocks, now);
                }
                self.play = Some(control);
                let config = self.ctx.config();
                let speaker = &config.media.speaker;
                if speaker.duck {
                    self.ducker.report(audible, speaker.guard.as_std(), now);
                }
                self.ctx.voice.levels.send_modify(|levels| levels.speaker_db = Some(level_db));
            }
            Some(Report::Capture { level_db, control }) => {
                self.capture = Some(control);
                self.ctx.voice.levels.send_modify(|levels| levels.microphone_db = Some(level_db));
            }
            None => tracing::debug!("a datagram that is none of the sound stages'"),
        }
    }

    fn speaker_changed(&mut self, state: &State) {
        if !is_up(state) {
            self.play = None;
            self.ctx.voice.levels.send_modify(|levels| levels.speaker_db = None);
        }
    }

    fn microphone_changed(&mut self, state: &State) {
        if !is_up(state) {
            self.capture = None;
            self.ctx.voice.levels.send_modify(|levels| levels.microphone_db = None);
        }
    }

    /// Tells each stage what it does not follow yet, and everybody how it is.
    fn act(&mut self, speaker: &Supervised) {
        let now = Instant::now();
        self.ducker.clear_expired(now);
        let ducked = self.ducker.ducked(now);
        let config = self.ctx.config();
        let device = status::speaker(&self.ctx, speaker);
        self.ctx.voice.change(|sound| {
            sound.speaker = device;
            sound.ducked = ducked;
        });
        let volume = self.ctx.voice.sound.borrow().volume;
        let play = PlayControl {
            permille: permille(volume, &config.media.speaker),
            talking: *self.ctx.voice.talking.borrow(),
        };
        if self.play.is_some_and(|followed| followed != play) {
            self.tell(PLAY_SOCKET, &play.to_string());
        }
        let capture = CaptureControl { duck: ducked };
        if self.capture.is_some_and(|followed| followed != capture) {
            self.tell(CAPTURE_SOCKET, &capture.to_string());
        }
    }

    /// A stage that misses this datagram reports the old control message, and it is sent again.
    fn tell(&self, stage: &str, words: &str) {
        let _ = self.socket.try_send_to(words.as_bytes(), self.ctx.runtime_dir.join(stage));
    }
}

/// The switch on the robot ends camera and microphone, however often it takes; their launches refuse to start them
/// while it is on.
pub(crate) async fn keep_private(ctx: Arc<Context>, processes: Arc<Processes>, stop: CancellationToken) {
    let mut private = ctx.voice.private();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Ok(()) = private.changed() => {}
        }
        let devices = [&processes.camera, &processes.microphone];
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
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

fn is_up(state: &State) -> bool {
    matches!(state, State::Running { .. } | State::Starting { .. })
}

/// The ear hears ratios: half of the setting is a quarter of full scale.
fn permille(volume: u8, speaker: &Speaker) -> u16 {
    let percent = u32::from(volume.min(100));
    u16::try_from(speaker.max_volume * percent * percent / 1000).unwrap_or(0)
}

fn bind(runtime_dir: &Path) -> io::Result<UnixDatagram> {
    let place = runtime_dir.join(REPORT_SOCKET);
    match std::fs::remove_file(&place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => UnixDatagram::bind(place),
    }
}

/// Where speech is played.
pub(crate) fn speech_socket(ctx: &Context) -> PathBuf {
    ctx.runtime_dir.join(SPEECH_SOCKET)
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
