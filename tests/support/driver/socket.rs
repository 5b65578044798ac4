//! The drive socket: opens it, sends what the driver does, and records what arrives.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use havatar_api::{DriveEvent, DriveMessage, StepMove};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::clock::Moment;

use super::record::{ReceivedEvent, Shared};

/// Between two messages of a held control.
const REPEAT: Duration = Duration::from_millis(50);

/// Where a drive socket is opened, and by whom.
#[derive(Debug, Clone)]
pub struct Way {
    /// Where to connect: the daemon, or whatever stands before it.
    pub address: SocketAddr,
    /// The daemon's own host and port.
    pub host: String,
    /// Header and value that prove who is there.
    pub proof: (&'static str, String),
}

/// What is repeated twenty times a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Hand {
    /// Nothing.
    Silent,
    /// The driver is there.
    Alive,
    /// A control is held.
    Hold { linear: f64, angular: f64 },
    /// Full speed ahead, each message with a turn of its own: 101 of them, one after the other.
    Wander,
    /// A latch is on.
    Latch { press: u64, linear: f64, angular: f64, for_ms: u32 },
}

/// What the driver is asked to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Said once, with a stamp where there is one.
    Say(Say),
    /// This text.
    Text(String),
    /// Repeated from now on.
    Hand(Hand),
    /// The end of the connection.
    Close,
}

/// A message that is sent once.
#[derive(Debug, Clone, Copy)]
pub(super) enum Say {
    Neutral,
    Stop,
    Estop,
    Step { press: u64, step: StepMove },
}

/// Opens a WebSocket to the drive route.
pub(crate) async fn connect(way: &Way) -> Result<WebSocketStream<TcpStream>, Error> {
    let mut request = format!("ws://{}/api/v1/robot/drive", way.host).into_client_request()?;
    let origin = format!("http://{}", way.host);
    for (name, value) in [(way.proof.0, &way.proof.1), ("origin", &origin)] {
        request.headers_mut().insert(name, value.parse().expect("a header"));
    }
    let stream = TcpStream::connect(way.address).await?;
    stream.set_nodelay(true)?;
    Ok(client_async(request, stream).await?.0)
}

pub(super) fn text(message: &DriveMessage) -> Message {
    Message::text(serde_json::to_string(message).expect("JSON"))
}

/// Serves the connection until its end.
pub(super) async fn live(
    mut socket: WebSocketStream<TcpStream>,
    mut hand: Hand,
    mut inbox: mpsc::Receiver<Order>,
    shared: Arc<Shared>,
) {
    let mut tick = tokio::time::interval(REPEAT);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut broken = false;
    let end = loop {
        let message = tokio::select! {
            biased;
            came = socket.next() => match came {
                Some(Ok(Message::Text(text))) => {
                    receive(&shared, &text);
                    continue;
                }
                Some(Ok(Message::Close(frame))) => {
                    break frame.map_or_else(|| "closed".to_owned(), |frame| u16::from(frame.code).to_string());
                }
                Some(Ok(_)) => continue,
                Some(Err(error)) => break error.to_string(),
                None => break "ended".to_owned(),
            },
            order = inbox.recv() => match order {
                Some(Order::Say(say)) => Some(say.message(&shared)),
                Some(Order::Text(said)) => {
                    broken |= socket.send(Message::text(said)).await.is_err();
                    continue;
                }
                Some(Order::Hand(new)) => {
                    hand = new;
                    tick.reset();
                    hand.message(&shared)
                }
                Some(Order::Close) | None => {
                    let _ = socket.close(None).await;
                    break "closed by the driver".to_owned();
                }
            },
            _ = tick.tick() => hand.message(&shared),
        };
        let Some(message) = message else { continue };
        // Once sending fails, what arrived before is still read.
        if !broken {
            shared.note(&message);
            broken = socket.send(text(&message)).await.is_err();
        }
    };
    shared.lock().ended.get_or_insert((Moment::now(), end));
}

impl Hand {
    fn message(self, shared: &Shared) -> Option<DriveMessage> {
        // Silence takes no number.
        let at = (self != Self::Silent).then(|| shared.stamp())?;
        Some(match self {
            Self::Silent | Self::Alive => DriveMessage::Alive { at },
            Self::Hold { linear, angular } => DriveMessage::Hold { at, linear, angular },
            Self::Wander => DriveMessage::Hold { at, linear: 1.0, angular: wandering(at.seq) },
            Self::Latch { press, linear, angular, for_ms } => {
                DriveMessage::Latch { at, press, linear, angular, for_ms, stop_reachable: true }
            }
        })
    }
}

impl Say {
    fn message(self, shared: &Shared) -> DriveMessage {
        match self {
            Self::Neutral => DriveMessage::Neutral { at: shared.stamp() },
            Self::Stop => DriveMessage::Stop,
            Self::Estop => DriveMessage::Estop,
            Self::Step { press, step } => DriveMessage::Step { at: shared.stamp(), press, step },
        }
    }
}

/// The turn of a message of [`Hand::Wander`], -1 to 1 in steps of 0.02.
fn wandering(seq: u64) -> f64 {
    let step = u8::try_from(seq * 37 % 101).expect("below 101");
    (f64::from(step) - 50.0) / 50.0
}

fn receive(shared: &Shared, text: &str) {
    let at = Moment::now();
    let event: DriveEvent = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let now_ms = shared.now_ms();
    let mut record = shared.lock();
    if let DriveEvent::Beat { n } = event {
        (record.beat, record.beat_ms) = (n, now_ms);
    }
    record.received.push(ReceivedEvent { at, event });
}
