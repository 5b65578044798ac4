//! A small supervising program. The tests start it, kill it and measure it from outside.
//!
//! It prints one line when it is ready, then reads commands from stdin, one a line; at the end of stdin it stops its
//! processes and exits.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use havatar_supervisor::{
    BoxFuture, Command, Options, Pipeline, Policy, Probe, Spawner, State, Stdout, Supervised, guard,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const FAMILY: &str = include_str!("../support/family.sh");

fn main() {
    guard::run_if_asked();
    let mut args = std::env::args().skip(1);
    let role = args.next().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    match role.as_str() {
        "family" => runtime.block_on(family(&args.next().expect("a scope"))),
        "run-once" => runtime.block_on(run_once(&args.next().expect("a scope"))),
        "run-once-excessive-output" => {
            runtime.block_on(run_once_excessive_output(&args.next().expect("a scope")));
        }
        "probed" => runtime.block_on(probed(&args.next().expect("a scope"))),
        "excessive-output" => runtime
            .block_on(excessive_output(&args.next().expect("a scope"), &args.next().expect("a script"))),
        "crash-loop" => runtime.block_on(crash_loop(&args.next().expect("a scope"))),
        other => panic!("no such role: {other:?}"),
    }
}

fn print(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("stdout is read");
}

/// The next line of stdin; `None` at its end.
async fn next_command() -> Option<String> {
    let line = tokio::task::spawn_blocking(|| std::io::stdin().lines().next()?.ok());
    line.await.expect("no panic")
}

fn spawner(scope: &str) -> Spawner {
    Spawner::new(scope, PathBuf::from("/proc/self/exe")).expect("a spawner")
}

fn start(spawner: &Spawner, name: &str, options: Options, command: Command) -> Supervised {
    Supervised::spawn(name, options, Pipeline::from(command), spawner, CancellationToken::new())
}

async fn until_running(process: &Supervised) -> u32 {
    let mut snapshots = process.subscribe();
    let running = snapshots.wait_for(|snapshot| matches!(snapshot.state, State::Running { .. })).await;
    let State::Running { pid, .. } = running.expect("supervision goes on").state else { unreachable!() };
    pid
}

/// A plain process and a family of processes. Prints `<generation> <guard> <plain's pid>`.
async fn family(scope: &str) {
    let spawner = spawner(scope);
    let plain = start(&spawner, "plain", Options::default(), Command::new("sleep").arg("1000"));
    let family = start(&spawner, "family", Options::default(), Command::new("sh").arg("-c").arg(FAMILY));
    let pid = until_running(&plain).await;
    until_running(&family).await;
    print(&format!("{} {} {pid}", spawner.generation(), spawner.guard_pid().expect("a guard")));
    while let Some(word) = next_command().await {
        match word.as_str() {
            // An exit without any cleanup.
            "exit" => std::process::exit(0),
            "guard" => print(&spawner.guard_pid().unwrap_or_default().to_string()),
            other => panic!("no such word: {other:?}"),
        }
    }
    let (one, other) = tokio::join!(plain.stop(), family.stop());
    one.and(other).expect("stopped");
    print(&format!("{}", spawner.end().await.expect("ended")));
}

/// A family of processes that runs as a short program which does not end. Prints `<generation> <guard> 0`.
async fn run_once(scope: &str) {
    let spawner = spawner(scope);
    let command = Command::new("sh").arg("-c").arg(FAMILY);
    let running = spawner.run_once(command, Duration::from_secs(1000), 1000);
    let asked = async {
        print(&format!("{} {} 0", spawner.generation(), spawner.guard_pid().expect("a guard")));
        while next_command().await.is_some() {}
    };
    tokio::select! {
        ended = running => panic!("it ended: {ended:?}"),
        () = asked => {}
    }
}

/// Runs a short program that writes 100 MB to each output: first little, to warm up, then much. Prints
/// `<growth in KiB> <ms taken> <bytes of stdout> <bytes of stderr>`.
async fn run_once_excessive_output(scope: &str) {
    let spawner = spawner(scope);
    let script = "yes out | head -c $SIZE; yes err | head -c $SIZE >&2";
    let run = async |size: &str| {
        let command = Command::new("sh").arg("-c").arg(script).env("SIZE", size);
        spawner.run_once(command, Duration::from_mins(1), 64 << 10).await.expect("it ends")
    };
    run("4000000").await;
    let (before, begun, mut peak) = (rss_kib(), Instant::now(), 0);
    let running = run("100000000");
    tokio::pin!(running);
    let finished = loop {
        tokio::select! {
            finished = &mut running => break finished,
            () = sleep(Duration::from_millis(10)) => peak = peak.max(rss_kib()),
        }
    };
    assert!(finished.success, "{finished:?}");
    let growth = peak.max(rss_kib()).saturating_sub(before);
    let took = begun.elapsed().as_millis();
    print(&format!("{growth} {took} {} {}", finished.stdout.len(), finished.stderr.len()));
}

/// Succeeds if a beat was received lately.
struct Beat {
    begun: Instant,
    last_ms: AtomicU64,
}

impl Beat {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Probe for Beat {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            let age = self.now_ms().saturating_sub(self.last_ms.load(Ordering::Relaxed));
            if age < 400 { Ok(()) } else { Err(format!("no beat for {age} ms")) }
        })
    }
}

/// A process that is probed by its beats. Prints `<pid> <restarts> <last exit>` at every command.
async fn probed(scope: &str) {
    let spawner = spawner(scope);
    let beat = Arc::new(Beat { begun: Instant::now(), last_ms: AtomicU64::new(0) });
    let seen = Arc::clone(&beat);
    let options = Options {
        policy: Policy {
            probe_every: Duration::from_millis(200),
            dead_after: Duration::from_secs(1),
            ..Policy::default()
        },
        probe: Some(beat),
        stdout: Stdout::Lines(Arc::new(move |_| seen.last_ms.store(seen.now_ms(), Ordering::Relaxed))),
        ..Options::default()
    };
    let script = "while :; do echo beat; sleep 0.1; done";
    let process = start(&spawner, "beat", options, Command::new("sh").arg("-c").arg(script));
    until_running(&process).await;
    print("ready");
    while next_command().await.is_some() {
        let pid = until_running(&process).await;
        let snapshot = process.snapshot();
        print(&format!("{pid} {} {}", snapshot.restarts, snapshot.last_exit.unwrap_or_default()));
    }
    process.stop().await.expect("stopped");
}

/// Runs a script that writes `$SIZE` bytes: first little, to warm up, then much. Prints
/// `<growth in KiB> <ms taken> <worst lateness in ms> <dropped>` and then every stored line.
async fn excessive_output(scope: &str, script: &str) {
    let spawner = spawner(scope);
    run_excessive_output(&spawner, "warm-up", script, "8000000").await;
    let before = rss_kib();
    let (took, lateness, peak, process) =
        run_excessive_output(&spawner, "excessive-output", script, "200000000").await;
    let (lines, dropped) = process.logs();
    let (took, lateness) = (took.as_millis(), lateness.as_millis());
    print(&format!("{} {took} {lateness} {dropped}", peak.saturating_sub(before)));
    for line in lines {
        print(&format!("{} {}", line.source.as_str(), line.text));
    }
}

async fn run_excessive_output(
    spawner: &Spawner,
    name: &str,
    script: &str,
    size: &str,
) -> (Duration, Duration, u64, Supervised) {
    let command = Command::new("sh").arg("-c").arg(script).env("SIZE", size);
    let begun = Instant::now();
    let process = start(spawner, name, Options::default(), command);
    let (mut lateness, mut peak, mut took) = (Duration::ZERO, 0, None);
    let watched = process.clone();
    let ended = async move {
        let mut snapshots = watched.subscribe();
        let _ = snapshots.wait_for(|snapshot| snapshot.last_exit.is_some()).await;
        let took = begun.elapsed();
        watched.stop().await.expect("stopped");
        took
    };
    tokio::pin!(ended);
    while took.is_none() {
        let due = Instant::now() + Duration::from_millis(10);
        tokio::select! {
            time = &mut ended => took = Some(time),
            () = tokio::time::sleep_until(due) => {}
        }
        lateness = lateness.max(Instant::now().saturating_duration_since(due));
        peak = peak.max(rss_kib());
    }
    (took.unwrap_or_default(), lateness, peak, process)
}

/// Exact, unlike the figures that the kernel keeps per thread and adds up now and then.
fn rss_kib() -> u64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").expect("/proc");
    let rss = rollup.lines().find_map(|line| line.strip_prefix("Rss:")).expect("a figure");
    rss.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// A program that exits at once, for a while. Prints `<launches> <CPU time in ms>`, its children's included.
async fn crash_loop(scope: &str) {
    let spawner = spawner(scope);
    let begun = cpu_ms();
    let process = start(&spawner, "false", Options::default(), Command::new("false"));
    sleep(Duration::from_secs(5)).await;
    let launches = process.snapshot().restarts + 1;
    print(&format!("{launches} {}", cpu_ms() - begun));
    process.stop().await.expect("stopped");
}

/// User and system time of this process and of its reaped children; a tick is 10 ms.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("/proc");
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    fields.split(' ').skip(11).take(4).map(|ticks| ticks.parse::<u64>().expect("a number") * 10).sum()
}
