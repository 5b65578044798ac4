//! The event socket: a snapshot of the status, then its changes. The other way goes a stop: a page holds this socket open
//! anyway, so its stop needs neither a new connection nor a lease.

use std::ops::ControlFlow;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use havatar_api::{Board, Event, Levels, Machine, Process, Status, StopMessage};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::auth::Identity;

use super::error::ApiError;
use super::extract::Caller;
use super::limits::{Exhausted, PoolPermit};
use super::robot::who;
use super::socket::{Budget, CloseFrame, Message, Socket, Upgrade};
use super::state::AppState;
use super::status;

/// The largest message of a client, in bytes.
const LARGEST_MESSAGE: usize = 512;
/// A client sends pongs, and a stop that is repeated until it is confirmed.
const BUDGET: Budget = Budget { rate: 4 * 1024, burst: 16 * 1024 };
const PING: Duration = Duration::from_secs(10);
/// After this time without an event, `alive` is sent. The panel treats a socket as half open after 8 s of silence.
const QUIET: Duration = Duration::from_secs(2);
/// Shortest interval between two level events.
const LEVELS: Duration = Duration::from_millis(200);
/// Silence, as the contract defines it.
const SILENCE_DB: f32 = -90.0;
/// A socket that has received nothing for this long is closed.
const DEAD: Duration = Duration::from_secs(25);
/// A client that does not take a message for this long is closed too.
const STUCK: Duration = Duration::from_secs(10);
/// Close code: the session has ended, sign in again.
const SIGNED_OUT: u16 = 4401;
/// Close code: the daemon stops, reconnect.
const GOING_AWAY: u16 = 1001;
/// Close code: another sign-in needs the socket.
const TRY_LATER: u16 = 1013;

/// A WebSocket that sends a snapshot, then each section of the status when it changes.
///
/// The client may send `StopMessage`s: they are carried out like `POST /api/v1/robot/stop` and `/estop`, and never refused.
/// Closed with 4401 when the session ends, with 1013 when a sign-in with fewer sockets needs this one's room, with 1001 when
/// the daemon stops.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "events",
    tag = "status",
    responses(
        (status = 101, description = "Text messages: the daemon's are each an `Event`, the client's a `StopMessage`", body = Event),
        (status = 503, description = "Too many sockets, of this sign-in or in all"),
    )
)]
pub(super) async fn events(
    State(state): State<AppState>,
    Caller(identity): Caller,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let permit = state.event_sockets.permit(identity.owner()).map_err(|exhausted| match exhausted {
        Exhausted::Share => ApiError::busy("this sign-in has too many event sockets open"),
        Exhausted::Pool => ApiError::busy("too many event sockets are open"),
    })?;
    Ok(upgrade.serve(LARGEST_MESSAGE, BUDGET, move |socket| serve(state, identity, socket, permit)))
}

async fn serve(state: AppState, identity: Identity, socket: Socket, permit: PoolPermit) {
    let (sink, mut stream) = socket.split();
    let (signed_out, displaced) = (identity.ended(), permit.ended());
    let shutdown = state.handles.shutdown.clone();
    let mut feed = Feed::new(state.clone(), identity.clone(), sink);
    let frame = tokio::select! {
        // A client that takes nothing must not outlive its session, so both halves are dropped.
        biased;
        () = signed_out.cancelled() => close(SIGNED_OUT, "signed out"),
        () = shutdown.cancelled() => close(GOING_AWAY, "stopping"),
        () = displaced.cancelled() => close(TRY_LATER, "another sign-in needs the socket"),
        // Two halves: a client that takes nothing does not keep its stop from being received.
        () = receive(&state, &identity, &mut stream) => return,
        () = feed.run() => return,
    };
    // The close handshake is best effort: a client that does not answer is dropped.
    let _ = timeout(Duration::from_secs(1), feed.sink.send(Message::Close(Some(frame)))).await;
}

fn close(code: u16, reason: &'static str) -> CloseFrame {
    CloseFrame { code: code.into(), reason: reason.into() }
}

/// Carries out the client's stops, until it is gone or silent.
async fn receive(state: &AppState, identity: &Identity, stream: &mut SplitStream<Socket>) {
    while let Ok(Some(Ok(message))) = timeout(DEAD, stream.next()).await {
        match message {
            Message::Close(_) => return,
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(StopMessage::Stop) => state.handles.robot.stop(&who(identity)),
                Ok(StopMessage::Estop) => state.handles.robot.estop_now(&who(identity)),
                // A newer page may say more than this daemon knows.
                Err(_) => {}
            },
            _ => {}
        }
    }
}

/// The daemon's half of an open socket.
struct Feed {
    state: AppState,
    identity: Identity,
    sink: SplitSink<Socket, Message>,
    sent: Status,
    sent_at: Instant,
}

impl Feed {
    fn new(state: AppState, identity: Identity, sink: SplitSink<Socket, Message>) -> Self {
        let sent = status::now(&state);
        Self { state, identity, sink, sent, sent_at: Instant::now() }
    }

    async fn run(&mut self) {
        let mut media = self.state.handles.media.subscribe();
        let mut config = self.state.handles.config_status.clone();
        let mut robot = self.state.handles.robot.subscribe();
        let mut recording = self.state.handles.recordings.subscribe();
        let mut sound = self.state.handles.media.audio.sound();
        let mut speech = self.state.handles.speech.subscribe();
        let mut talker = self.state.talk.subscribe();
        let mut presence = self.state.handles.presence.clone();
        media.mark_unchanged();
        config.mark_unchanged();
        robot.mark_unchanged();
        recording.mark_unchanged();
        sound.mark_unchanged();
        speech.mark_unchanged();
        talker.mark_unchanged();
        presence.mark_unchanged();
        // Read after the marks, so that no change is lost between.
        self.sent = status::now(&self.state);
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
                Ok(()) = config.changed() => self.send_changes().await,
                Ok(()) = robot.changed() => self.send_changes().await,
                Ok(()) = recording.changed() => self.send_changes().await,
                Ok(()) = sound.changed() => self.send_changes().await,
                Ok(()) = speech.changed() => self.send_changes().await,
                Ok(()) = talker.changed() => self.send_changes().await,
                Ok(()) = presence.changed() => self.send_changes().await,
                _ = levels.tick() => {
                    let now = *self.state.handles.media.audio.levels().borrow();
                    match meter.read(now) {
                        Some(levels) => self.send(&Event::Levels { levels }).await,
                        None => ControlFlow::Continue(()),
                    }
                }
                () = sleep_until(self.sent_at + QUIET) => self.send(&Event::Alive).await,
                _ = pings.tick() => self.ping().await,
            };
            if went_on.is_break() {
                return;
            }
        }
    }

    /// Compares with the last sent status, not with the last current one: a reader slower than the changes skips versions.
    async fn send_changes(&mut self) -> ControlFlow<()> {
        let now = status::now(&self.state);
        for event in changes(&self.sent, &now) {
            self.send(&event).await?;
        }
        self.sent = now;
        ControlFlow::Continue(())
    }

    async fn send(&mut self, event: &Event) -> ControlFlow<()> {
        self.sent_at = Instant::now();
        match serde_json::to_string(event) {
            Ok(text) => self.put(Message::Text(text.into())).await,
            Err(error) => {
                tracing::error!(%error, "an event could not be serialized");
                ControlFlow::Break(())
            }
        }
    }

    async fn ping(&mut self) -> ControlFlow<()> {
        self.state.handles.auth.touch(self.identity.owner());
        self.put(Message::Ping(bytes::Bytes::new())).await
    }

    async fn put(&mut self, message: Message) -> ControlFlow<()> {
        match timeout(STUCK, self.sink.send(message)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(()),
        }
    }
}

/// The sections that differ, each whole. Every field of the status is named, so that a new one cannot be forgotten here.
fn changes(last: &Status, now: &Status) -> Vec<Event> {
    let Status {
        version,
        mediamtx_version,
        started_at,
        machine,
        streaming,
        readiness,
        config,
        devices,
        encoder,
        processes,
        streams,
        recording,
        robot,
        voice,
        presence,
    } = now;
    // These have no section of their own, so a snapshot is sent.
    if (&last.version, &last.mediamtx_version, &last.started_at) != (version, mediamtx_version, started_at) {
        return vec![Event::Snapshot { status: now.clone() }];
    }
    let mut events = Vec::new();
    if !same_processes(&last.processes, processes) {
        events.push(Event::Processes { processes: processes.clone() });
    }
    if (&last.readiness, &last.streaming) != (readiness, streaming) {
        events.push(Event::Readiness { readiness: readiness.clone(), streaming: *streaming });
    }
    if last.devices != *devices {
        events.push(Event::Devices { devices: devices.clone() });
    }
    if last.streams != *streams {
        events.push(Event::Streams { streams: streams.clone() });
    }
    if last.recording != *recording {
        events.push(Event::Recording { recording: recording.clone() });
    }
    if last.robot != *robot {
        events.push(Event::Robot { robot: robot.clone() });
    }
    if last.voice != *voice {
        events.push(Event::Voice { voice: voice.clone() });
    }
    if last.presence != *presence {
        events.push(Event::Presence { presence: presence.clone() });
    }
    if last.config != *config {
        events.push(Event::Config { config: config.clone() });
    }
    if last.encoder != *encoder {
        events.push(Event::Encoder { encoder: encoder.clone() });
    }
    if !same_machine(&last.machine, machine) {
        events.push(Event::Machine { machine: machine.clone() });
    }
    events
}

/// Whether nothing but times and the temperature differs: time going by is no change, and a degree no news.
fn same_machine(last: &Machine, now: &Machine) -> bool {
    let Machine { uptime_s: _, motion_age_ms: _, overload, board } = now;
    let told = |board: &Board| (board.throttled, board.under_voltage);
    last.overload == *overload && told(&last.board) == told(board)
}

/// Decides when levels are sent: while there is sound, and once when it ends.
#[derive(Default)]
struct Meter {
    last: Option<Levels>,
}

impl Meter {
    fn read(&mut self, now: Levels) -> Option<Levels> {
        let audible = |db: Option<f32>| db.is_some_and(|db| db > SILENCE_DB);
        let any = audible(now.speaker_db) || audible(now.microphone_db);
        if !any && self.last.is_none_or(|last| last == now) {
            // Initial silence is not sent. It is stored, so that a later change of a device is.
            self.last = Some(now);
            return None;
        }
        self.last = Some(now);
        Some(now)
    }
}

/// Whether nothing but uptimes differs: time going by is no change.
fn same_processes(last: &[Process], now: &[Process]) -> bool {
    let timeless = |process: &Process| Process { uptime_s: None, ..process.clone() };
    last.len() == now.len() && last.iter().zip(now).all(|(last, now)| timeless(last) == timeless(now))
}
