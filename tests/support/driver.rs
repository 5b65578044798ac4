//! A driver, as `docs/driving.md` describes one: a lease, a socket, stamps, and a hand that keeps saying so.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use havatar_api::{DriveEvent, DriveMessage, Refusal, RobotState, Stamp, StepMove};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::clock::Moment;
use crate::wait;

/// Between two messages of a held control.
const REPEAT: Duration = Duration::from_millis(50);
/// What a driver with a good picture reports.
const GOOD_PICTURE_MS: f64 = 40.0;

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

/// What the driver's hand does, twenty times a second.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hand {
    /// Nothing is said at all.
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

/// A message with a stamp that was sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// When.
    pub at: Moment,
    /// Its number.
    pub seq: u64,
    /// The shares of speed and turn that it asks for, if it is one that drives.
    pub shares: Option<(f64, f64)>,
}

/// What came on the socket.
#[derive(Debug, Clone)]
pub struct Heard {
    /// When.
    pub at: Moment,
    /// What.
    pub event: DriveEvent,
}

/// A live driver. Dropped, its connection is cut without a word.
#[derive(Debug)]
pub struct Driver {
    /// The lease's number.
    pub lease: u64,
    /// The lease's secret.
    pub token: String,
    shared: Arc<Shared>,
    orders: mpsc::Sender<Order>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
enum Order {
    /// Said once, with a stamp where there is one.
    Say(Say),
    Text(String),
    Hand(Hand),
    Close,
}

#[derive(Debug, Clone, Copy)]
enum Say {
    Neutral,
    Stop,
    Estop,
    Step { press: u64, step: StepMove },
}

#[derive(Debug)]
struct Shared {
    record: Mutex<Record>,
    /// The driver's own clock has a zero of its own.
    zero_ms: f64,
}

#[derive(Debug, Default)]
struct Record {
    sent: Vec<Sent>,
    heard: Vec<Heard>,
    /// Why the socket ended: the close code, or what broke.
    ended: Option<(Moment, String)>,
    seq: u64,
    press: u64,
    beat: u64,
    beat_ms: f64,
    picture_ms: Option<f64>,
}

impl Driver {
    /// Opens the drive socket for a lease and waits for the welcome.
    ///
    /// # Panics
    /// If it is not welcome.
    pub async fn sit(way: &Way, lease: u64, token: &str) -> Self {
        let driver = Self::open(way, lease, token).await.expect("the drive socket opens");
        assert!(driver.is_welcome().await, "the drive socket ended: {:?}", driver.ended());
        driver
    }

    /// Waits for the first beat, without which no message has an age. False if the socket ends before.
    pub async fn is_welcome(&self) -> bool {
        wait::eventually(Duration::from_secs(5), "the driver hears a beat, or is shown out", async || {
            let record = self.shared.lock();
            (record.beat > 0 || record.ended.is_some()).then_some(record.ended.is_none())
        })
        .await
    }

    /// The same, without waiting for anything but the upgrade.
    pub async fn open(way: &Way, lease: u64, token: &str) -> Result<Self, Error> {
        let mut socket = connect(way).await?;
        let hello = DriveMessage::Hello { token: token.to_owned(), rate_hz: Some(20) };
        socket.send(text(&hello)).await?;
        Ok(Self::upon(socket, Hand::Alive, lease, token))
    }

    /// Somebody who opens a drive socket and says nothing at all.
    ///
    /// # Panics
    /// If it does not open.
    pub async fn mute(way: &Way) -> Self {
        Self::upon(connect(way).await.expect("the upgrade"), Hand::Silent, 0, "")
    }

    fn upon(socket: WebSocketStream<TcpStream>, hand: Hand, lease: u64, token: &str) -> Self {
        let shared = Arc::new(Shared {
            record: Mutex::new(Record { picture_ms: Some(GOOD_PICTURE_MS), ..Record::default() }),
            zero_ms: Moment::now().ms() - rand::random_range(0.0..1e7),
        });
        let (orders, inbox) = mpsc::channel(256);
        let task = tokio::spawn(live(socket, hand, inbox, shared.clone()));
        Self { lease, token: token.to_owned(), shared, orders, task }
    }

    /// Holds a control: says so at once, and twenty times a second from then on.
    pub async fn hold(&self, linear: f64, angular: f64) {
        self.order(Order::Hand(Hand::Hold { linear, angular })).await;
    }

    /// Drives ahead, with a turn that tells each message from those of the five seconds around it.
    pub async fn wander(&self) {
        self.order(Order::Hand(Hand::Wander)).await;
    }

    /// Lets go of every control, and stays there.
    pub async fn neutral(&self) {
        self.order(Order::Hand(Hand::Alive)).await;
        self.order(Order::Say(Say::Neutral)).await;
    }

    /// Presses a latch; returns the number of the press.
    pub async fn latch(&self, linear: f64, angular: f64, for_ms: u32) -> u64 {
        let press = self.next_press();
        self.order(Order::Hand(Hand::Latch { press, linear, angular, for_ms })).await;
        press
    }

    /// Presses for one bounded move and keeps it alive; returns the number of the press.
    pub async fn step(&self, step: StepMove) -> u64 {
        let press = self.next_press();
        self.order(Order::Hand(Hand::Alive)).await;
        self.order(Order::Say(Say::Step { press, step })).await;
        press
    }

    /// Is there, and says nothing else.
    pub async fn alive(&self) {
        self.order(Order::Hand(Hand::Alive)).await;
    }

    /// Says nothing any more, with the socket open.
    pub async fn silent(&self) {
        self.order(Order::Hand(Hand::Silent)).await;
    }

    /// Stop.
    pub async fn stop(&self) {
        self.order(Order::Hand(Hand::Alive)).await;
        self.order(Order::Say(Say::Stop)).await;
    }

    /// E-stop.
    pub async fn estop(&self) {
        self.order(Order::Hand(Hand::Alive)).await;
        self.order(Order::Say(Say::Estop)).await;
    }

    /// Says this text, whatever it is.
    pub async fn say(&self, text: impl Into<String>) {
        self.order(Order::Text(text.into())).await;
    }

    /// Closes the socket as a page does that is left.
    pub async fn close(&self) {
        self.order(Order::Close).await;
    }

    /// What the driver says of the age of their picture from now on.
    pub fn picture(&self, ms: Option<f64>) {
        self.shared.lock().picture_ms = ms;
    }

    /// A stamp for a message that the story writes itself.
    pub fn stamp(&self) -> Stamp {
        self.shared.stamp()
    }

    /// The number of the next press.
    pub fn next_press(&self) -> u64 {
        let mut record = self.shared.lock();
        record.press += 1;
        record.press
    }

    /// Everything that was sent.
    pub fn sent(&self) -> Vec<Sent> {
        self.shared.lock().sent.clone()
    }

    /// Everything that came since then.
    pub fn heard(&self, since: Moment) -> Vec<Heard> {
        self.shared.lock().heard.iter().filter(|heard| heard.at >= since).cloned().collect()
    }

    /// Refusals since then.
    pub fn refusals(&self, since: Moment) -> Vec<Refusal> {
        let heard = self.heard(since);
        heard
            .into_iter()
            .filter_map(|heard| match heard.event {
                DriveEvent::Refused { code, .. } => Some(code),
                _ => None,
            })
            .collect()
    }

    /// The robot as it was last told of.
    pub fn state(&self) -> Option<RobotState> {
        self.shared.lock().heard.iter().rev().find_map(|heard| match &heard.event {
            DriveEvent::State { robot } => Some(robot.clone()),
            _ => None,
        })
    }

    /// When and how the socket ended.
    pub fn ended(&self) -> Option<(Moment, String)> {
        self.shared.lock().ended.clone()
    }

    /// Waits for the first event since then of which `pick` makes something.
    ///
    /// # Panics
    /// If there is none within the time.
    pub async fn hears<T>(
        &self,
        since: Moment,
        within: Duration,
        what: &str,
        pick: impl Fn(&DriveEvent) -> Option<T>,
    ) -> (Moment, T) {
        let found = wait::in_time(within, async || {
            self.heard(since).iter().find_map(|heard| Some((heard.at, pick(&heard.event)?)))
        })
        .await;
        found.unwrap_or_else(|| {
            panic!("the driver does not hear within {within:?}: {what}\n{}", self.last_words(since))
        })
    }

    /// Waits for a state since then that is as `is` says.
    pub async fn sees(
        &self,
        since: Moment,
        within: Duration,
        what: &str,
        is: impl Fn(&RobotState) -> bool,
    ) -> RobotState {
        let pick = |event: &DriveEvent| match event {
            DriveEvent::State { robot } if is(robot) => Some(robot.clone()),
            _ => None,
        };
        self.hears(since, within, what, pick).await.1
    }

    /// Waits for a refusal since then.
    pub async fn refused(&self, since: Moment, refusal: Refusal) {
        let pick = |event: &DriveEvent| {
            matches!(event, DriveEvent::Refused { code, .. } if *code == refusal).then_some(())
        };
        self.hears(since, Duration::from_secs(3), &format!("{refusal:?}"), pick).await;
    }

    /// Waits for the end of the socket.
    ///
    /// # Panics
    /// If it does not end within the time.
    pub async fn ends(&self, within: Duration) -> (Moment, String) {
        wait::eventually(within, "the drive socket ends", async || self.ended()).await
    }

    fn last_words(&self, since: Moment) -> String {
        let record = self.shared.lock();
        let refused =
            record.heard.iter().filter(|heard| heard.at >= since).filter_map(|heard| match &heard.event {
                DriveEvent::Refused { code, detail, .. } => Some(format!("{code:?}: {detail}")),
                DriveEvent::Ended { code, .. } => Some(format!("ended: {code:?}")),
                _ => None,
            });
        let refused: Vec<String> = refused.take(5).collect();
        drop(record);
        let state = self.state().map(|state| (state.link, state.motion, state.estop));
        format!("refusals {refused:?}, socket {:?}, state {state:#?}", self.ended())
    }

    async fn order(&self, order: Order) {
        // The task is gone when the socket is: what is said then is said to nobody, as in life.
        let _ = self.orders.send(order).await;
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> f64 {
        Moment::now().ms() - self.zero_ms
    }

    fn stamp(&self) -> Stamp {
        let mut record = self.lock();
        record.seq += 1;
        Stamp {
            seq: record.seq,
            t: self.now_ms(),
            beat: record.beat,
            beat_t: record.beat_ms,
            picture_ms: record.picture_ms,
        }
    }

    fn note(&self, message: &DriveMessage) {
        let (at, shares) = match message {
            DriveMessage::Hold { at, linear, angular } | DriveMessage::Latch { at, linear, angular, .. } => {
                (at, Some((*linear, *angular)))
            }
            DriveMessage::Step { at, .. } | DriveMessage::Alive { at } | DriveMessage::Neutral { at } => {
                (at, None)
            }
            DriveMessage::Hello { .. } | DriveMessage::Stop | DriveMessage::Estop => return,
        };
        self.lock().sent.push(Sent { at: Moment::now(), seq: at.seq, shares });
    }
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

/// The turn of a message of [`Hand::Wander`], -1 to 1 in steps of 0.02.
fn wandering(seq: u64) -> f64 {
    let step = u8::try_from(seq * 37 % 101).expect("below 101");
    (f64::from(step) - 50.0) / 50.0
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

fn text(message: &DriveMessage) -> Message {
    Message::text(serde_json::to_string(message).expect("JSON"))
}

async fn live(
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
                    hear(&shared, &text);
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
        // Once nothing can be said any more, what the robot said last is still read.
        if !broken {
            shared.note(&message);
            broken = socket.send(text(&message)).await.is_err();
        }
    };
    shared.lock().ended.get_or_insert((Moment::now(), end));
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

fn hear(shared: &Shared, text: &str) {
    let at = Moment::now();
    let event: DriveEvent = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let now_ms = shared.now_ms();
    let mut record = shared.lock();
    if let DriveEvent::Beat { n } = event {
        (record.beat, record.beat_ms) = (n, now_ms);
    }
    record.heard.push(Heard { at, event });
}
