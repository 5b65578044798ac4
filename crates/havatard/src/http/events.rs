use std::{ops::ControlFlow, time::Duration};

use axum::{
    Extension,
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use havatar_api::{Event, Levels, Problem, Process, Status};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};

use super::{Http, problem::Failure, status};
use crate::auth::Identity;

/// Sockets open at once; a further one is told to try again.
pub(super) const MOST: usize = 64;
/// The largest message a client may send, in bytes: it has nothing to say but pongs.
const LARGEST_MESSAGE: usize = 4 * 1024;
const PING: Duration = Duration::from_secs(10);
/// With nothing to tell for this long, that is told. The panel takes a socket for half open that is silent for 8 s.
const QUIET: Duration = Duration::from_secs(2);
/// How often levels are told at most.
const LEVELS: Duration = Duration::from_millis(200);
/// As the contract has it.
const SILENCE_DB: f32 = -90.0;
/// A socket from which nothing has come for this long is dead.
const DEAD: Duration = Duration::from_secs(25);
/// A client that does not take a message for this long is dead too.
const STUCK: Duration = Duration::from_secs(10);
/// The close code that says the session ended: sign in again.
const SIGNED_OUT: u16 = 4401;
/// The close code that says the daemon stops: come back.
const GOING_AWAY: u16 = 1001;

/// A WebSocket that sends a snapshot, then each section of the status when it changes.
///
/// Closed with 4401 when the session ends, with 1001 when the daemon stops.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "events",
    tag = "status",
    responses(
        (status = 101, description = "Text messages, each an `Event`", body = Event),
        (status = 503, description = "Too many sockets", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn events(
    State(http): State<Http>,
    Extension(identity): Extension<Identity>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Failure> {
    let place = http
        .0
        .sockets
        .clone()
        .try_acquire_owned()
        .map_err(|_| Failure::busy("too many event sockets are open"))?;
    Ok(upgrade
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE)
        .on_upgrade(move |socket| Feed::new(http, identity, socket, place).run()))
}

/// One open socket.
struct Feed {
    http: Http,
    identity: Identity,
    socket: WebSocket,
    sent: Status,
    heard: Instant,
    said: Instant,
    _place: OwnedSemaphorePermit,
}

impl Feed {
    fn new(http: Http, identity: Identity, socket: WebSocket, place: OwnedSemaphorePermit) -> Self {
        let sent = status::now(&http);
        Self { http, identity, socket, sent, heard: Instant::now(), said: Instant::now(), _place: place }
    }

    async fn run(mut self) {
        let ended = self.identity.ended();
        let shutdown = self.http.app().shutdown.clone();
        let frame = tokio::select! {
            // A client that takes nothing must not outlive its session, so the work itself is dropped.
            biased;
            () = ended.cancelled() => CloseFrame { code: SIGNED_OUT, reason: "signed out".into() },
            () = shutdown.cancelled() => CloseFrame { code: GOING_AWAY, reason: "stopping".into() },
            () = self.feed() => return,
        };
        // The close handshake is a courtesy; whoever does not take part is left.
        let _ = timeout(Duration::from_secs(1), self.socket.send(Message::Close(Some(frame)))).await;
    }

    async fn feed(&mut self) {
        let mut media = self.http.app().media.subscribe();
        let mut recording = self.http.app().recordings.subscribe();
        let mut config = self.http.app().config_status.clone();
        let mut robot = self.http.app().robot.subscribe();
        let mut sound = self.http.app().media.audio.sound();
        let mut speech = self.http.app().speech.subscribe();
        let mut talker = self.http.0.line.subscribe();
        let mut presence = self.http.app().presence.clone();
        media.mark_unchanged();
        recording.mark_unchanged();
        config.mark_unchanged();
        robot.mark_unchanged();
        sound.mark_unchanged();
        speech.mark_unchanged();
        talker.mark_unchanged();
        presence.mark_unchanged();
        // Looked at after the marks, so that no change falls between.
        self.sent = status::now(&self.http);
        let snapshot = Event::Snapshot { status: self.sent.clone() };
        if self.send(&snapshot).await.is_break() {
            return;
        }
        let mut meter = Meter::default();
        let mut levels = interval(LEVELS);
        levels.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        loop {
            let went_on = tokio::select! {
                Ok(()) = media.changed() => self.send_changes().await,
                Ok(()) = recording.changed() => self.send_changes().await,
                Ok(()) = config.changed() => self.send_changes().await,
                Ok(()) = robot.changed() => self.send_changes().await,
                Ok(()) = sound.changed() => self.send_changes().await,
                Ok(()) = speech.changed() => self.send_changes().await,
                Ok(()) = talker.changed() => self.send_changes().await,
                Ok(()) = presence.changed() => self.send_changes().await,
                _ = levels.tick() => {
                    let now = *self.http.app().media.audio.levels().borrow();
                    match meter.read(now) {
                        Some(levels) => self.send(&Event::Levels { levels }).await,
                        None => ControlFlow::Continue(()),
                    }
                }
                () = sleep_until(self.said + QUIET) => self.send(&Event::Alive).await,
                _ = pings.tick() => self.ping().await,
                message = self.socket.recv() => self.hear(message.as_ref()),
            };
            if went_on.is_break() {
                return;
            }
        }
    }

    /// Compares with what was sent last, not with what was current last: a reader slower than the changes
    /// skips versions.
    async fn send_changes(&mut self) -> ControlFlow<()> {
        let now = status::now(&self.http);
        for event in changes(&self.sent, &now) {
            self.send(&event).await?;
        }
        self.sent = now;
        ControlFlow::Continue(())
    }

    async fn send(&mut self, event: &Event) -> ControlFlow<()> {
        self.said = Instant::now();
        match serde_json::to_string(event) {
            Ok(text) => self.put(Message::Text(text.into())).await,
            Err(error) => {
                tracing::error!(%error, "an event could not be worded");
                ControlFlow::Break(())
            }
        }
    }

    async fn ping(&mut self) -> ControlFlow<()> {
        if self.heard.elapsed() >= DEAD {
            return ControlFlow::Break(());
        }
        self.http.app().auth.touch(self.identity.owner());
        self.put(Message::Ping(bytes::Bytes::new())).await
    }

    async fn put(&mut self, message: Message) -> ControlFlow<()> {
        match timeout(STUCK, self.socket.send(message)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(()),
        }
    }

    fn hear(&mut self, message: Option<&Result<Message, axum::Error>>) -> ControlFlow<()> {
        match message {
            None | Some(Err(_) | Ok(Message::Close(_))) => ControlFlow::Break(()),
            Some(Ok(_)) => {
                self.heard = Instant::now();
                ControlFlow::Continue(())
            }
        }
    }
}

/// The sections that differ, each whole.
fn changes(last: &Status, now: &Status) -> Vec<Event> {
    // What has no section of its own: all is sent again.
    if last.mediamtx_version != now.mediamtx_version {
        return vec![Event::Snapshot { status: now.clone() }];
    }
    let mut events = Vec::new();
    if !same_processes(&last.processes, &now.processes) {
        events.push(Event::Processes { processes: now.processes.clone() });
    }
    if last.readiness != now.readiness || last.streaming != now.streaming {
        events.push(Event::Readiness { readiness: now.readiness.clone(), streaming: now.streaming });
    }
    if last.devices != now.devices {
        events.push(Event::Devices { devices: now.devices.clone() });
    }
    if last.streams != now.streams {
        events.push(Event::Streams { streams: now.streams.clone() });
    }
    if last.recording != now.recording {
        events.push(Event::Recording { recording: now.recording.clone() });
    }
    if last.robot != now.robot {
        events.push(Event::Robot { robot: now.robot.clone() });
    }
    if last.voice != now.voice {
        events.push(Event::Voice { voice: now.voice.clone() });
    }
    if last.presence != now.presence {
        events.push(Event::Presence { presence: now.presence.clone() });
    }
    if last.config != now.config {
        events.push(Event::Config { config: now.config.clone() });
    }
    if last.encoder != now.encoder {
        events.push(Event::Encoder { encoder: now.encoder.clone() });
    }
    events
}

/// Says when levels are worth a message: while anything is heard, and once when it has become silent.
#[derive(Default)]
struct Meter {
    told: Option<Levels>,
}

impl Meter {
    fn read(&mut self, now: Levels) -> Option<Levels> {
        let heard = |db: Option<f32>| db.is_some_and(|db| db > SILENCE_DB);
        let audible = heard(now.speaker_db) || heard(now.microphone_db);
        if !audible && self.told.is_none_or(|told| told == now) {
            // The first silence says only what nobody has doubted; it is remembered, so that its end as a device is told.
            self.told = Some(now);
            return None;
        }
        self.told = Some(now);
        Some(now)
    }
}

/// Whether nothing but uptimes differs: time going by is no change.
fn same_processes(last: &[Process], now: &[Process]) -> bool {
    let timeless = |process: &Process| Process { uptime_s: None, ..process.clone() };
    last.len() == now.len() && last.iter().zip(now).all(|(last, now)| timeless(last) == timeless(now))
}
