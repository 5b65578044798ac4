//! The task: the only `select!`, between the pure machine and the world.

use std::mem::discriminant;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::protocol::{Reply, Request};
use crate::state::{Event, Machine, State};
use crate::supervised::{RequestError, Snapshot};
use crate::world::{World, next, next_end};

/// Supervises until the token is cancelled or nobody holds a handle any more, then stops the process.
pub(crate) async fn run(
    world: World,
    published: watch::Sender<Snapshot>,
    mut requests: mpsc::Receiver<Request>,
    cancel: CancellationToken,
) {
    let mut task = Task::new(world, published);
    let mut closing = false;
    loop {
        let wake = task.wake_at();
        let world = &mut task.world;
        let news = tokio::select! {
            biased;
            () = cancel.cancelled(), if !closing => News::Close,
            request = requests.recv(), if !closing => request.map_or(News::Close, News::Request),
            end = next_end(&mut world.run) => News::Event(Event::Ended { why: end.why, left: end.left }),
            answer = next(&mut world.preparing) => News::Event(world.prepared(answer)),
            answer = next(&mut world.spawning) => News::Event(world.spawned(answer)),
            () = next(&mut world.clearing) => News::Event(Event::Cleared),
            answer = next(&mut world.probing) => News::Event(answer.map_or_else(Event::Ailing, |()| Event::Alive)),
            () = wait_until(wake) => News::Event(Event::Tick),
        };
        // First of all: whatever the news is, it may be late through no fault of the process.
        task.measure_lateness();
        match news {
            News::Close => {
                closing = true;
                task.feed(Event::Stop);
            }
            News::Request(request) => task.take(request),
            News::Event(event) => task.feed(event),
        }
        task.feed(Event::Tick);
        task.probe_if_due();
        if closing && task.machine.state() == State::Stopped {
            break;
        }
    }
}

enum News {
    Close,
    Request(Request),
    Event(Event),
}

struct Task {
    machine: Machine,
    world: World,
    published: watch::Sender<Snapshot>,
    /// Who waits for the end of the stop under way.
    waiters: Vec<Reply>,
    /// When this task should run again at the latest; only kept while a process is judged by its probe.
    beat: Option<Instant>,
    next_probe: Instant,
}

/// More callers than this do not wait for one stop.
const WAITERS: usize = 64;
/// How often the task looks at its own lateness.
const BEAT: Duration = Duration::from_millis(100);
/// Lateness that is a matter of timers, not of starvation.
const SLACK: Duration = Duration::from_millis(5);

impl Task {
    fn new(world: World, published: watch::Sender<Snapshot>) -> Self {
        let options = &world.options;
        let machine = Machine::new(options.policy.clone(), options.probe.is_some(), rand::random());
        let wanted = options.wanted;
        let next_probe = Instant::now();
        let mut task = Self { machine, world, published, waiters: Vec::new(), beat: None, next_probe };
        if wanted {
            task.feed(Event::Start);
        }
        task
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Start(reply) => {
                self.feed(Event::Start);
                let _ = reply.send(Ok(()));
            }
            Request::Stop(reply) => self.feed_and_wait(Event::Stop, reply),
            Request::Restart(reply) => self.feed_and_wait(Event::Restart, reply),
            Request::RestartIfWanted(reply) => self.feed_and_wait(Event::RestartIfWanted, reply),
            Request::Recheck => self.feed(Event::Recheck),
            Request::DependencyRestored => self.feed(Event::DependencyRestored),
        }
    }

    fn feed_and_wait(&mut self, event: Event, reply: Reply) {
        // Those that went away need no place.
        self.waiters.retain(|waiter| !waiter.is_closed());
        if self.waiters.len() < WAITERS {
            self.waiters.push(reply);
        } else {
            let _ = reply.send(Err(RequestError::Busy));
        }
        self.feed(event);
    }

    fn feed(&mut self, event: Event) {
        let before = self.machine.probing();
        for action in self.machine.on_event(event, Instant::now()) {
            self.world.act(action);
        }
        let probing = self.machine.probing();
        if probing.is_none() {
            self.beat = None;
            self.world.probing = None;
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

    fn measure_lateness(&mut self) {
        let now = Instant::now();
        if let Some(beat) = self.beat
            && now >= beat
        {
            let lateness = now - beat;
            self.beat = None;
            if lateness > SLACK {
                self.feed(Event::Late(lateness));
            }
        }
    }

    fn probe_if_due(&mut self) {
        let Some(ready) = self.machine.probing() else { return };
        let now = Instant::now();
        if self.world.probing.is_none() && now >= self.next_probe {
            let policy = &self.world.options.policy;
            self.next_probe = now + if ready { policy.probe_every } else { policy.probe_starting_every };
            self.world.probe();
        }
    }

    fn wake_at(&mut self) -> Option<Instant> {
        let due = self.machine.due();
        if self.machine.probing().is_none() {
            return due;
        }
        let beat = *self.beat.get_or_insert_with(|| Instant::now() + BEAT);
        let probe = self.world.probing.is_none().then_some(self.next_probe);
        [due, probe, Some(beat)].into_iter().flatten().min()
    }

    fn publish(&self) {
        let state = self.world.redacted(self.machine.state());
        let restarts = self.machine.restarts();
        let last_exit = self.machine.last_exit().map(|why| self.world.journal.redacted(why));
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
