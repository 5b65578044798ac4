//! The machine against the clock.

use super::*;

mod orders;

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

/// Readiness counts, not the start: this one takes 2 s to get ready.
#[test]
fn a_short_time_of_health_tells_one_that_is_killed_from_a_crash_loop() {
    let policy = Policy { healthy_after: Duration::from_secs(3), ..Policy::default() };
    for (lives_ms, plain) in
        [(5000, [200, 200, 200, 200, 200, 200]), (2000, [200, 400, 800, 1600, 3200, 6400])]
    {
        let mut bench = Bench::new(true);
        bench.machine = Machine::new(policy.clone(), true, 7);
        assert_eq!(bench.feed(Event::Start), [Action::Prepare]);
        for (round, plain) in (1_u32..).zip(plain) {
            bench.spawned();
            assert_eq!(bench.pass(2000), []);
            bench.feed(Event::Alive);
            for _ in 0..lives_ms / 1000 {
                assert_eq!(bench.pass(1000), []);
                bench.feed(Event::Alive);
            }
            bench.end();
            let (wait, failures) = bench.backoff();
            assert!((plain * 8 / 10 - 1..=plain * 12 / 10).contains(&wait), "{wait} for {plain}");
            assert_eq!(failures, if lives_ms >= 3000 { 1 } else { round });
            bench.feed(Event::Cleared);
            assert_eq!(bench.pass(8000), [Action::Prepare]);
        }
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
    let wait = || Event::Prepared(Err(LaunchError::NotReady("no camera".into())));
    bench.feed(wait());
    let waiting = State::Waiting { why: "no camera".into() };
    assert_eq!(bench.machine.state(), waiting);
    assert_eq!(bench.pass(2000), [Action::Prepare]);
    assert_eq!(bench.machine.state(), waiting, "asking again does not flicker");
    bench.feed(Event::Recheck);
    assert_eq!(bench.feed(wait()), [Action::Prepare], "the news came while the old answer was on its way");
    assert_eq!(bench.feed(wait()), []);
    assert_eq!(bench.feed(Event::Recheck), [Action::Prepare]);
    bench.feed(Event::Prepared(Err(LaunchError::Failed("port taken".into()))));
    assert_eq!(bench.backoff().1, 1);
}

#[test]
fn renewing_changes_nobodys_wish() {
    let mut bench = Bench::new(false);
    assert_eq!(bench.feed(Event::RestartIfWanted), []);
    assert_eq!(bench.machine.state(), State::Stopped);

    let mut bench = Bench::running(false);
    assert_eq!(bench.feed(Event::RestartIfWanted), [Action::Signal(Signal::INT)]);
    assert_eq!(bench.feed(Event::RestartIfWanted), [], "it is under way");
    assert!(matches!(bench.machine.state(), State::Stopping { restart: true, .. }));
    bench.feed(Event::Stop);
    assert_eq!(bench.feed(Event::RestartIfWanted), []);
    assert!(matches!(bench.machine.state(), State::Stopping { restart: false, .. }), "it is to be stopped");
    bench.end();
    bench.feed(Event::Cleared);
    assert_eq!(bench.machine.state(), State::Stopped);

    let mut bench = Bench::new(false);
    bench.feed(Event::Start);
    bench.feed(Event::Prepared(Ok(())));
    bench.feed(Event::Stop);
    assert_eq!(bench.feed(Event::RestartIfWanted), [], "it is to be stopped as soon as it is spawned");
    assert_eq!(bench.feed(Event::Spawned(Ok(42))), [Action::Clear]);
    bench.feed(Event::Cleared);
    assert_eq!(bench.machine.state(), State::Stopped);
}

#[test]
fn what_was_prepared_before_a_renewal_does_not_live() {
    let mut bench = Bench::new(false);
    bench.feed(Event::Start);
    bench.feed(Event::Prepared(Err(LaunchError::NotReady("no camera".into()))));
    let waiting = bench.machine.state();
    assert_eq!(bench.feed(Event::RestartIfWanted), [Action::Prepare], "from waiting");
    assert_eq!(bench.feed(Event::RestartIfWanted), [Action::Abandon, Action::Prepare], "from asking");
    assert_eq!(bench.machine.state(), waiting, "asking again does not flicker");
    assert_eq!(bench.feed(Event::Prepared(Ok(()))), [Action::Spawn]);
    assert_eq!(bench.feed(Event::RestartIfWanted), [], "a spawn cannot be called back");
    assert_eq!(bench.feed(Event::Spawned(Ok(42))), [Action::Clear]);
    assert!(bench.feed(Event::Cleared).contains(&Action::Prepare));
    bench.spawned();
    bench.end();
    assert_eq!(bench.feed(Event::RestartIfWanted), [], "not before the remains are gone");
    assert!(bench.feed(Event::Cleared).contains(&Action::Prepare));
}

/// Fails four times in a row, and stops at the given moment of the last one.
fn failing(cleared: bool) -> Bench {
    let mut bench = Bench::running(false);
    for _ in 0..3 {
        bench.end();
        bench.feed(Event::Cleared);
        assert_eq!(bench.pass(2000), [Action::Prepare]);
        bench.spawned();
    }
    bench.end();
    if cleared {
        bench.feed(Event::Cleared);
    }
    assert_eq!(bench.backoff().1, 4);
    bench
}

#[test]
fn renewal_and_recovery_end_the_backoff_and_forget() {
    for event in [Event::RestartIfWanted, Event::DependencyRestored] {
        for cleared in [true, false] {
            let mut bench = failing(cleared);
            let mut actions = bench.feed(event.clone());
            if !cleared {
                assert_eq!(actions, [], "not before the remains are gone");
                actions = bench.feed(Event::Cleared);
            }
            assert!(actions.contains(&Action::Prepare), "{actions:?}");
            bench.spawned();
            bench.end();
            assert_eq!(bench.backoff().1, 1, "the first failure since");
        }
    }
}

#[test]
fn recovery_leaves_alone_what_is_under_way_or_not_wanted() {
    let mut bench = Bench::new(true);
    assert_eq!(bench.feed(Event::DependencyRestored), []);
    assert_eq!(bench.machine.state(), State::Stopped);
    bench.feed(Event::Start);
    let wait = || Event::Prepared(Err(LaunchError::NotReady("no media server".into())));
    assert_eq!(bench.feed(Event::DependencyRestored), []);
    assert!(
        bench.feed(wait()).contains(&Action::Prepare),
        "the news came while the old answer was on its way"
    );
    bench.feed(wait());
    assert_eq!(bench.feed(Event::DependencyRestored), [Action::Prepare]);
    bench.feed(Event::Prepared(Ok(())));
    for event in [Event::Spawned(Ok(42)), Event::Alive, Event::Stop] {
        assert_eq!(bench.feed(Event::DependencyRestored), []);
        bench.feed(event);
    }
    assert_eq!(bench.feed(Event::DependencyRestored), []);
    bench.end();
    bench.feed(Event::Cleared);
    assert_eq!(bench.machine.state(), State::Stopped);
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
