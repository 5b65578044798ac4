//! The requests of a person and of the program, with real processes.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use havatar_supervisor::{Command, LaunchError, Options, Pipeline, Policy, RequestError, State, Supervised};
use tokio_util::sync::CancellationToken;

use support::{
    alive, eager, eventually, nothing_left, running, running_anew, sleeper, snapshot, spawner, start, tagged,
    texts,
};

#[tokio::test(flavor = "multi_thread")]
async fn restart_replaces_the_process() {
    let spawner = spawner("restart");
    let process = start(&spawner, Options::default(), sleeper());
    let old = running(&process).await;
    process.restart().await.expect("restarted");
    assert!(!alive(old), "the old process is gone at the reply");
    running_anew(&process, old).await;
    assert_eq!(process.snapshot().restarts, 1);
    process.stop().await.expect("stopped");
    process.restart().await.expect("a restart starts a stopped process");
    running(&process).await;
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_if_wanted_replaces_what_is_wanted_and_starts_nothing_else() {
    let spawner = spawner("if-wanted");
    let launches = Arc::new(AtomicU32::new(0));
    let launch = {
        let launches = Arc::clone(&launches);
        move || {
            let first = launches.fetch_add(1, Ordering::Relaxed) == 0;
            // The first answer never comes: only restart_if_wanted cancels it.
            async move { if first { std::future::pending().await } else { Ok(sleeper().into()) } }
        }
    };
    let process = Supervised::spawn("it", Options::default(), launch, &spawner, CancellationToken::new());
    eventually("asked", || launches.load(Ordering::Relaxed) == 1).await;
    process.restart_if_wanted().await.expect("restarted");
    let old = running(&process).await;
    process.restart_if_wanted().await.expect("restarted");
    assert!(!alive(old), "the old process is gone at the reply");
    running_anew(&process, old).await;
    assert_eq!(process.snapshot().restarts, 1);
    // Both at once: the stop wins in either order.
    let (one, other) = tokio::join!(process.stop(), process.restart_if_wanted());
    one.and(other).expect("stopped");
    process.restart_if_wanted().await.expect("nothing to do");
    process.dependency_restored();
    process.recheck();
    process.restart_if_wanted().await.expect("nothing to do, after those");
    assert_eq!(process.snapshot().state, State::Stopped);
    assert_eq!(launches.load(Ordering::Relaxed), 3);
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dependency_restored_retries_at_once() {
    let spawner = spawner("restored");
    let there = Arc::new(AtomicBool::new(false));
    let launch = {
        let there = Arc::clone(&there);
        move || {
            let there = there.load(Ordering::Relaxed);
            async move { if there { Ok(sleeper().into()) } else { Ok(Command::new("false").into()) } }
        }
    };
    // Without the report the next attempt comes after an hour.
    let hour = Duration::from_hours(1);
    let policy = Policy { backoff_min: hour, backoff_max: hour, ..Policy::default() };
    let options = Options { policy, ..Options::default() };
    let process = Supervised::spawn("it", options, launch, &spawner, CancellationToken::new());
    for round in 1..=3 {
        let failed = |snapshot: &havatar_supervisor::Snapshot| {
            snapshot.restarts + 1 == round && matches!(snapshot.state, State::Backoff { failures: 1, .. })
        };
        snapshot(&process, "failed, for the first time each time", failed).await;
        there.store(round == 3, Ordering::Relaxed);
        process.dependency_restored();
    }
    running(&process).await;
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_ready_is_no_failure() {
    let spawner = spawner("waiting");
    let (there, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let launch = {
        let (there, asked) = (Arc::clone(&there), Arc::clone(&asked));
        move || {
            asked.fetch_add(1, Ordering::Relaxed);
            let there = there.load(Ordering::Relaxed);
            async move {
                if there { Ok(sleeper().into()) } else { Err(LaunchError::NotReady("no camera".into())) }
            }
        }
    };
    let policy = Policy { recheck_every: Duration::from_millis(50), ..Policy::default() };
    let options = Options { policy, ..Options::default() };
    let process = Supervised::spawn("it", options, launch, &spawner, CancellationToken::new());
    eventually("asked from time to time", || asked.load(Ordering::Relaxed) > 5).await;
    assert_eq!(process.snapshot().state, State::Waiting { why: "no camera".into() });
    let lines = texts(&process);
    assert_eq!(lines, ["waiting: no camera"], "logged once");
    there.store(true, Ordering::Relaxed);
    process.recheck();
    running(&process).await;
    assert_eq!(process.snapshot().restarts, 0);
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_that_panics_or_hangs_is_a_failure() {
    let spawner = spawner("panic");
    let mut round = 0;
    let launch = move || {
        round += 1;
        let round = round;
        async move {
            match round {
                1 => panic!("a bug in the launch"),
                2 => std::future::pending().await,
                _ => Ok(sleeper().into()),
            }
        }
    };
    let mut options = eager();
    options.policy.prepare_within = Duration::from_secs(3);
    let process = Supervised::spawn("it", options, launch, &spawner, CancellationToken::new());
    running(&process).await;
    let lines = texts(&process);
    assert!(lines.iter().any(|text| text.starts_with("asking for the command panicked")), "{lines:#?}");
    assert!(lines.iter().any(|text| text.starts_with("asking for the command took longer")), "{lines:#?}");
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_loses_only_the_reply() {
    let spawner = spawner("caller");
    let process = start(&spawner, Options::default(), sleeper());
    let pid = running(&process).await;
    {
        let stop = process.stop();
        tokio::pin!(stop);
        tokio::select! {
            biased;
            answer = &mut stop => panic!("too early: {answer:?}"),
            () = std::future::ready(()) => {}
        }
    }
    snapshot(&process, "stopped all the same", |snapshot| snapshot.state == State::Stopped).await;
    assert!(!alive(pid));
    nothing_left(&spawner).await;
}

#[tokio::test]
async fn too_many_requests_are_refused() {
    let spawner = spawner("busy");
    let process = start(&spawner, Options { wanted: false, ..Options::default() }, sleeper());
    // On one thread, the task has no turn before the channel is full.
    let answers: Vec<_> =
        (0..40).map(|_| process.clone()).map(|process| async move { process.start().await }).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for answer in answers {
        tasks.spawn(answer);
    }
    let answers = tasks.join_all().await;
    let refused = answers.iter().filter(|answer| **answer == Err(RequestError::Busy)).count();
    assert!(refused > 0 && refused < 40, "{refused}");
    running(&process).await;
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_token_and_the_last_dropped_handle_stop_the_process() {
    let spawner = spawner("cancel");
    let cancel = CancellationToken::new();
    let process =
        Supervised::spawn("one", Options::default(), Pipeline::from(sleeper()), &spawner, cancel.clone());
    let pid = running(&process).await;
    cancel.cancel();
    process.closed().await;
    assert!(!alive(pid));
    assert_eq!(process.snapshot().state, State::Stopped);
    assert_eq!(process.start().await, Err(RequestError::Ended));

    let process = start(&spawner, Options::default(), sleeper());
    let pid = running(&process).await;
    drop(process);
    eventually("ended with its last handle", || !alive(pid)).await;
    eventually("nothing is left", || tagged(spawner.generation()).is_empty()).await;
}
