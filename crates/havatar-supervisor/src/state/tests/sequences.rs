//! Property tests: every order of events, with answers that come late, fail or never come.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Start,
    Stop,
    Restart,
    RestartIfWanted,
    Recheck,
    DependencyRestored,
    AnswerPrepare(Result<(), LaunchError>),
    AnswerSpawn(bool),
    Exit { left: usize },
    AnswerCleanUp,
    ProbeSucceeded,
    ProbeFailed,
    Delay(u64),
    Pass(u64),
    PassUntilDue,
}

fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        3 => Just(Ok(())),
        1 => Just(Err(LaunchError::NotReady("away".into()))),
        1 => Just(Err(LaunchError::Failed("bad".into()))),
    ];
    prop_oneof![
        2 => Just(Step::Start),
        1 => Just(Step::Stop),
        1 => Just(Step::Restart),
        1 => Just(Step::RestartIfWanted),
        1 => Just(Step::Recheck),
        1 => Just(Step::DependencyRestored),
        4 => answer.prop_map(Step::AnswerPrepare),
        4 => prop::bool::weighted(0.8).prop_map(Step::AnswerSpawn),
        2 => (0..2_usize).prop_map(|left| Step::Exit { left }),
        3 => Just(Step::AnswerCleanUp),
        3 => Just(Step::ProbeSucceeded),
        1 => Just(Step::ProbeFailed),
        1 => (0..5000_u64).prop_map(Step::Delay),
        2 => (0..3000_u64).prop_map(Step::Pass),
        3 => Just(Step::PassUntilDue),
    ]
}

/// Stands in for the effects: answers in any order, and asserts that every action is valid.
#[expect(clippy::struct_excessive_bools, reason = "its operations are independent of each other")]
struct FakeEffects {
    bench: Bench,
    has_probe: bool,
    wanted: bool,
    preparing: bool,
    spawning: bool,
    live: bool,
    cleaning_up: bool,
}

impl FakeEffects {
    fn new(has_probe: bool) -> Self {
        let bench = Bench::new(has_probe);
        Self {
            bench,
            has_probe,
            wanted: false,
            preparing: false,
            spawning: false,
            live: false,
            cleaning_up: false,
        }
    }

    fn step(&mut self, step: Step) {
        let event = match step {
            Step::Start => Event::Start,
            Step::Stop => Event::Stop,
            Step::Restart => Event::Restart,
            Step::RestartIfWanted => Event::RestartIfWanted,
            Step::Recheck => Event::Recheck,
            Step::DependencyRestored => Event::DependencyRestored,
            Step::AnswerPrepare(answer) if self.preparing => Event::Prepared(answer),
            Step::AnswerSpawn(true) if self.spawning => Event::Spawned(Ok(42)),
            Step::AnswerSpawn(false) if self.spawning => Event::Spawned(Err("no such file".into())),
            Step::Exit { left } if self.live => Event::Exited { why: "exited with status 0".into(), left },
            Step::AnswerCleanUp if self.cleaning_up => Event::CleanedUp,
            Step::ProbeSucceeded if self.live && self.has_probe => Event::ProbeSucceeded,
            Step::ProbeFailed if self.live && self.has_probe => Event::ProbeFailed("silent".into()),
            Step::Delay(ms) => Event::Excused(Duration::from_millis(ms)),
            Step::Pass(ms) => {
                self.bench.now += Duration::from_millis(ms);
                Event::Tick
            }
            Step::PassUntilDue => {
                self.bench.now =
                    self.bench.machine.due().map_or(self.bench.now, |due| due.max(self.bench.now));
                Event::Tick
            }
            // No such answer is pending.
            _ => return,
        };
        match event {
            Event::Start | Event::Restart => self.wanted = true,
            Event::Stop => self.wanted = false,
            Event::Prepared(_) => self.preparing = false,
            Event::Spawned(ref answer) => (self.spawning, self.live) = (false, answer.is_ok()),
            Event::CleanedUp => self.cleaning_up = false,
            _ => {}
        }
        for action in self.bench.feed(event) {
            self.check_action(&action);
        }
        self.check();
    }

    fn check_action(&mut self, action: &Action) {
        match action {
            Action::Prepare => {
                assert!(self.idle(), "one launch at a time");
                assert!(self.wanted, "it starts without a request");
                self.preparing = true;
            }
            Action::CancelPrepare => assert!(std::mem::take(&mut self.preparing), "nothing to cancel"),
            Action::Spawn => {
                assert!(self.idle() && self.wanted);
                self.spawning = true;
            }
            Action::Signal(_) => assert!(self.live, "a signal without a process"),
            Action::CleanUp => {
                assert!(std::mem::take(&mut self.live), "nothing to clean up");
                self.cleaning_up = true;
            }
            Action::Log(text) => assert!(!text.is_empty()),
        }
    }

    fn idle(&self) -> bool {
        !(self.preparing || self.spawning || self.live || self.cleaning_up)
    }

    fn check(&self) {
        let state = self.bench.machine.state();
        let due = self.bench.machine.due();
        match &state {
            State::Stopped => assert!(self.idle() && !self.wanted && due.is_none()),
            State::Waiting { .. } => assert!(self.wanted && !self.live),
            State::Starting { pid, .. } => assert!(self.wanted && pid.is_some() == self.live),
            State::Running { .. } => assert!(self.wanted && self.live && due.is_some() == self.has_probe),
            State::Stopping { deadline, restart, .. } => {
                assert_eq!(*restart, self.wanted);
                let stop = Duration::from_millis(3500) + CLEANUP_LIMIT;
                assert!(self.spawning || *deadline <= self.bench.now + stop);
            }
            State::Backoff { until, failures, .. } => {
                assert!(self.wanted && !self.live && *failures >= 1);
                assert!(*until <= self.bench.now + Duration::from_secs(12));
            }
        }
        let pending = self.preparing || self.spawning || self.cleaning_up || self.live;
        assert!(!self.wanted || due.is_some() || pending, "given up in {state:?}");
        assert!(!self.live || self.bench.machine.due().is_some() || matches!(state, State::Running { .. }));
    }

    /// Answers every pending operation until the state is as wanted. Returns the time it took.
    fn settle(&mut self, done: fn(&State) -> bool, spawns: bool) -> Duration {
        let begun = self.bench.now;
        for _ in 0..100 {
            if done(&self.bench.machine.state()) {
                return self.bench.now - begun;
            }
            if self.preparing {
                self.step(Step::AnswerPrepare(Ok(())));
            } else if self.spawning {
                self.step(Step::AnswerSpawn(spawns));
            } else if self.cleaning_up {
                self.step(Step::AnswerCleanUp);
            } else if matches!(self.bench.machine.state(), State::Starting { .. }) {
                self.step(Step::ProbeSucceeded);
            } else {
                self.step(Step::PassUntilDue);
            }
        }
        panic!("stuck in {:?}", self.bench.machine.state());
    }
}

const STEPS: RangeInclusive<usize> = 1..=120;

proptest! {
    #[test]
    fn no_order_of_events_breaks_the_invariants(has_probe: bool, steps in prop::collection::vec(step(), STEPS)) {
        let mut fake = FakeEffects::new(has_probe);
        for step in steps {
            fake.step(step);
        }
    }

    #[test]
    fn after_any_sequence_a_stubborn_process_is_stopped_in_time(
        has_probe: bool, spawns: bool, steps in prop::collection::vec(step(), STEPS),
    ) {
        let mut fake = FakeEffects::new(has_probe);
        for step in steps {
            fake.step(step);
        }
        fake.step(Step::Stop);
        let took = fake.settle(|state| *state == State::Stopped, spawns);
        prop_assert!(took <= Duration::from_millis(3500), "{took:?}");
    }

    #[test]
    fn after_any_sequence_a_healthy_process_runs_again(has_probe: bool, steps in prop::collection::vec(step(), STEPS)) {
        let mut fake = FakeEffects::new(has_probe);
        for step in steps {
            fake.step(step);
        }
        fake.step(Step::Start);
        let took = fake.settle(|state| matches!(state, State::Running { .. }), true);
        prop_assert!(took <= Duration::from_millis(3500 + 12_000), "{took:?}");
    }
}
