//! The task of one supervised process: the only `select!`, between the pure machine and its effects.

use std::mem::discriminant;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::effects::{Effects, completed, next_exit};
use crate::requests::{Reply, Request};
use crate::run_queue::{LOOK_EVERY, RunQueue, TIMER_SLACK};
use crate::state::{Event, Machine, Scrutiny};
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
            () = wait_until(wake) => Input::Tick,
        };
        // Before the input is judged: it may be late because this program was kept from running.
        task.excuse_delays();
        match input {
            Input::Close => {
                closing = true;
                task.handle_event(Event::Stop);
            }
            Input::Request(request) => task.handle_request(request),
            Input::Event(event) => task.handle_event(event),
            Input::Tick => {}
        }
        task.tick();
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
    Tick,
}

struct Task {
    machine: Machine,
    effects: Effects,
    published: watch::Sender<Snapshot>,
    /// The callers that wait for the end of the stop in progress.
    waiters: Vec<Reply>,
    /// The time at which this task should run again at the latest; set only while a deadline is in force.
    heartbeat: Option<Instant>,
    /// The time up to which delays were excused. No deadline is judged at a later one: this program may be frozen at any point.
    accounted: Instant,
    /// The waits of those whose delays matter, since the last heartbeat.
    run_queue: Option<(Scrutiny, RunQueue)>,
    /// What helper programs were excused for, up to the last heartbeat.
    helpers_excused: Duration,
    next_probe: Instant,
    /// The time at which the probe in progress has failed.
    probe_deadline: Instant,
}

/// Callers beyond this are refused with [`RequestError::Busy`] while a stop is in progress.
const MAX_WAITERS: usize = 64;

impl Task {
    fn new(effects: Effects, published: watch::Sender<Snapshot>) -> Self {
        let options = &effects.options;
        let machine = Machine::new(options.policy.clone(), options.probe.is_some(), rand::random());
        let wanted = options.wanted;
        let next_probe = Instant::now();
        let mut task = Self {
            machine,
            effects,
            published,
            waiters: Vec::new(),
            heartbeat: None,
            accounted: next_probe,
            run_queue: None,
            helpers_excused: Duration::ZERO,
            next_probe,
            probe_deadline: next_probe,
        };
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
        self.handle_event_at(event, Instant::now());
        if spawned && let Some(limit) = self.effects.ready_within() {
            self.handle_event_at(Event::ReadyWithin(limit), Instant::now());
        }
    }

    fn tick(&mut self) {
        self.handle_event_at(Event::Tick, self.accounted);
    }

    fn handle_event_at(&mut self, event: Event, now: Instant) {
        let before = self.machine.probing();
        self.machine.set_rationed(self.effects.spawner.is_rationed());
        for action in self.machine.on_event(event, now) {
            self.effects.apply(action);
        }
        let probing = self.machine.probing();
        if probing.is_none() {
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

    /// At each heartbeat, and when a deadline is reached, excuses the time in which this task was late, and that in which those on whom the deadline
    /// depends were kept from running.
    fn excuse_delays(&mut self) {
        let now = Instant::now();
        self.accounted = now;
        let is_due = self.machine.due().is_some_and(|due| now >= due);
        let Some(heartbeat) = self.heartbeat.filter(|heartbeat| now >= *heartbeat || is_due) else { return };
        self.heartbeat = Some(now + LOOK_EVERY);
        let late = Some(now.saturating_duration_since(heartbeat))
            .filter(|late| *late > TIMER_SLACK)
            .unwrap_or_default();
        let excused = late.max(self.waited(now));
        if !excused.is_zero() {
            self.probe_deadline += excused;
            self.handle_event(Event::Excused(excused));
        }
    }

    fn waited(&mut self, now: Instant) -> Duration {
        let scrutiny = self.machine.scrutiny(now);
        let helpers = self.effects.spawner.excused_of_helpers();
        let of_helpers = helpers.saturating_sub(std::mem::replace(&mut self.helpers_excused, helpers));
        match (&mut self.run_queue, scrutiny) {
            // To look costs time: a process that answers is not looked at.
            (queue, Scrutiny::None | Scrutiny::Program) => {
                *queue = None;
                Duration::ZERO
            }
            (Some((followed, queue)), scrutiny) if *followed == scrutiny => {
                let waited = queue.waited();
                if scrutiny == Scrutiny::Launch { waited.max(of_helpers.min(LOOK_EVERY)) } else { waited }
            }
            (queue, scrutiny) => {
                let group = self.effects.group.as_ref().filter(|_| scrutiny == Scrutiny::Process);
                let processes = group.map(|group| group.pids().collect::<Vec<_>>()).unwrap_or_default();
                *queue = Some((scrutiny, RunQueue::follow(processes)));
                self.machine.begin_scrutiny(now);
                Duration::ZERO
            }
        }
    }

    fn probe_if_due(&mut self) {
        let Some(ready) = self.machine.probing() else { return };
        let now = self.accounted;
        if self.effects.probing.is_some() && now >= self.probe_deadline {
            self.effects.probing = None;
            let limit = self.effects.options.policy.probe_timeout.as_millis();
            self.handle_event(Event::ProbeFailed(format!("no answer within {limit} ms")));
        }
        if self.effects.probing.is_none() && now >= self.next_probe {
            let policy = &self.effects.options.policy;
            self.next_probe = now + if ready { policy.probe_every } else { policy.probe_starting_every };
            self.probe_deadline = now + policy.probe_timeout;
            self.effects.start_probe();
        }
    }

    fn wake_at(&mut self) -> Option<Instant> {
        let due = self.machine.due();
        let now = self.accounted;
        if self.machine.scrutiny(now) == Scrutiny::None {
            self.heartbeat = None;
            self.run_queue = None;
            return due;
        }
        let heartbeat = *self.heartbeat.get_or_insert(now + LOOK_EVERY);
        let probing = self.effects.probing.is_some();
        let probe = if probing { self.probe_deadline } else { self.next_probe };
        let probe = self.machine.probing().map(|_| probe);
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
