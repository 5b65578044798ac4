//! Start, stop, restart and the requests of the program itself.

use super::*;

#[test]
fn restart_goes_down_and_up_at_once() {
    let mut bench = Bench::running(false);
    assert_eq!(bench.feed(Event::Restart), [Action::Signal(Signal::INT)]);
    assert!(matches!(bench.machine.state(), State::Stopping { restart: true, .. }));
    assert_eq!(bench.end(), [Action::CleanUp]);
    assert!(bench.feed(Event::CleanedUp).contains(&Action::Prepare));
    bench.spawned();
    assert_eq!(bench.machine.restarts(), 1);
}

#[test]
fn the_last_request_wins() {
    let mut bench = Bench::running(false);
    bench.feed(Event::Restart);
    bench.feed(Event::Stop);
    bench.feed(Event::Start);
    bench.feed(Event::Stop);
    bench.end();
    bench.feed(Event::CleanedUp);
    assert_eq!(bench.machine.state(), State::Stopped);
}

#[test]
fn a_stop_during_backoff_waits_for_the_cleanup() {
    let mut bench = Bench::running(false);
    bench.end();
    assert_eq!(bench.feed(Event::Stop), []);
    assert!(matches!(bench.machine.state(), State::Stopping { .. }), "it is still being cleaned up");
    bench.feed(Event::CleanedUp);
    assert_eq!(bench.machine.state(), State::Stopped);

    let mut bench = Bench::running(false);
    bench.end();
    bench.feed(Event::CleanedUp);
    bench.feed(Event::Stop);
    assert_eq!(bench.machine.state(), State::Stopped, "nothing is left");
}

#[test]
fn a_start_cuts_the_backoff_short() {
    let mut bench = Bench::running(false);
    bench.end();
    assert_eq!(bench.feed(Event::Start), [], "not before the cleanup");
    assert!(bench.feed(Event::CleanedUp).contains(&Action::Prepare));
}

#[test]
fn waiting_is_no_failure_and_a_recheck_is_never_lost() {
    let mut bench = Bench::new(false);
    bench.feed(Event::Start);
    let wait = || Event::Prepared(Err(LaunchError::NotReady("no camera".into())));
    bench.feed(wait());
    let waiting = State::Waiting { why: "no camera".into() };
    assert_eq!(bench.machine.state(), waiting);
    assert_eq!(bench.pass(2000), [Action::Prepare]);
    assert_eq!(bench.machine.state(), waiting, "asking again does not flicker");
    bench.feed(Event::Recheck);
    assert_eq!(bench.feed(wait()), [Action::Prepare], "the request came while the old answer was pending");
    assert_eq!(bench.feed(wait()), []);
    assert_eq!(bench.feed(Event::Recheck), [Action::Prepare]);
    bench.feed(Event::Prepared(Err(LaunchError::Failed("port taken".into()))));
    assert_eq!(bench.backoff().1, 1);
}

#[test]
fn restart_if_wanted_does_not_change_what_is_wanted() {
    let mut bench = Bench::new(false);
    assert_eq!(bench.feed(Event::RestartIfWanted), []);
    assert_eq!(bench.machine.state(), State::Stopped);

    let mut bench = Bench::running(false);
    assert_eq!(bench.feed(Event::RestartIfWanted), [Action::Signal(Signal::INT)]);
    assert_eq!(bench.feed(Event::RestartIfWanted), [], "it is in progress");
    assert!(matches!(bench.machine.state(), State::Stopping { restart: true, .. }));
    bench.feed(Event::Stop);
    assert_eq!(bench.feed(Event::RestartIfWanted), []);
    assert!(matches!(bench.machine.state(), State::Stopping { restart: false, .. }), "it is to be stopped");
    bench.end();
    bench.feed(Event::CleanedUp);
    assert_eq!(bench.machine.state(), State::Stopped);

    let mut bench = Bench::new(false);
    bench.feed(Event::Start);
    bench.feed(Event::Prepared(Ok(())));
    bench.feed(Event::Stop);
    assert_eq!(bench.feed(Event::RestartIfWanted), [], "it is to be stopped as soon as it is spawned");
    assert_eq!(bench.feed(Event::Spawned(Ok(42))), [Action::CleanUp]);
    bench.feed(Event::CleanedUp);
    assert_eq!(bench.machine.state(), State::Stopped);
}

#[test]
fn what_was_prepared_before_a_restart_if_wanted_does_not_run() {
    let mut bench = Bench::new(false);
    bench.feed(Event::Start);
    bench.feed(Event::Prepared(Err(LaunchError::NotReady("no camera".into()))));
    let waiting = bench.machine.state();
    assert_eq!(bench.feed(Event::RestartIfWanted), [Action::Prepare], "from waiting");
    assert_eq!(bench.feed(Event::RestartIfWanted), [Action::CancelPrepare, Action::Prepare], "from asking");
    assert_eq!(bench.machine.state(), waiting, "asking again does not flicker");
    assert_eq!(bench.feed(Event::Prepared(Ok(()))), [Action::Spawn]);
    assert_eq!(bench.feed(Event::RestartIfWanted), [], "a spawn cannot be cancelled");
    assert_eq!(bench.feed(Event::Spawned(Ok(42))), [Action::CleanUp]);
    assert!(bench.feed(Event::CleanedUp).contains(&Action::Prepare));
    bench.spawned();
    bench.end();
    assert_eq!(bench.feed(Event::RestartIfWanted), [], "not before the cleanup");
    assert!(bench.feed(Event::CleanedUp).contains(&Action::Prepare));
}

/// A machine after four failures in a row, before or after the cleanup of the last one.
fn failing(cleaned_up: bool) -> Bench {
    let mut bench = Bench::running(false);
    for _ in 0..3 {
        bench.end();
        bench.feed(Event::CleanedUp);
        assert_eq!(bench.pass(2000), [Action::Prepare]);
        bench.spawned();
    }
    bench.end();
    if cleaned_up {
        bench.feed(Event::CleanedUp);
    }
    assert_eq!(bench.backoff().1, 4);
    bench
}

#[test]
fn restart_if_wanted_and_dependency_restored_end_the_backoff_and_reset_the_failures() {
    for event in [Event::RestartIfWanted, Event::DependencyRestored] {
        for cleaned_up in [true, false] {
            let mut bench = failing(cleaned_up);
            let mut actions = bench.feed(event.clone());
            if !cleaned_up {
                assert_eq!(actions, [], "not before the cleanup");
                actions = bench.feed(Event::CleanedUp);
            }
            assert!(actions.contains(&Action::Prepare), "{actions:?}");
            bench.spawned();
            bench.end();
            assert_eq!(bench.backoff().1, 1, "the first failure since");
        }
    }
}

#[test]
fn dependency_restored_leaves_alone_what_is_in_progress_or_not_wanted() {
    let mut bench = Bench::new(true);
    assert_eq!(bench.feed(Event::DependencyRestored), []);
    assert_eq!(bench.machine.state(), State::Stopped);
    bench.feed(Event::Start);
    let wait = || Event::Prepared(Err(LaunchError::NotReady("no media server".into())));
    assert_eq!(bench.feed(Event::DependencyRestored), []);
    assert!(
        bench.feed(wait()).contains(&Action::Prepare),
        "the request came while the old answer was pending"
    );
    bench.feed(wait());
    assert_eq!(bench.feed(Event::DependencyRestored), [Action::Prepare]);
    bench.feed(Event::Prepared(Ok(())));
    for event in [Event::Spawned(Ok(42)), Event::ProbeSucceeded, Event::Stop] {
        assert_eq!(bench.feed(Event::DependencyRestored), []);
        bench.feed(event);
    }
    assert_eq!(bench.feed(Event::DependencyRestored), []);
    bench.end();
    bench.feed(Event::CleanedUp);
    assert_eq!(bench.machine.state(), State::Stopped);
}

#[test]
fn a_stop_while_spawning_leaves_no_process() {
    let mut bench = Bench::new(false);
    bench.feed(Event::Start);
    bench.feed(Event::Prepared(Ok(())));
    assert_eq!(bench.feed(Event::Stop), []);
    assert_eq!(bench.feed(Event::Spawned(Ok(42))), [Action::CleanUp]);
    bench.feed(Event::CleanedUp);
    assert_eq!(bench.machine.state(), State::Stopped);
}
