//! The drive socket: the deadman's handle. When this task ends, for whatever reason, the drive session is dropped and the
//! wheels stop.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use havatar_api::{DriveEvent, DriveMessage, Refusal, RobotState};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::auth::Identity;
use crate::http::error::ApiError;
use crate::http::extract::Caller;
use crate::http::limits::{Exhausted, TokenBucket};
use crate::http::socket::{Budget, CloseFrame, Message, Socket, Upgrade};
use crate::http::state::AppState;
use crate::robot::{DriveSession, refusal_message};

use super::who;

/// The largest message, in bytes.
const LARGEST: usize = 512;
/// Sixty messages a second of the usual length, and what a network that stood still for seconds lets through at once.
const BUDGET: Budget = Budget { rate: 32 * 1024, burst: 96 * 1024 };
/// How long the first message may take.
const HELLO_WITHIN: Duration = Duration::from_secs(2);
/// A client that does not take a message for this long is dropped: it would drive blind.
const STUCK: Duration = Duration::from_millis(500);
/// How long the client may take to close its side.
const FAREWELL: Duration = Duration::from_secs(1);
/// Messages a second, and how many may come at once.
const RATE: f64 = 60.0;
const BURST: f64 = 20.0;
/// Refusals that wait to be told; further ones are left out.
const REFUSALS: usize = 4;
/// Between two refusals that are told.
const TELL_EVERY: Duration = Duration::from_millis(50);
/// Between two beats.
const BEAT: Duration = Duration::from_millis(100);
/// How often `state` is sent unless asked otherwise, and at most.
const STATE_HZ: u8 = 5;
const MOST_HZ: u8 = 20;

const SIGNED_OUT: u16 = 4401;
const LEASE_ENDED: u16 = 4409;
const BROKE_RULES: u16 = 1008;
const GOING_AWAY: u16 = 1001;
const TRY_LATER: u16 = 1013;

/// The driver's WebSocket: each text message of the client is a `DriveMessage`, each of the robot's a `DriveEvent`.
///
/// docs/driving.md says what they mean. Closed with 4401 when the sign-in ends, 4409 when the lease does, 1008 for a
/// message that breaks the rules, 1013 when a sign-in with fewer sockets needs this one's room, 1001 when the daemon stops.
#[utoipa::path(
    get,
    path = "/api/v1/robot/drive",
    operation_id = "robot_drive",
    tag = "robot",
    responses(
        (status = 101, description = "Text messages: the client's are each a `DriveMessage`, the robot's a `DriveEvent`", body = DriveEvent),
        (status = 503, description = "Too many sockets, of this sign-in or in all"),
    )
)]
pub(in super::super) async fn drive(
    State(state): State<AppState>,
    Caller(identity): Caller,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let permit = state.drive_sockets.permit(identity.owner()).map_err(|exhausted| match exhausted {
        Exhausted::Share => ApiError::busy("this sign-in has too many drive sockets open"),
        Exhausted::Pool => ApiError::busy("too many drive sockets are open"),
    })?;
    Ok(upgrade.serve(LARGEST, BUDGET, move |socket| async move {
        serve(&state, &identity, socket, &permit.ended()).await;
    }))
}

/// Why a socket is closed.
type Close = CloseFrame;

fn close(code: u16, reason: &'static str) -> Close {
    CloseFrame { code: code.into(), reason: reason.into() }
}

async fn serve(state: &AppState, identity: &Identity, socket: Socket, displaced: &CancellationToken) {
    let (mut sink, mut stream) = socket.split();
    let (shutdown, signed_out) = (state.handles.shutdown.clone(), identity.ended());
    let ended = tokio::select! {
        biased;
        () = signed_out.cancelled() => Some(close(SIGNED_OUT, "signed out")),
        () = shutdown.cancelled() => Some(close(GOING_AWAY, "stopping")),
        () = displaced.cancelled() => Some(close(TRY_LATER, "another sign-in needs the socket")),
        ended = converse(state, identity, &mut sink, &mut stream) => ended,
    };
    // The drive session is dropped by now, which has stopped the wheels. The close handshake is a courtesy.
    if let Some(frame) = ended
        && timeout(STUCK, sink.send(Message::Close(Some(frame)))).await.is_ok()
    {
        // What is still under way is taken off the line: a connection that is closed over it is reset, and the
        // reason with it. Of all that, an e-stop counts, whatever became of the session.
        let rest = async {
            while let Some(Ok(message)) = stream.next().await {
                if is_estop(&message) {
                    state.handles.robot.estop(&who(identity)).await;
                }
            }
        };
        let _ = timeout(FAREWELL, rest).await;
    }
}

fn is_estop(message: &Message) -> bool {
    matches!(message, Message::Text(text) if matches!(read(text), Some(DriveMessage::Estop)))
}

/// From hello to the end. The drive session lives in here.
async fn converse(
    state: &AppState,
    identity: &Identity,
    sink: &mut SplitSink<Socket, Message>,
    stream: &mut SplitStream<Socket>,
) -> Option<Close> {
    let (token, rate) = match hello(stream).await {
        Ok(hello) => hello,
        Err(frame) => return frame,
    };
    let session = match state.handles.robot.open_drive_session(&who(identity), &token) {
        Ok(session) => session,
        Err(error) => {
            let ended = DriveEvent::Ended { code: error.refusal, driver: None };
            let _ = put(sink, &ended).await;
            return Some(close(LEASE_ENDED, "no such lease"));
        }
    };
    let (refusals, refused) = mpsc::channel(REFUSALS);
    let over = session.ended();
    // Two halves of one task: a client that takes nothing does not keep us from hearing it.
    let ended = tokio::select! {
        biased;
        () = over.cancelled() => {
            let (code, driver) = session.end_reason();
            drop(session);
            let _ = put(sink, &DriveEvent::Ended { code, driver }).await;
            return Some(close(LEASE_ENDED, "the lease has ended"));
        }
        ended = hear(state, identity, &session, stream, &refusals) => ended,
        () = tell(&session, state.handles.robot.subscribe(), rate, sink, refused) => None,
    };
    drop(session);
    let (code, reason) = ended?;
    let _ =
        put(sink, &DriveEvent::Refused { seq: None, code, detail: refusal_message(code).to_owned() }).await;
    Some(close(BROKE_RULES, reason))
}

/// The first message: the token, and how often the state is wanted.
async fn hello(stream: &mut SplitStream<Socket>) -> Result<(String, u8), Option<Close>> {
    let broken = |reason| Err(Some(close(BROKE_RULES, reason)));
    let first = tokio::select! {
        first = stream.next() => first,
        () = tokio::time::sleep(HELLO_WITHIN) => return broken("no hello"),
    };
    let Some(Ok(Message::Text(text))) = first else {
        return if first.is_none() { Err(None) } else { broken("hello must be the first message") };
    };
    match read(&text) {
        Some(DriveMessage::Hello { token, rate_hz }) => {
            Ok((token, rate_hz.unwrap_or(STATE_HZ).clamp(1, MOST_HZ)))
        }
        _ => broken("hello must be the first message"),
    }
}

/// Takes what the driver says, as it comes. Which rule was broken at the end, if one was.
async fn hear(
    state: &AppState,
    identity: &Identity,
    session: &DriveSession,
    stream: &mut SplitStream<Socket>,
    refusals: &mpsc::Sender<(Option<u64>, Refusal)>,
) -> Option<(Refusal, &'static str)> {
    let mut bucket = TokenBucket::new(RATE, BURST, Instant::now());
    let mut touched = Instant::now();
    loop {
        let message = match stream.next().await {
            None | Some(Ok(Message::Close(_))) => return None,
            // Too large, or no WebSocket at all.
            Some(Err(_)) => return Some((Refusal::BadMessage, "unreadable")),
            Some(Ok(message)) => message,
        };
        let now = Instant::now();
        if !bucket.take(now) {
            session.fault();
            // A burst is what a network that stood still lets through, and the last word of it may be this.
            if is_estop(&message) {
                let _ = session.receive(&DriveMessage::Estop);
            }
            return Some((Refusal::Flood, "too many messages"));
        }
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => continue,
            _ => {
                session.fault();
                return Some((Refusal::BadMessage, "text messages only"));
            }
        };
        let Some(message) = read(&text) else {
            session.fault();
            return Some((Refusal::BadMessage, "a message cannot be read"));
        };
        if let Err(refusal) = session.receive(&message) {
            // Nobody waits for this: a client that sends much that is wrong is told of some of it.
            let _ = refusals.try_send((message.seq(), refusal));
        }
        if now.duration_since(touched) >= Duration::from_secs(10) {
            touched = now;
            state.handles.auth.touch(identity.owner());
        }
    }
}

/// A message in the one form that is described: serde alone would also take lists for objects, by position.
fn read(text: &str) -> Option<DriveMessage> {
    let form: serde_json::Value = serde_json::from_str(text).ok()?;
    let described = form.is_object() && form.get("at").is_none_or(serde_json::Value::is_object);
    // Read anew, for the form has lost what was said twice.
    if described { serde_json::from_str(text).ok() } else { None }
}

/// Tells the driver what is new, until they no longer take it.
async fn tell(
    session: &DriveSession,
    mut states: watch::Receiver<Arc<RobotState>>,
    rate: u8,
    sink: &mut SplitSink<Socket, Message>,
    mut refused: mpsc::Receiver<(Option<u64>, Refusal)>,
) {
    let every = Duration::from_secs(1) / u32::from(rate);
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = states.borrow_and_update().clone();
    let mut state_due = Instant::now();
    let mut refusal_due = Instant::now();
    let mut asked = None;
    if put(sink, &session.welcome()).await.is_err() {
        return;
    }
    loop {
        let event = tokio::select! {
            biased;
            _ = beats.tick() => match session.beat() {
                Some(n) => DriveEvent::Beat { n },
                None => return std::future::pending().await,
            },
            changed = states.changed() => {
                if changed.is_err() {
                    return;
                }
                let state = states.borrow_and_update().clone();
                let urgent = matters(&told) != matters(&state);
                told = state;
                let asking = session.requested_by();
                if asking != asked {
                    asked.clone_from(&asking);
                    if let Some(who) = asking
                        && put(sink, &DriveEvent::Asked { who }).await.is_err()
                    {
                        return;
                    }
                }
                if !urgent && Instant::now() < state_due {
                    continue;
                }
                state_due = Instant::now() + every;
                DriveEvent::State { robot: (*told).clone() }
            }
            Some((seq, code)) = async {
                sleep_until(refusal_due).await;
                refused.recv().await
            } => {
                refusal_due = Instant::now() + TELL_EVERY;
                DriveEvent::Refused { seq, code, detail: refusal_message(code).to_owned() }
            }
        };
        if put(sink, &event).await.is_err() {
            return;
        }
    }
}

/// What the driver is told at once when it changes.
fn matters(state: &RobotState) -> impl PartialEq + use<> {
    let motion = &state.motion;
    (
        (motion.mode, motion.stopped, motion.refusal, motion.neutral_first),
        (motion.limit.percent, motion.limit.steps_only),
        (state.estop.latched, state.estop.button, state.estop.confirmed),
        state.link.state,
    )
}

async fn put(sink: &mut SplitSink<Socket, Message>, event: &DriveEvent) -> Result<(), ()> {
    let text = serde_json::to_string(event).map_err(|error| {
        tracing::error!(%error, "a drive event could not be worded");
    })?;
    match timeout(STUCK, sink.send(Message::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}
