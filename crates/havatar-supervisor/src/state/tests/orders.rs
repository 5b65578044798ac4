//! Every order of events, against a world that answers late, badly or never.

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
#[expect(clippy::struct_excessive_bools, reason = "the world's parts are independent of each other")]
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
            Step::RestartIfWanted => Event::RestartIfWanted,
            Step::Recheck => Event::Recheck,
            Step::DependencyRestored => Event::DependencyRestored,
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
