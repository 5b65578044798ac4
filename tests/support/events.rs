//! The events socket, with the moment at which each event came.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use havatar_api::{Event, Process};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::wait;

/// An open events socket. Events are kept from the first on.
#[derive(Debug)]
pub struct Events {
    seen: Arc<Mutex<Vec<(Instant, Event)>>>,
    task: JoinHandle<()>,
}

impl Events {
    pub(crate) async fn open(origin: &str, token: &str) -> Self {
        let url = format!("{}/api/v1/events", origin.replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a WebSocket address");
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        let (mut socket, _) = connect_async(request).await.expect("the events socket opens");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn({
            let seen = seen.clone();
            async move {
                while let Some(Ok(message)) = socket.next().await {
                    let at = Instant::now();
                    let Ok(text) = message.into_text() else { continue };
                    if let Ok(event) = serde_json::from_str(&text) {
                        seen.lock().unwrap_or_else(PoisonError::into_inner).push((at, event));
                    }
                }
            }
        });
        let events = Self { seen, task };
        events.first(Instant::now(), Duration::from_secs(5), "a snapshot", |_| Some(())).await;
        events
    }

    /// Everything so far.
    pub fn all(&self) -> Vec<(Instant, Event)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first event at or after `since` of which `pick` makes something, and when it came. What came before
    /// `since` counts only as long as it is the snapshot that opens the socket.
    ///
    /// # Panics
    /// If there is none within the time.
    pub async fn first<T>(
        &self,
        since: Instant,
        within: Duration,
        what: &str,
        pick: impl Fn(&Event) -> Option<T>,
    ) -> (Instant, T) {
        wait::eventually(within, &format!("the events tell: {what}"), async || {
            self.all().iter().filter(|(at, _)| *at >= since).find_map(|(at, event)| Some((*at, pick(event)?)))
        })
        .await
    }

    /// The first event since then by which a process is as `is` says.
    pub async fn process(
        &self,
        since: Instant,
        within: Duration,
        name: &str,
        is: impl Fn(&Process) -> bool,
    ) -> (Instant, Process) {
        self.first(since, within, &format!("a change of {name}"), |event| {
            let processes = match event {
                Event::Processes { processes } => processes,
                Event::Snapshot { status } => &status.processes,
                _ => return None,
            };
            processes.iter().find(|process| process.name == name && is(process)).cloned()
        })
        .await
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.task.abort();
    }
}
