//! Short programs: they return their output or are killed in time, and leave no process.

mod support;

use std::error::Error as _;
use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use havatar_supervisor::{Command, RunError, RunOutput, Spawner};
use rustix::process::Signal;
use tokio::time::Instant;

use support::{FAMILY, HELPER, PATIENCE, alive, eventually, kill, scope, sh, spawner, tagged, within};

const KIB: usize = 1 << 10;

async fn run(spawner: &Spawner, script: &str) -> RunOutput {
    spawner.run_once(sh(script), PATIENCE, 64 * KIB).await.expect("it ends")
}

fn none_left(spawner: &Spawner) {
    assert_eq!(tagged(spawner.generation()), [] as [u32; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_exits_and_its_output_is_returned() {
    let spawner = spawner("ends");
    let good = run(&spawner, "cat; echo to stdout; echo to stderr >&2").await;
    let expected = RunOutput { success: true, stdout: "to stdout\n".into(), stderr: "to stderr\n".into() };
    assert_eq!(good, expected, "there is nothing to read for it either");
    let bad = run(&spawner, "printf 'a\\377b'; exit 3").await;
    assert_eq!(bad, RunOutput { success: false, stdout: "a\u{fffd}b".into(), stderr: String::new() });
    assert!(!run(&spawner, "kill -TERM $$").await.success);
    none_left(&spawner);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_spawned_like_a_supervised_process() {
    let spawner = spawner("born");
    let output = run(&spawner, "echo $HAVATAR_GENERATION; echo $$; cut -d' ' -f5 /proc/$$/stat").await.stdout;
    let lines: Vec<&str> = output.lines().collect();
    let [tag, pid, group] = lines[..] else { panic!("{output}") };
    assert_eq!(tag, spawner.generation());
    assert_eq!(pid, group, "a group of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_limit_it_is_killed_with_its_children() {
    let spawner = spawner("limit");
    let limit = Duration::from_secs(1);
    let begun = Instant::now();
    let running = spawner.run_once(sh(FAMILY).arg("secret-canary"), limit, KIB);
    let there = eventually("the family", || tagged(spawner.generation()).len() == 6);
    let (slow, _) = tokio::join!(running, there);
    let took = begun.elapsed();
    // All of them hold the pipes.
    assert!(took >= limit, "{took:?}");
    within(took, limit + Duration::from_secs(2));
    let slow = slow.expect_err("too slow");
    assert!(matches!(&slow, RunError::TimedOut { limit: reported, .. } if *reported == limit), "{slow:?}");
    assert_eq!(slow.to_string(), "/bin/sh did not finish within 1s, killed");
    assert!(!format!("{slow:?}").contains("canary"));
    none_left(&spawner);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_background_children_are_killed_at_its_exit() {
    let spawner = spawner("leaves");
    let begun = Instant::now();
    let finished = run(&spawner, "sleep 1000 & setsid sleep 1000 & echo done").await;
    assert_eq!((finished.success, finished.stdout.as_str()), (true, "done\n"));
    // The pipe that they hold does not count.
    within(begun.elapsed(), Duration::from_secs(5));
    none_left(&spawner);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escaped_child_with_the_pipe_does_not_delay_the_result() {
    let spawner = spawner("escapes");
    let file = format!("{}/escaped-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let _ = std::fs::remove_file(&file);
    let script = r#"
        env -i PATH="$PATH" FILE="$FILE" setsid sh -c 'echo $$ > "$FILE"; exec sleep 60' &
        while [ ! -s "$FILE" ]; do sleep 0.01; done
        cat "$FILE"
    "#;
    let begun = Instant::now();
    let finished = spawner.run_once(sh(script).env("FILE", &file), PATIENCE, KIB).await.expect("it ends");
    let took = begun.elapsed();
    let escaped: u32 = finished.stdout.trim().parse().expect("a process id");
    let escaped_well = alive(escaped);
    kill(escaped, Signal::KILL);
    std::fs::remove_file(&file).expect("removed");
    assert!(escaped_well, "it has neither tag nor group, so nothing here was tested");
    within(took, Duration::from_secs(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_future_kills_it() {
    let spawner = spawner("dropped");
    let running = {
        let spawner = spawner.clone();
        tokio::spawn(async move {
            let script = "setsid sleep 1000 & trap '' INT TERM; while :; do sleep 1000; done";
            spawner.run_once(sh(script), Duration::from_secs(1000), KIB).await
        })
    };
    eventually("it runs", || tagged(spawner.generation()).len() == 3).await;
    running.abort();
    let took = eventually("nothing is left", || tagged(spawner.generation()).is_empty()).await;
    println!("gone {took:?} after the future was dropped");
    // Once more, dropped before it has begun.
    drop(spawner.run_once(sh("sleep 1000"), PATIENCE, KIB));
    let short = tokio::time::timeout(Duration::ZERO, spawner.run_once(sh("sleep 1000"), PATIENCE, KIB)).await;
    assert!(short.is_err());
    // Spawns are in order: after this one, the ones before are over or under way.
    run(&spawner, "true").await;
    eventually("nothing is left", || tagged(spawner.generation()).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_runs_do_not_kill_each_other() {
    let spawner = spawner("several");
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..12 {
        let spawner = spawner.clone();
        tasks.spawn(async move {
            let script = format!("setsid -w sleep 0.{}; echo {round}", round % 4);
            (round, run(&spawner, &script).await)
        });
    }
    while let Some(finished) = tasks.join_next().await {
        let (round, finished) = finished.expect("no panic");
        assert_eq!((finished.success, finished.stdout), (true, format!("{round}\n")));
    }
    none_left(&spawner);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_program_is_named() {
    let spawner = spawner("missing");
    let missing = Command::new("/nonexistent/program").arg("secret-canary");
    let error = spawner.run_once(missing, PATIENCE, KIB).await.expect_err("not there");
    assert_eq!(error.to_string(), "cannot run /nonexistent/program");
    let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>()).expect("a source");
    assert_eq!(source.kind(), ErrorKind::NotFound);
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_output_is_truncated() {
    let spawner = spawner("much");
    let script = "printf 0123456789; yes | head -c 1000000; printf abc >&2";
    let finished = spawner.run_once(sh(script), PATIENCE, 16).await.expect("it ends");
    assert_eq!((finished.success, finished.stdout.as_str()), (true, "0123456789y\ny\ny\n"));
    assert_eq!(finished.stderr, "abc");
    // Much more than a pipe holds, and all of it is wanted.
    let finished = spawner.run_once(sh("yes | head -c 1000000"), PATIENCE, 2_000_000).await.expect("it ends");
    assert_eq!(finished.stdout.len(), 1_000_000);
}

#[test]
fn unbounded_output_takes_bounded_memory() {
    let output = std::process::Command::new(HELPER)
        .args(["run-once-excessive-output", &scope("excessive-output")])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("the helper");
    let report = String::from_utf8(output.stdout).expect("figures");
    println!("growth KiB, ms, bytes of stdout, of stderr: {}", report.trim());
    let figures: Vec<usize> =
        report.split_whitespace().map(|figure| figure.parse().expect("a figure")).collect();
    let [growth_kib, took_ms, stdout, stderr] = figures[..] else { panic!("{report:?}") };
    assert!(growth_kib <= 1024, "grew by {growth_kib} KiB");
    assert!(took_ms <= 20_000, "2 x 100 MB took {took_ms} ms: the program was held up");
    assert_eq!((stdout, stderr), (64 * KIB, 64 * KIB));
}
