//! A driver as `docs/driving.md` describes one: a lease, a drive socket, and stamped messages that are repeated.

mod record;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use havatar_api::{DriveEvent, DriveMessage, Refusal, RobotState, Stamp, StepMove};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;

use crate::clock::Moment;
use crate::wait;

pub use record::{ReceivedEvent, Sent};
pub use socket::Way;

pub(crate) use socket::connect;

use record::Shared;
use socket::{Hand, Order, Say, live, text};

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

impl Driver {
    /// Opens the drive socket for a lease and waits for the welcome.
    ///
    /// # Panics
    /// If it is not welcome.
    pub async fn connect(way: &Way, lease: u64, token: &str) -> Self {
        let driver = Self::open(way, lease, token).await.expect("the drive socket opens");
        assert!(driver.is_welcome().await, "the drive socket ended: {:?}", driver.ended());
        driver
    }

    /// Waits for the first beat, without which no message has an age. False if the socket closes before.
    pub async fn is_welcome(&self) -> bool {
        wait::eventually(Duration::from_secs(5), "a beat is received, or the socket is closed", async || {
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

    /// A client that opens a drive socket and sends nothing.
    ///
    /// # Panics
    /// If it does not open.
    pub async fn mute(way: &Way) -> Self {
        Self::upon(connect(way).await.expect("the upgrade"), Hand::Silent, 0, "")
    }

    fn upon(socket: WebSocketStream<TcpStream>, hand: Hand, lease: u64, token: &str) -> Self {
        let shared = Arc::new(Shared::new());
        let (orders, inbox) = mpsc::channel(256);
        let task = tokio::spawn(live(socket, hand, inbox, shared.clone()));
        Self { lease, token: token.to_owned(), shared, orders, task }
    }

    /// Holds a control: sent at once, and twenty times a second from then on.
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

    /// Sends that it is alive, and nothing else.
    pub async fn alive(&self) {
        self.order(Order::Hand(Hand::Alive)).await;
    }

    /// Sends nothing any more, with the socket open.
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

    /// Sends this text, whatever it is.
    pub async fn say(&self, text: impl Into<String>) {
        self.order(Order::Text(text.into())).await;
    }

    /// Closes the socket as a page does that is left.
    pub async fn close(&self) {
        self.order(Order::Close).await;
    }

    /// The age of the driver's video that is reported from now on.
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

    /// Everything received since then.
    pub fn events_since(&self, since: Moment) -> Vec<ReceivedEvent> {
        self.shared.lock().received.iter().filter(|event| event.at >= since).cloned().collect()
    }

    /// Refusals since then.
    pub fn refusals(&self, since: Moment) -> Vec<Refusal> {
        let events = self.events_since(since);
        events
            .into_iter()
            .filter_map(|event| match event.event {
                DriveEvent::Refused { code, .. } => Some(code),
                _ => None,
            })
            .collect()
    }

    /// The newest state received.
    pub fn state(&self) -> Option<RobotState> {
        self.shared.lock().received.iter().rev().find_map(|event| match &event.event {
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
    pub async fn receives<T>(
        &self,
        since: Moment,
        within: Duration,
        what: &str,
        pick: impl Fn(&DriveEvent) -> Option<T>,
    ) -> (Moment, T) {
        let found = wait::in_time(within, async || {
            self.events_since(since).iter().find_map(|event| Some((event.at, pick(&event.event)?)))
        })
        .await;
        found.unwrap_or_else(|| panic!("not received within {within:?}: {what}\n{}", self.last_words(since)))
    }

    /// Waits for a state since then that is as `is` says.
    pub async fn receives_state(
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
        self.receives(since, within, what, pick).await.1
    }

    /// Waits for a refusal since then.
    pub async fn refused(&self, since: Moment, refusal: Refusal) {
        let pick = |event: &DriveEvent| {
            matches!(event, DriveEvent::Refused { code, .. } if *code == refusal).then_some(())
        };
        self.receives(since, Duration::from_secs(3), &format!("{refusal:?}"), pick).await;
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
            record.received.iter().filter(|event| event.at >= since).filter_map(|event| match &event.event {
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
        // The task ends with the socket; what is sent after that is lost, as on a real network.
        let _ = self.orders.send(order).await;
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.task.abort();
    }
}
