//! Starting, stopping, failing and waiting, with real processes.

mod support;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use havatar_supervisor::{
    Command, LaunchError, LineSink, Options, Pipeline, Policy, RequestError, Spawner, State, Stdout,
    Supervised,
};
use rustix::process::Signal;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use support::{alive, eventually, kill, marked, running, running_anew, sh, snapshot, spawner, stat, texts};

fn start(spawner: &Spawner, options: Options, pipeline: impl Into<Pipeline>) -> Supervised {
    Supervised::spawn("it", options, pipeline.into(), spawner, CancellationToken::new())
}

fn sleeper() -> Command {
    Command::new("sleep").arg("1000")
}

/// No wait worth mentioning after a failure.
fn eager() -> Options {
    let wait = Duration::from_millis(10);
    let policy = Policy { backoff_min: wait, backoff_max: wait, ..Policy::default() };
    Options { policy, ..Options::default() }
}

async fn nothing_left(spawner: &Spawner) {
    assert_eq!(marked(spawner.generation()), [] as [u32; 0]);
    assert_eq!(spawner.end().await.expect("ended"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_is_noticed_at_once() {
    let spawner = spawner("exit");
    let process = start(&spawner, eager(), sleeper());
    let mut times = Vec::new();
    let mut pid = running(&process).await;
    for _ in 0..15 {
        let killed = Instant::now();
        kill(pid, Signal::KILL);
        let old = pid;
        snapshot(
            &process,
            "noticed",
            |snapshot| !matches!(snapshot.state, State::Running { pid, .. } if pid == old),
        )
        .await;
        times.push(killed.elapsed());
        pid = running_anew(&process, old).await;
        assert_eq!(process.snapshot().last_exit.as_deref(), Some("killed by SIGKILL"));
    }
    assert_eq!(process.snapshot().restarts, 15);
    times.sort();
    println!("exit noticed: p50 {:?}, max {:?}", times[7], times[14]);
    assert!(times[7] <= Duration::from_millis(50), "{times:?}");
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_ends_at_once_is_tried_again_and_again_but_not_madly() {
    let spawner = spawner("loop");
    let launches = Arc::new(Mutex::new(Vec::new()));
    let launch = {
        let launches = Arc::clone(&launches);
        move || {
            launches.lock().unwrap().push(Instant::now());
            async { Ok(Pipeline::from(Command::new("false"))) }
        }
    };
    let process = Supervised::spawn("it", Options::default(), launch, &spawner, CancellationToken::new());
    eventually("five launches", || launches.lock().unwrap().len() == 5).await;
    let last = snapshot(&process, "failed again", |snapshot| {
        matches!(snapshot.state, State::Backoff { failures: 5, .. })
    })
    .await;
    assert_eq!(last.last_exit.as_deref(), Some("exited with status 1"));
    assert_eq!(last.restarts, 4);
    let launches = launches.lock().unwrap().clone();
    let gaps: Vec<u128> = launches.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    println!("between launches: {gaps:?} ms");
    for (gap, plain) in gaps.iter().zip([200, 400, 800, 1600]) {
        // Above: the jitter, and what a busy machine takes to start and end a program. The waits themselves are
        // measured by a paused clock in `the_waits_by_the_clock`.
        assert!((plain * 8 / 10..=plain * 12 / 10 + 1000).contains(gap), "{gaps:?}");
    }
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test(start_paused = true)]
async fn the_waits_by_the_clock() {
    let spawner = spawner("clock");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let launch = {
        let asked = Arc::clone(&asked);
        move || {
            asked.lock().unwrap().push(Instant::now());
            async { Err(LaunchError::Failed("port taken".into())) }
        }
    };
    let process = Supervised::spawn("it", Options::default(), launch, &spawner, CancellationToken::new());
    let mut snapshots = process.subscribe();
    let failed = |snapshot: &havatar_supervisor::Snapshot| {
        matches!(snapshot.state, State::Backoff { failures: 60, .. })
    };
    snapshots.wait_for(failed).await.expect("it never gives up");
    let asked = asked.lock().unwrap().clone();
    let mut plain = 200;
    for pair in asked.windows(2) {
        let gap = (pair[1] - pair[0]).as_millis();
        // The clock of the runtime counts whole milliseconds.
        assert!((plain * 8 / 10..=plain * 12 / 10 + 2).contains(&gap), "{gap} for {plain}");
        plain = (plain * 2).min(10_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_missing_is_waited_for_and_its_arguments_stay_secret() {
    let spawner = spawner("missing");
    let program = format!("{}/missing-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let _ = std::fs::remove_file(&program);
    let process = start(&spawner, eager(), Command::new(&program).arg("secret-canary"));
    let failed =
        snapshot(&process, "failing", |snapshot| matches!(snapshot.state, State::Backoff { .. })).await;
    let State::Backoff { why, .. } = failed.state else { unreachable!() };
    assert!(why.starts_with(&format!("cannot start {program}: No such file")), "{why}");
    std::os::unix::fs::symlink("/bin/sh", &program).expect("a link");
    // The shell takes the argument for a script that is not there, and says so.
    snapshot(&process, "started", |snapshot| snapshot.restarts > 0).await;
    std::fs::remove_file(&program).expect("removed");
    process.stop().await.expect("stopped");
    let remarks: Vec<_> = process.logs().0.into_iter().filter(|line| line.stage == 0).collect();
    assert!(!format!("{remarks:?}").contains("canary"), "{remarks:#?}");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stubborn_are_stopped_within_five_seconds() {
    let spawner = spawner("stubborn");
    let script = "trap '' INT TERM HUP
        sleep 1000 &
        setsid sleep 1000 &
        setsid sh -c 'sleep 1000 & wait' &
        echo all there
        while :; do sleep 1000; done";
    let process = start(&spawner, Options::default(), sh(script));
    eventually("the family", || marked(spawner.generation()).len() == 6).await;
    let asked = Instant::now();
    process.stop().await.expect("stopped");
    let took = asked.elapsed();
    println!("stopped after {took:?}");
    assert!(took >= Duration::from_millis(3500), "the ladder gave it time: {took:?}");
    assert!(took <= Duration::from_secs(5), "{took:?}");
    let after = process.snapshot();
    assert_eq!(after.state, State::Stopped);
    assert_eq!(after.last_exit.as_deref(), Some("ignored SIGINT and SIGTERM, killed, as asked"));
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_polite_and_the_frozen_are_stopped_soon() {
    let spawner = spawner("polite");
    let process = start(&spawner, Options::default(), sleeper());
    let pid = running(&process).await;
    for freeze in [false, true] {
        process.start().await.expect("started");
        let pid = running(&process).await;
        if freeze {
            kill(pid, Signal::STOP);
        }
        let asked = Instant::now();
        process.stop().await.expect("stopped");
        assert!(asked.elapsed() < Duration::from_millis(1500), "{:?}", asked.elapsed());
        assert_eq!(process.snapshot().last_exit.as_deref(), Some("killed by SIGINT, as asked"));
        assert!(!alive(pid));
        process.stop().await.expect("stopping what is stopped does nothing");
    }
    assert!(!alive(pid));
    assert_eq!(process.snapshot().state, State::Stopped);
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restart_replaces_the_process() {
    let spawner = spawner("restart");
    let process = start(&spawner, Options::default(), sleeper());
    let old = running(&process).await;
    process.restart().await.expect("restarted");
    assert!(!alive(old), "the old one is gone when the answer comes");
    running_anew(&process, old).await;
    assert_eq!(process.snapshot().restarts, 1);
    process.stop().await.expect("stopped");
    process.restart().await.expect("a restart starts what is stopped");
    running(&process).await;
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn renewing_replaces_what_is_wanted_and_starts_nothing_else() {
    let spawner = spawner("renew");
    let launches = Arc::new(AtomicU32::new(0));
    let launch = {
        let launches = Arc::clone(&launches);
        move || {
            let first = launches.fetch_add(1, Ordering::Relaxed) == 0;
            // The first answer never comes: only a renewal gets over it.
            async move { if first { std::future::pending().await } else { Ok(sleeper().into()) } }
        }
    };
    let process = Supervised::spawn("it", Options::default(), launch, &spawner, CancellationToken::new());
    eventually("asked", || launches.load(Ordering::Relaxed) == 1).await;
    process.restart_if_wanted().await.expect("renewed");
    let old = running(&process).await;
    process.restart_if_wanted().await.expect("renewed");
    assert!(!alive(old), "the old one is gone when the answer comes");
    running_anew(&process, old).await;
    assert_eq!(process.snapshot().restarts, 1);
    // Both at once: the stop was asked for last, or first; it counts either way.
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
async fn what_depended_on_another_recovers_at_once() {
    let spawner = spawner("recover");
    let there = Arc::new(AtomicBool::new(false));
    let launch = {
        let there = Arc::clone(&there);
        move || {
            let there = there.load(Ordering::Relaxed);
            async move { if there { Ok(sleeper().into()) } else { Ok(Command::new("false").into()) } }
        }
    };
    // Without the recovery nothing would happen for an hour.
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
async fn a_pipeline_lives_and_dies_as_one() {
    let spawner = spawner("pipeline");
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink: LineSink = {
        let lines = Arc::clone(&lines);
        Arc::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()))
    };
    let options = Options { stdout: Stdout::Lines(sink), ..eager() };
    let first = sh("while :; do echo hello; sleep 0.02; done");
    let stages = vec![first, sh("echo from two >&2; exec cat"), Command::new("cat")];
    let process = start(&spawner, options, Pipeline { stages });
    let pid = running(&process).await;
    eventually("data through all stages", || lines.lock().unwrap().len() >= 3).await;
    assert!(lines.lock().unwrap().iter().all(|line| line == "hello"));
    let cats = || {
        let mut cats = marked(spawner.generation());
        cats.retain(|cat| {
            std::fs::read_to_string(format!("/proc/{cat}/comm")).is_ok_and(|name| name == "cat\n")
        });
        cats
    };
    eventually("both cats", || cats().len() == 2).await;
    for cat in cats() {
        assert_eq!(stat(cat).expect("there")[2], pid.to_string(), "one group");
    }
    let last = *cats().iter().max().expect("a cat");
    kill(last, Signal::KILL);
    running_anew(&process, pid).await;
    let why = process.snapshot().last_exit.expect("an exit");
    assert!(why.starts_with("cat (stage ") && why.ends_with("killed by SIGKILL"), "{why}");
    assert!(!alive(pid), "the end of one is the end of all");
    assert!(process.logs().0.iter().any(|line| line.stage == 2 && line.text == "from two"));
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

/// On one thread, so that both ends are there before the supervisor has a turn to look.
#[tokio::test]
async fn the_cause_is_told_and_not_what_follows_from_it() {
    let spawner = spawner("cause");
    let stages = vec![sh("while :; do echo hello; done"), Command::new("cat")];
    let process = start(&spawner, eager(), Pipeline { stages });
    let writer = running(&process).await;
    let readers = || {
        let mut all = marked(spawner.generation());
        all.retain(|pid| *pid != writer);
        all
    };
    eventually("the reader", || readers().len() == 1).await;
    kill(readers()[0], Signal::KILL);
    let killed = Instant::now();
    while alive(writer) {
        assert!(killed.elapsed() < Duration::from_secs(20), "it can still write");
        std::thread::sleep(Duration::from_millis(1));
    }
    running_anew(&process, writer).await;
    assert_eq!(process.snapshot().last_exit.as_deref(), Some("cat (stage 2) killed by SIGKILL"));
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_pipeline_is_not_left_behind() {
    let spawner = spawner("half");
    let stages = vec![sleeper(), Command::new("/nonexistent/program")];
    let process = start(&spawner, eager(), Pipeline { stages });
    snapshot(&process, "failing", |snapshot| matches!(snapshot.state, State::Backoff { failures: 3, .. }))
        .await;
    process.stop().await.expect("stopped");
    assert_eq!(process.snapshot().restarts, 0, "it was never launched");
    eventually("nothing is left", || marked(spawner.generation()).is_empty()).await;
    let empty = start(&spawner, eager(), Pipeline::default());
    let failed =
        snapshot(&empty, "failing", |snapshot| matches!(snapshot.state, State::Backoff { .. })).await;
    assert!(matches!(failed.state, State::Backoff { why, .. } if why == "there is no program to start"));
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_is_not_failing() {
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
    let remarks = texts(&process);
    assert_eq!(remarks, ["waiting: no camera"], "told once");
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
    options.policy.ready_within = Duration::from_millis(500);
    let process = Supervised::spawn("it", options, launch, &spawner, CancellationToken::new());
    running(&process).await;
    let remarks = texts(&process);
    assert!(remarks.iter().any(|text| text.starts_with("asking for the command panicked")), "{remarks:#?}");
    assert!(
        remarks.iter().any(|text| text.starts_with("asking for the command took longer")),
        "{remarks:#?}"
    );
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
async fn cancelling_and_forgetting_end_the_process() {
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
    eventually("nothing is left", || marked(spawner.generation()).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_secret_is_taken_out_everywhere() {
    let spawner = spawner("secret");
    let options = Options { redact: Some(Arc::new(|text| text.replace("canary", "***").into())), ..eager() };
    let launches = Arc::new(AtomicU32::new(0));
    let launch = move || {
        let first = launches.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if first {
                Err(LaunchError::Failed("the canary is wrong".into()))
            } else {
                Ok(sh("echo canary; echo canary >&2; exit 3").into())
            }
        }
    };
    let process = Supervised::spawn("it", options, launch, &spawner, CancellationToken::new());
    let mut seen = Vec::new();
    let mut snapshots = process.subscribe();
    while process.snapshot().restarts < 2 {
        snapshots.changed().await.expect("supervision goes on");
        seen.push(format!("{:?}", snapshots.borrow_and_update().state));
    }
    process.stop().await.expect("stopped");
    let all = format!("{seen:?} {:?}", process.logs());
    assert!(all.contains("***") && !all.contains("canary"), "{all}");
    assert!(all.contains("exited with status 3"), "{all}");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_where_it_is_told_with_what_it_is_told() {
    let spawner = spawner("where");
    let mut command = sh("pwd; echo \"$WORD\"; sleep 1000").env("WORD", "two words");
    command.cwd = Some(Path::new("/usr").into());
    let process = start(&spawner, Options::default(), command);
    eventually("both lines", || texts(&process).ends_with(&["/usr".into(), "two words".into()])).await;
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}
