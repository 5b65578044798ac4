//! The task of one supervised process: the only `select!`, between the pure machine and its effects.

use std::mem::discriminant;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::effects::{Effects, completed, next_exit};
use crate::requests::{Reply, Request};
use crate::state::{Event, Machine};
use crate::types::{RequestError, Snapshot, State};

/// Supervises until the token is cancelled or the last handle is dropped, then stops the process.
pub(crate) async fn run(
    effects: Effects,
    published: watch::Sender<Snapshot>,
    mut requests: mpsc::Receiver<Request>,
    cancel: CancellationToken,
) {
    let mut task = Task::new(effects, published);
    let mut closing = false;
    loop {
        let wake = task.wake_at();
        let effects = &mut task.effects;
        let input = tokio::select! {
            biased;
            () = cancel.cancelled(), if !closing => Input::Close,
            request = requests.recv(), if !closing => request.map_or(Input::Close, Input::Request),
            exit = next_exit(&mut effects.group) => Input::Event(Event::Exited { why: exit.why, left: exit.left }),
            answer = completed(&mut effects.preparing) => Input::Event(effects.prepared(answer)),
            answer = completed(&mut effects.spawning) => Input::Event(effects.spawned(answer)),
            () = completed(&mut effects.cleaning_up) => Input::Event(Event::CleanedUp),
            answer = completed(&mut effects.probing) => {
                Input::Event(answer.map_or_else(Event::ProbeFailed, |()| Event::ProbeSucceeded))
            }
            () = wait_until(wake) => Input::Event(Event::Tick),
        };
        // Before the input is judged: it may be late because this program was kept from running.
        task.measure_delay();
        match input {
            Input::Close => {
                closing = true;
                task.handle_event(Event::Stop);
            }
            Input::Request(request) => task.handle_request(request),
            Input::Event(event) => task.handle_event(event),
        }
        task.handle_event(Event::Tick);
        task.probe_if_due();
        if closing && task.machine.state() == State::Stopped {
            break;
        }
    }
}

enum Input {
    Close,
    Request(Request),
    Event(Event),
}

struct Task {
    machine: Machine,
    effects: Effects,
    published: watch::Sender<Snapshot>,
    /// The callers that wait for the end of the stop in progress.
    waiters: Vec<Reply>,
    /// The time at which this task should run again at the latest; set only while a process is judged by its probe.
    heartbeat: Option<Instant>,
    next_probe: Instant,
}

/// Callers beyond this are refused with [`RequestError::Busy`] while a stop is in progress.
const MAX_WAITERS: usize = 64;
/// How often the task measures its own delay.
const HEARTBEAT: Duration = Duration::from_millis(100);
/// A delay within this is the timer's granularity, not starvation.
const TIMER_SLACK: Duration = Duration::from_millis(5);

impl Task {
    fn new(effects: Effects, published: watch::Sender<Snapshot>) -> Self {
        let options = &effects.options;
        let machine = Machine::new(options.policy.clone(), options.probe.is_some(), rand::random());
        let wanted = options.wanted;
        let next_probe = Instant::now();
        let mut task = Self { machine, effects, published, waiters: Vec::new(), heartbeat: None, next_probe };
        if wanted {
            task.handle_event(Event::Start);
        }
        task
    }

    fn handle_request(&mut self, request: Request) {
        match request {
            Request::Start(reply) => {
                self.handle_event(Event::Start);
                let _ = reply.send(Ok(()));
            }
            Request::Stop(reply) => self.handle_event_and_wait(Event::Stop, reply),
            Request::Restart(reply) => self.handle_event_and_wait(Event::Restart, reply),
            Request::RestartIfWanted(reply) => self.handle_event_and_wait(Event::RestartIfWanted, reply),
            Request::Recheck => self.handle_event(Event::Recheck),
            Request::DependencyRestored => self.handle_event(Event::DependencyRestored),
        }
    }

    fn handle_event_and_wait(&mut self, event: Event, reply: Reply) {
        // Callers that are gone take no place.
        self.waiters.retain(|waiter| !waiter.is_closed());
        if self.waiters.len() < MAX_WAITERS {
            self.waiters.push(reply);
        } else {
            let _ = reply.send(Err(RequestError::Busy));
        }
        self.handle_event(event);
    }

    fn handle_event(&mut self, event: Event) {
        let spawned = matches!(event, Event::Spawned(Ok(_)));
        self.handle_one(event);
        if spawned && let Some(limit) = self.effects.ready_within() {
            self.handle_one(Event::ReadyWithin(limit));
        }
    }

    fn handle_one(&mut self, event: Event) {
        let before = self.machine.probing();
        for action in self.machine.on_event(event, Instant::now()) {
            self.effects.apply(action);
        }
        let probing = self.machine.probing();
        if probing.is_none() {
            self.heartbeat = None;
            self.effects.probing = None;
        } else if before.is_none() {
            self.next_probe = Instant::now();
        }
        self.publish();
        if !matches!(self.machine.state(), State::Stopping { .. }) {
            for waiter in self.waiters.drain(..) {
                let _ = waiter.send(Ok(()));
            }
        }
    }

    fn measure_delay(&mut self) {
        let now = Instant::now();
        if let Some(heartbeat) = self.heartbeat
            && now >= heartbeat
        {
            let delay = now - heartbeat;
            self.heartbeat = None;
            if delay > TIMER_SLACK {
                self.handle_event(Event::Delayed(delay));
            }
        }
    }

    fn probe_if_due(&mut self) {
        let Some(ready) = self.machine.probing() else { return };
        let now = Instant::now();
        if self.effects.probing.is_none() && now >= self.next_probe {
            let policy = &self.effects.options.policy;
            self.next_probe = now + if ready { policy.probe_every } else { policy.probe_starting_every };
            self.effects.start_probe();
        }
    }

    fn wake_at(&mut self) -> Option<Instant> {
        let due = self.machine.due();
        if self.machine.probing().is_none() {
            return due;
        }
        let heartbeat = *self.heartbeat.get_or_insert_with(|| Instant::now() + HEARTBEAT);
        let probe = self.effects.probing.is_none().then_some(self.next_probe);
        [due, probe, Some(heartbeat)].into_iter().flatten().min()
    }

    fn publish(&self) {
        let state = self.effects.redacted(self.machine.state());
        let restarts = self.machine.restarts();
        let last_exit = self.machine.last_exit().map(|why| self.effects.log.redacted(why));
        self.published.send_if_modified(|snapshot| {
            let since = if discriminant(&snapshot.state) == discriminant(&state) {
                snapshot.since
            } else {
                SystemTime::now()
            };
            let newest = Snapshot { name: snapshot.name.clone(), state, since, restarts, last_exit };
            let changed = *snapshot != newest;
            *snapshot = newest;
            changed
        });
    }
}

async fn wait_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => sleep_until(wake).await,
        None => std::future::pending().await,
    }
}
