//! Starting, failing, retrying and stopping, with real processes.

mod support;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use havatar_supervisor::{Command, LaunchError, LineSink, Options, Pipeline, State, Stdout, Supervised};
use rustix::process::Signal;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use support::{
    FAMILY, alive, eager, eventually, kill, nothing_left, running, running_anew, sh, sleeper, snapshot,
    spawner, start, stat, tagged, texts, within,
};

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
    within(times[7], Duration::from_millis(50));
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_exits_at_once_is_retried_with_growing_waits() {
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
        // measured by a paused clock in `the_backoff_by_a_paused_clock`.
        assert!((plain * 8 / 10..=plain * 12 / 10 + 1000).contains(gap), "{gaps:?}");
    }
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

#[tokio::test(start_paused = true)]
async fn the_backoff_by_a_paused_clock() {
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
    snapshots.wait_for(failed).await.expect("it is retried for ever");
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
async fn a_missing_program_is_retried_and_its_arguments_stay_secret() {
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
    let lines: Vec<_> = process.logs().0.into_iter().filter(|line| line.stage == 0).collect();
    assert!(!format!("{lines:?}").contains("canary"), "{lines:#?}");
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_ignores_signals_is_stopped_within_five_seconds() {
    let spawner = spawner("stubborn");
    let process = start(&spawner, Options::default(), sh(FAMILY));
    eventually("the family", || tagged(spawner.generation()).len() == 6).await;
    let asked = Instant::now();
    process.stop().await.expect("stopped");
    let took = asked.elapsed();
    println!("stopped after {took:?}");
    assert!(took >= Duration::from_millis(3500), "SIGINT and SIGTERM had their time: {took:?}");
    within(took, Duration::from_secs(5));
    let after = process.snapshot();
    assert_eq!(after.state, State::Stopped);
    assert_eq!(after.last_exit.as_deref(), Some("ignored SIGINT and SIGTERM, killed, as asked"));
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_handles_sigint_is_stopped_soon_also_when_frozen() {
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
        within(asked.elapsed(), Duration::from_millis(1500));
        assert_eq!(process.snapshot().last_exit.as_deref(), Some("killed by SIGINT, as asked"));
        assert!(!alive(pid));
        process.stop().await.expect("stopping a stopped process does nothing");
    }
    assert!(!alive(pid));
    assert_eq!(process.snapshot().state, State::Stopped);
    nothing_left(&spawner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_of_one_stage_ends_the_pipeline() {
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
        let mut cats = tagged(spawner.generation());
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
    assert!(!alive(pid), "the exit of one stage ends all");
    assert!(process.logs().0.iter().any(|line| line.stage == 2 && line.text == "from two"));
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}

/// On one thread, so that both ends are there before the supervisor has a turn to look.
#[tokio::test]
async fn the_cause_is_reported_and_not_its_consequence() {
    let spawner = spawner("cause");
    let stages = vec![sh("while :; do echo hello; done"), Command::new("cat")];
    let process = start(&spawner, eager(), Pipeline { stages });
    let writer = running(&process).await;
    let readers = || {
        let mut all = tagged(spawner.generation());
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
async fn a_pipeline_is_spawned_whole_or_not_at_all() {
    let spawner = spawner("half");
    let stages = vec![sleeper(), Command::new("/nonexistent/program")];
    let process = start(&spawner, eager(), Pipeline { stages });
    snapshot(&process, "failing", |snapshot| matches!(snapshot.state, State::Backoff { failures: 3, .. }))
        .await;
    process.stop().await.expect("stopped");
    assert_eq!(process.snapshot().restarts, 0, "it was never launched");
    eventually("nothing is left", || tagged(spawner.generation()).is_empty()).await;
    let empty = start(&spawner, eager(), Pipeline::default());
    let failed =
        snapshot(&empty, "failing", |snapshot| matches!(snapshot.state, State::Backoff { .. })).await;
    assert!(matches!(failed.state, State::Backoff { why, .. } if why == "there is no program to start"));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_removed_everywhere() {
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
async fn the_command_has_its_folder_and_its_environment() {
    let spawner = spawner("where");
    let mut command = sh("pwd; echo \"$WORD\"; sleep 1000").env("WORD", "two words");
    command.cwd = Some(Path::new("/usr").into());
    let process = start(&spawner, Options::default(), command);
    eventually("both lines", || texts(&process).ends_with(&["/usr".into(), "two words".into()])).await;
    process.stop().await.expect("stopped");
    nothing_left(&spawner).await;
}
