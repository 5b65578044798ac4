//! The machine against the clock, and against every order of events.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::*;

/// A machine with its clock.
struct Bench {
    machine: Machine,
    now: Instant,
}

impl Bench {
    fn new(probed: bool) -> Self {
        Self { machine: Machine::new(Policy::default(), probed, 7), now: Instant::now() }
    }

    fn feed(&mut self, event: Event) -> Vec<Action> {
        self.machine.on_event(event, self.now)
    }

    /// Lets time pass and gives the machine its tick.
    fn pass(&mut self, ms: u64) -> Vec<Action> {
        self.now += Duration::from_millis(ms);
        self.feed(Event::Tick)
    }

    fn spawned(&mut self) {
        assert_eq!(self.feed(Event::Prepared(Ok(()))), [Action::Spawn]);
        self.feed(Event::Spawned(Ok(42)));
    }

    fn running(probed: bool) -> Self {
        let mut bench = Self::new(probed);
        assert_eq!(bench.feed(Event::Start), [Action::Prepare]);
        bench.spawned();
        bench.feed(Event::Alive);
        assert!(matches!(bench.machine.state(), State::Running { pid: 42, .. }));
        bench
    }

    fn end(&mut self) -> Vec<Action> {
        self.feed(Event::Ended { why: "exited with status 1".into(), left: 0 })
    }

    /// What is left of the backoff, in ms.
    fn backoff(&self) -> (u128, u32) {
        let State::Backoff { until, failures, .. } = self.machine.state() else {
            panic!("{:?}", self.machine.state())
        };
        ((until - self.now).as_millis(), failures)
    }

    fn last_exit(&self) -> &str {
        self.machine.last_exit().unwrap_or_default()
    }
}

fn clears(actions: &[Action]) -> bool {
    actions.contains(&Action::Clear)
}

#[test]
fn a_crash_loop_waits_longer_and_never_gives_up() {
    let mut bench = Bench::running(false);
    let plain = [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000];
    for round in 1..=500_u32 {
        assert!(clears(&bench.end()));
        let (wait, failures) = bench.backoff();
        let expected = plain[(round as usize - 1).min(7)];
        assert!((expected * 8 / 10 - 1..=expected * 12 / 10).contains(&wait), "{round}: {wait}");
        assert_eq!(failures, round);
        assert_eq!(bench.feed(Event::Cleared), []);
        assert_eq!(bench.pass(u64::try_from(wait).unwrap() - 1), []);
        assert_eq!(bench.pass(2), [Action::Prepare]);
        bench.spawned();
    }
    assert_eq!(bench.machine.restarts(), 500);
}

#[test]
fn jitter_spreads_the_waits() {
    let waits: std::collections::BTreeSet<u128> = (0..50)
        .map(|seed| {
            let mut bench = Bench::running(false);
            bench.machine.dice = SmallRng::seed_from_u64(seed);
            bench.end();
            bench.backoff().0
        })
        .collect();
    assert!(waits.len() > 20, "{waits:?}");
    assert!(*waits.first().unwrap() < 175 && *waits.last().unwrap() > 225, "{waits:?}");
}

#[test]
fn thirty_seconds_of_health_forgive() {
    let mut bench = Bench::running(false);
    for (healthy_ms, failures) in [(29_999, 1), (29_999, 2), (30_000, 1), (29_999, 2)] {
        bench.pass(healthy_ms);
        bench.end();
        assert_eq!(bench.backoff().1, failures);
        bench.feed(Event::Cleared);
        assert_eq!(bench.pass(20_000), [Action::Prepare]);
        bench.spawned();
    }
}

#[test]
fn a_hang_is_declared_by_the_deadline_and_killed_without_ceremony() {
    let mut bench = Bench::running(true);
    bench.pass(1000);
    bench.feed(Event::Alive);
    bench.feed(Event::Ailing("connection refused".into()));
    assert_eq!(bench.pass(1499), []);
    let actions = bench.pass(1);
    assert_eq!(actions[0], Action::Clear);
    assert_eq!(bench.last_exit(), "stopped answering for 1.5 s (last: connection refused), killed");
    assert_eq!(bench.backoff().1, 1);
}

#[test]
fn own_lateness_is_not_held_against_the_process() {
    let mut bench = Bench::running(true);
    bench.now += Duration::from_secs(5);
    bench.feed(Event::Late(Duration::from_millis(4900)));
    assert_eq!(bench.feed(Event::Tick), []);
    assert_eq!(bench.pass(1399), []);
    assert!(clears(&bench.pass(1)));

    let mut bench = Bench::new(true);
    bench.feed(Event::Start);
    bench.spawned();
    bench.now += Duration::from_secs(15);
    bench.feed(Event::Late(Duration::from_secs(14)));
    assert_eq!(bench.feed(Event::Tick), [], "the deadline of readiness moves too");
    assert!(clears(&bench.pass(9000)));
}

#[test]
fn not_ready_in_time_is_a_failure() {
    let mut bench = Bench::new(true);
    bench.feed(Event::Start);
    bench.spawned();
    bench.feed(Event::Ailing("404".into()));
    assert_eq!(bench.pass(9999), []);
    assert!(clears(&bench.pass(1)));
    assert_eq!(bench.last_exit(), "not ready for 10.0 s (last: 404), killed");
}

#[test]
fn asking_for_the_command_has_a_limit() {
    let mut bench = Bench::new(true);
    bench.feed(Event::Start);
    assert_eq!(bench.pass(10_000)[0], Action::Abandon);
    assert_eq!(bench.backoff().1, 1);
    assert_eq!(bench.feed(Event::Prepared(Ok(()))), [], "an answer that comes too late");
}

#[test]
fn the_ladder() {
    let mut bench = Bench::running(false);
    assert_eq!(bench.feed(Event::Stop), [Action::Signal(Signal::INT)]);
    assert_eq!(bench.feed(Event::Stop), []);
    assert_eq!(bench.pass(1999), []);
    assert_eq!(bench.pass(1)[1], Action::Signal(Signal::TERM));
    assert_eq!(bench.pass(1499), []);
    assert_eq!(bench.pass(1), [Action::Clear]);
    assert!(matches!(bench.machine.state(), State::Stopping { .. }));
    bench.feed(Event::Cleared);
    assert_eq!(bench.machine.state(), State::Stopped);
    assert_eq!(bench.last_exit(), "ignored SIGINT and SIGTERM, killed, as asked");
}

#[test]
fn every_program_of_a_pipeline_may_finish_when_stopped() {
    let mut bench = Bench::running(false);
    bench.feed(Event::Stop);
    assert_eq!(bench.feed(Event::Ended { why: "a (stage 1) killed by SIGINT".into(), left: 1 }), []);
    assert_eq!(
        bench.feed(Event::Ended { why: "b (stage 2) exited with status 0".into(), left: 0 }),
        [Action::Clear]
    );
    bench.feed(Event::Cleared);
    assert_eq!(bench.last_exit(), "a (stage 1) killed by SIGINT, as asked");
}

#[test]
fn one_program_that_ends_by_itself_ends_the_pipeline() {
    let mut bench = Bench::running(false);
    assert!(clears(&bench.feed(Event::Ended { why: "a (stage 1) exited with status 1".into(), left: 1 })));
    assert_eq!(bench.last_exit(), "a (stage 1) exited with status 1");
}

#[test]
fn restart_goes_down_and_up_at_once() {
    let mut bench = Bench::running(false);
    assert_eq!(bench.feed(Event::Restart), [Action::Signal(Signal::INT)]);
    assert!(matches!(bench.machine.state(), State::Stopping { restart: true, .. }));
    assert_eq!(bench.end(), [Action::Clear]);
    assert!(bench.feed(Event::Cleared).contains(&Action::Prepare));
    bench.spawned();
    assert_eq!(bench.machine.restarts(), 1);
}

#[test]
fn the_last_wish_counts() {
    let mut bench = Bench::running(false);
    bench.feed(Event::Restart);
    bench.feed(Event::Stop);
    bench.feed(Event::Start);
    bench.feed(Event::Stop);
    bench.end();
    bench.feed(Event::Cleared);
    assert_eq!(bench.machine.state(), State::Stopped);
}

#[test]
fn a_stop_during_backoff_waits_for_the_remains() {
    let mut bench = Bench::running(false);
    bench.end();
    assert_eq!(bench.feed(Event::Stop), []);
    assert!(matches!(bench.machine.state(), State::Stopping { .. }), "it is still being cleared away");
    bench.feed(Event::Cleared);
    assert_eq!(bench.machine.state(), State::Stopped);

    let mut bench = Bench::running(false);
    bench.end();
    bench.feed(Event::Cleared);
    bench.feed(Event::Stop);
    assert_eq!(bench.machine.state(), State::Stopped, "nothing is left");
}

#[test]
fn a_start_cuts_the_backoff_short() {
    let mut bench = Bench::running(false);
    bench.end();
    assert_eq!(bench.feed(Event::Start), [], "not before the remains are gone");
    assert!(bench.feed(Event::Cleared).contains(&Action::Prepare));
}

#[test]
fn waiting_is_no_failure_and_a_nudge_is_never_lost() {
    let mut bench = Bench::new(false);
    bench.feed(Event::Start);
    let wait = || Event::Prepared(Err(Hold::Wait("no camera".into())));
    bench.feed(wait());
    let waiting = State::Waiting { why: "no camera".into() };
    assert_eq!(bench.machine.state(), waiting);
    assert_eq!(bench.pass(2000), [Action::Prepare]);
    assert_eq!(bench.machine.state(), waiting, "asking again does not flicker");
    bench.feed(Event::Nudge);
    assert_eq!(bench.feed(wait()), [Action::Prepare], "the news came while the old answer was on its way");
    assert_eq!(bench.feed(wait()), []);
    assert_eq!(bench.feed(Event::Nudge), [Action::Prepare]);
    bench.feed(Event::Prepared(Err(Hold::Fail("port taken".into()))));
    assert_eq!(bench.backoff().1, 1);
}

#[test]
fn a_stop_while_spawning_lets_nothing_live() {
    let mut bench = Bench::new(false);
    bench.feed(Event::Start);
    bench.feed(Event::Prepared(Ok(())));
    assert_eq!(bench.feed(Event::Stop), []);
    assert_eq!(bench.feed(Event::Spawned(Ok(42))), [Action::Clear]);
    bench.feed(Event::Cleared);
    assert_eq!(bench.machine.state(), State::Stopped);
}

#[derive(Clone, Debug)]
enum Step {
    Start,
    Stop,
    Restart,
    Nudge,
    AnswerPrepare(Result<(), Hold>),
    AnswerSpawn(bool),
    End { left: usize },
    AnswerClear,
    Alive,
    Ailing,
    Late(u64),
    Pass(u64),
    PassUntilDue,
}

fn step() -> impl Strategy<Value = Step> {
    let hold = prop_oneof![
        3 => Just(Ok(())),
        1 => Just(Err(Hold::Wait("away".into()))),
        1 => Just(Err(Hold::Fail("bad".into()))),
    ];
    prop_oneof![
        2 => Just(Step::Start),
        1 => Just(Step::Stop),
        1 => Just(Step::Restart),
        1 => Just(Step::Nudge),
        4 => hold.prop_map(Step::AnswerPrepare),
        4 => prop::bool::weighted(0.8).prop_map(Step::AnswerSpawn),
        2 => (0..2_usize).prop_map(|left| Step::End { left }),
        3 => Just(Step::AnswerClear),
        3 => Just(Step::Alive),
        1 => Just(Step::Ailing),
        1 => (0..5000_u64).prop_map(Step::Late),
        2 => (0..3000_u64).prop_map(Step::Pass),
        3 => Just(Step::PassUntilDue),
    ]
}

/// A world that answers in any order, and that notices when it is asked for what makes no sense.
struct World {
    bench: Bench,
    probed: bool,
    wanted: bool,
    preparing: bool,
    spawning: bool,
    live: bool,
    clearing: bool,
}

impl World {
    fn new(probed: bool) -> Self {
        let bench = Bench::new(probed);
        Self { bench, probed, wanted: false, preparing: false, spawning: false, live: false, clearing: false }
    }

    fn take(&mut self, step: Step) {
        let event = match step {
            Step::Start => Event::Start,
            Step::Stop => Event::Stop,
            Step::Restart => Event::Restart,
            Step::Nudge => Event::Nudge,
            Step::AnswerPrepare(answer) if self.preparing => Event::Prepared(answer),
            Step::AnswerSpawn(true) if self.spawning => Event::Spawned(Ok(42)),
            Step::AnswerSpawn(false) if self.spawning => Event::Spawned(Err("no such file".into())),
            Step::End { left } if self.live => Event::Ended { why: "exited with status 0".into(), left },
            Step::AnswerClear if self.clearing => Event::Cleared,
            Step::Alive if self.live && self.probed => Event::Alive,
            Step::Ailing if self.live && self.probed => Event::Ailing("silent".into()),
            Step::Late(ms) => Event::Late(Duration::from_millis(ms)),
            Step::Pass(ms) => {
                self.bench.now += Duration::from_millis(ms);
                Event::Tick
            }
            Step::PassUntilDue => {
                self.bench.now =
                    self.bench.machine.due().map_or(self.bench.now, |due| due.max(self.bench.now));
                Event::Tick
            }
            // Nobody asked for this answer.
            _ => return,
        };
        match event {
            Event::Start | Event::Restart => self.wanted = true,
            Event::Stop => self.wanted = false,
            Event::Prepared(_) => self.preparing = false,
            Event::Spawned(ref answer) => (self.spawning, self.live) = (false, answer.is_ok()),
            Event::Cleared => self.clearing = false,
            _ => {}
        }
        for action in self.bench.feed(event) {
            self.act(&action);
        }
        self.check();
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Prepare => {
                assert!(self.idle(), "one life at a time");
                assert!(self.wanted, "nothing starts unasked");
                self.preparing = true;
            }
            Action::Abandon => assert!(std::mem::take(&mut self.preparing), "nothing to abandon"),
            Action::Spawn => {
                assert!(self.idle() && self.wanted);
                self.spawning = true;
            }
            Action::Signal(_) => assert!(self.live, "a signal to nobody"),
            Action::Clear => {
                assert!(std::mem::take(&mut self.live), "nothing to clear");
                self.clearing = true;
            }
            Action::Remark(text) => assert!(!text.is_empty()),
        }
    }

    fn idle(&self) -> bool {
        !(self.preparing || self.spawning || self.live || self.clearing)
    }

    fn check(&self) {
        let state = self.bench.machine.state();
        let due = self.bench.machine.due();
        match &state {
            State::Stopped => assert!(self.idle() && !self.wanted && due.is_none()),
            State::Waiting { .. } => assert!(self.wanted && !self.live),
            State::Starting { pid, .. } => assert!(self.wanted && pid.is_some() == self.live),
            State::Running { .. } => assert!(self.wanted && self.live && due.is_some() == self.probed),
            State::Stopping { deadline, restart, .. } => {
                assert_eq!(*restart, self.wanted);
                let ladder = Duration::from_millis(3500) + CLEAR_LIMIT;
                assert!(self.spawning || *deadline <= self.bench.now + ladder);
            }
            State::Backoff { until, failures, .. } => {
                assert!(self.wanted && !self.live && *failures >= 1);
                assert!(*until <= self.bench.now + Duration::from_secs(12));
            }
        }
        let under_way = self.preparing || self.spawning || self.clearing || self.live;
        assert!(!self.wanted || due.is_some() || under_way, "given up in {state:?}");
        assert!(!self.live || self.bench.machine.due().is_some() || matches!(state, State::Running { .. }));
    }

    /// Answers whatever is asked, each time in the given way, until the state is as wanted. Returns the time it took.
    fn settle(&mut self, done: fn(&State) -> bool, spawns: bool) -> Duration {
        let begun = self.bench.now;
        for _ in 0..100 {
            if done(&self.bench.machine.state()) {
                return self.bench.now - begun;
            }
            if self.preparing {
                self.take(Step::AnswerPrepare(Ok(())));
            } else if self.spawning {
                self.take(Step::AnswerSpawn(spawns));
            } else if self.clearing {
                self.take(Step::AnswerClear);
            } else if matches!(self.bench.machine.state(), State::Starting { .. }) {
                self.take(Step::Alive);
            } else {
                self.take(Step::PassUntilDue);
            }
        }
        panic!("stuck in {:?}", self.bench.machine.state());
    }
}

const STEPS: RangeInclusive<usize> = 1..=120;

proptest! {
    #[test]
    fn no_order_of_events_breaks_it(probed: bool, steps in prop::collection::vec(step(), STEPS)) {
        let mut world = World::new(probed);
        for step in steps {
            world.take(step);
        }
    }

    #[test]
    fn whatever_happened_a_stubborn_process_is_stopped_in_time(
        probed: bool, spawns: bool, steps in prop::collection::vec(step(), STEPS),
    ) {
        let mut world = World::new(probed);
        for step in steps {
            world.take(step);
        }
        world.take(Step::Stop);
        let took = world.settle(|state| *state == State::Stopped, spawns);
        prop_assert!(took <= Duration::from_millis(3500), "{took:?}");
    }

    #[test]
    fn whatever_happened_a_healthy_process_runs_again(probed: bool, steps in prop::collection::vec(step(), STEPS)) {
        let mut world = World::new(probed);
        for step in steps {
            world.take(step);
        }
        world.take(Step::Start);
        let took = world.settle(|state| matches!(state, State::Running { .. }), true);
        prop_assert!(took <= Duration::from_millis(3500 + 12_000), "{took:?}");
    }
}
