//! Tests of the machine with a clock of their own.

use super::*;

mod requests;
mod sequences;

/// A machine with its clock.
struct Bench {
    machine: Machine,
    now: Instant,
}

impl Bench {
    fn new(has_probe: bool) -> Self {
        Self { machine: Machine::new(Policy::default(), has_probe, 7), now: Instant::now() }
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

    fn running(has_probe: bool) -> Self {
        let mut bench = Self::new(has_probe);
        assert_eq!(bench.feed(Event::Start), [Action::Prepare]);
        bench.spawned();
        bench.feed(Event::ProbeSucceeded);
        assert!(matches!(bench.machine.state(), State::Running { pid: 42, .. }));
        bench
    }

    fn end(&mut self) -> Vec<Action> {
        self.feed(Event::Exited { why: "exited with status 1".into(), left: 0 })
    }

    /// The rest of the backoff in ms, and the failures.
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

fn cleans_up(actions: &[Action]) -> bool {
    actions.contains(&Action::CleanUp)
}

#[test]
fn a_crash_loop_waits_longer_and_never_gives_up() {
    let mut bench = Bench::running(false);
    let plain = [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000];
    for round in 1..=500_u32 {
        assert!(cleans_up(&bench.end()));
        let (wait, failures) = bench.backoff();
        let expected = plain[(round as usize - 1).min(7)];
        assert!((expected * 8 / 10 - 1..=expected * 12 / 10).contains(&wait), "{round}: {wait}");
        assert_eq!(failures, round);
        assert_eq!(bench.feed(Event::CleanedUp), []);
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
            bench.machine.rng = SmallRng::seed_from_u64(seed);
            bench.end();
            bench.backoff().0
        })
        .collect();
    assert!(waits.len() > 20, "{waits:?}");
    assert!(*waits.first().unwrap() < 175 && *waits.last().unwrap() > 225, "{waits:?}");
}

#[test]
fn thirty_seconds_of_health_reset_the_failures() {
    let mut bench = Bench::running(false);
    for (healthy_ms, failures) in [(29_999, 1), (29_999, 2), (30_000, 1), (29_999, 2)] {
        bench.pass(healthy_ms);
        bench.end();
        assert_eq!(bench.backoff().1, failures);
        bench.feed(Event::CleanedUp);
        assert_eq!(bench.pass(20_000), [Action::Prepare]);
        bench.spawned();
    }
}

/// The time counts from readiness, not from the start: this process takes 2 s to get ready.
#[test]
fn healthy_after_separates_kills_from_a_crash_loop() {
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
            bench.feed(Event::ProbeSucceeded);
            for _ in 0..lives_ms / 1000 {
                assert_eq!(bench.pass(1000), []);
                bench.feed(Event::ProbeSucceeded);
            }
            bench.end();
            let (wait, failures) = bench.backoff();
            assert!((plain * 8 / 10 - 1..=plain * 12 / 10).contains(&wait), "{wait} for {plain}");
            assert_eq!(failures, if lives_ms >= 3000 { 1 } else { round });
            bench.feed(Event::CleanedUp);
            assert_eq!(bench.pass(8000), [Action::Prepare]);
        }
    }
}

#[test]
fn a_hang_is_declared_at_the_deadline_and_killed_at_once() {
    let mut bench = Bench::running(true);
    bench.pass(1000);
    bench.feed(Event::ProbeSucceeded);
    bench.feed(Event::ProbeFailed("connection refused".into()));
    assert_eq!(bench.pass(1499), []);
    let actions = bench.pass(1);
    assert_eq!(actions[0], Action::CleanUp);
    assert_eq!(bench.last_exit(), "stopped answering for 1.5 s (last: connection refused), killed");
    assert_eq!(bench.backoff().1, 1);
}

#[test]
fn own_delay_does_not_count_as_a_hang() {
    let mut bench = Bench::running(true);
    bench.now += Duration::from_secs(5);
    bench.feed(Event::Excused(Duration::from_millis(4900)));
    assert_eq!(bench.feed(Event::Tick), []);
    assert_eq!(bench.pass(1399), []);
    assert!(cleans_up(&bench.pass(1)));

    let mut bench = Bench::new(true);
    bench.feed(Event::Start);
    bench.spawned();
    bench.now += Duration::from_secs(15);
    bench.feed(Event::Excused(Duration::from_secs(14)));
    assert_eq!(bench.feed(Event::Tick), [], "the deadline of readiness moves too");
    assert!(cleans_up(&bench.pass(9000)));
}

#[test]
fn what_a_process_was_kept_from_running_is_named_and_a_probe_that_succeeds_clears_it() {
    let mut bench = Bench::running(true);
    bench.feed(Event::Excused(Duration::from_millis(400)));
    bench.feed(Event::ProbeSucceeded);
    bench.feed(Event::Excused(Duration::from_millis(2800)));
    assert_eq!(bench.pass(4299), []);
    assert!(cleans_up(&bench.pass(1)));
    assert_eq!(bench.last_exit(), "stopped answering for 4.3 s, kept from running for 2.8 s of it, killed");
}

#[test]
fn the_launch_is_excused_and_a_stop_is_not_put_off() {
    let mut bench = Bench::new(true);
    bench.feed(Event::Start);
    bench.feed(Event::Excused(Duration::from_secs(5)));
    assert_eq!(bench.pass(124_999), []);
    assert_eq!(bench.pass(1)[0], Action::CancelPrepare);

    let mut bench = Bench::running(false);
    bench.feed(Event::Stop);
    bench.feed(Event::Excused(Duration::from_mins(1)));
    assert_eq!(bench.pass(1999), []);
    assert_eq!(bench.pass(1)[1], Action::Signal(Signal::TERM));
    bench.feed(Event::Excused(Duration::from_mins(1)));
    assert_eq!(bench.pass(1500), [Action::CleanUp]);
}

#[test]
fn only_a_process_that_is_overdue_is_looked_at() {
    let mut bench = Bench::running(true);
    let scrutiny = |bench: &Bench| bench.machine.scrutiny(bench.now);
    assert_eq!(scrutiny(&bench), Scrutiny::Program);
    bench.pass(376);
    assert_eq!(scrutiny(&bench), Scrutiny::Process, "its probe is overdue");
    bench.feed(Event::ProbeSucceeded);
    assert_eq!(scrutiny(&bench), Scrutiny::Program);
    bench.feed(Event::ProbeFailed("404".into()));
    assert_eq!(scrutiny(&bench), Scrutiny::Process);
    assert_eq!(scrutiny(&Bench::running(false)), Scrutiny::None);
}

#[test]
fn while_the_machine_is_short_a_launch_after_a_failure_waits_longer() {
    let mut bench = Bench::running(false);
    bench.machine.set_rationed(true);
    bench.end();
    assert_eq!(bench.backoff(), (1000, 1));
    bench.machine.set_rationed(false);
    bench.feed(Event::CleanedUp);
    assert_eq!(bench.pass(1000), [Action::Prepare]);
    bench.spawned();
    bench.end();
    assert!(bench.backoff().0 < 500);
}

#[test]
fn not_ready_in_time_is_a_failure() {
    let mut bench = Bench::new(true);
    bench.feed(Event::Start);
    bench.spawned();
    bench.feed(Event::ProbeFailed("404".into()));
    assert_eq!(bench.pass(9999), []);
    assert!(cleans_up(&bench.pass(1)));
    assert_eq!(bench.last_exit(), "not ready for 10.0 s (last: 404), killed");
}

#[test]
fn the_launch_has_a_limit() {
    let mut bench = Bench::new(true);
    bench.feed(Event::Start);
    assert_eq!(bench.pass(119_999), [], "what is cut off begins anew, so it is given its time");
    assert_eq!(bench.pass(1)[0], Action::CancelPrepare);
    assert_eq!(bench.backoff().1, 1);
    assert_eq!(bench.feed(Event::Prepared(Ok(()))), [], "an answer that comes too late");
}

#[test]
fn the_stop_stages() {
    let mut bench = Bench::running(false);
    assert_eq!(bench.feed(Event::Stop), [Action::Signal(Signal::INT)]);
    assert_eq!(bench.feed(Event::Stop), []);
    assert_eq!(bench.pass(1999), []);
    assert_eq!(bench.pass(1)[1], Action::Signal(Signal::TERM));
    assert_eq!(bench.pass(1499), []);
    assert_eq!(bench.pass(1), [Action::CleanUp]);
    assert!(matches!(bench.machine.state(), State::Stopping { .. }));
    bench.feed(Event::CleanedUp);
    assert_eq!(bench.machine.state(), State::Stopped);
    assert_eq!(bench.last_exit(), "ignored SIGINT and SIGTERM, killed, as asked");
}

#[test]
fn every_program_of_a_pipeline_may_finish_during_a_stop() {
    let mut bench = Bench::running(false);
    bench.feed(Event::Stop);
    assert_eq!(bench.feed(Event::Exited { why: "a (stage 1) killed by SIGINT".into(), left: 1 }), []);
    assert_eq!(
        bench.feed(Event::Exited { why: "b (stage 2) exited with status 0".into(), left: 0 }),
        [Action::CleanUp]
    );
    bench.feed(Event::CleanedUp);
    assert_eq!(bench.last_exit(), "a (stage 1) killed by SIGINT, as asked");
}

#[test]
fn the_exit_of_one_program_stops_the_pipeline() {
    let mut bench = Bench::running(false);
    assert!(cleans_up(
        &bench.feed(Event::Exited { why: "a (stage 1) exited with status 1".into(), left: 1 })
    ));
    assert_eq!(bench.last_exit(), "a (stage 1) exited with status 1");
}

#[test]
fn a_launch_may_have_more_time_or_less_to_become_ready() {
    let limit = Policy::default().ready_within;
    let mut bench = Bench::new(true);
    bench.feed(Event::Start);
    bench.spawned();
    bench.feed(Event::ReadyWithin(limit * 9));
    assert_eq!(bench.pass(u64::try_from(limit.as_millis()).unwrap() * 9 - 1), []);
    assert!(cleans_up(&bench.pass(1)));
    // The next launch has the policy's time again.
    bench.feed(Event::CleanedUp);
    bench.pass(10_000);
    bench.spawned();
    assert!(cleans_up(&bench.pass(u64::try_from(limit.as_millis()).unwrap())));
    // Once it is ready, the limit of the start means nothing.
    let mut bench = Bench::running(true);
    bench.feed(Event::ReadyWithin(Duration::ZERO));
    assert!(matches!(bench.machine.state(), State::Running { .. }));
    assert_eq!(bench.pass(1), []);
}
