//! No process outlives the supervising program, for any kind of its end.

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use havatar_supervisor::Spawner;
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use support::{HELPER, alive, eventually, kill, scope, stat, status, tagged, within};

/// Processes of the helper's family and the plain one.
const FAMILY: usize = 7;

/// The helper as a supervising program, and the ids it printed.
struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    generation: String,
    guard: u32,
    plain: u32,
}

impl Program {
    async fn start(scope: &str) -> Self {
        Self::start_as("family", scope, FAMILY).await
    }

    /// In a role that starts so many processes.
    async fn start_as(role: &str, scope: &str, processes: usize) -> Self {
        let mut command = Command::new(HELPER);
        command.args([role, scope]).env("NOTIFY_SOCKET", "/nowhere").env("LISTEN_FDS", "1");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the helper");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut program = Self { child, stdin, stdout, generation: String::new(), guard: 0, plain: 0 };
        let line = program.line();
        let mut words = line.split(' ');
        program.generation = words.next().expect("a generation").to_owned();
        program.guard = words.next().expect("a guard").parse().expect("a pid");
        program.plain = words.next().expect("a plain process").parse().expect("a pid");
        eventually("the whole family is there", || tagged(&program.generation).len() == processes).await;
        program
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the helper speaks");
        line.trim().to_owned()
    }

    fn send(&mut self, word: &str) {
        writeln!(self.stdin.as_mut().expect("a pipe"), "{word}").expect("the helper listens");
    }

    /// Kills it with SIGKILL and reaps it.
    fn kill(&mut self) {
        self.child.kill().expect("it was there");
        self.child.wait().expect("it is ours");
    }

    async fn all_gone(&self) -> Duration {
        eventually("nothing is left", || tagged(&self.generation).is_empty()).await
    }

    async fn guard_gone(&self) {
        eventually("the guard is gone too", || !alive(self.guard)).await;
    }
}

/// Also after a failed test no process is left.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.generation.is_empty() {
            for pid in tagged(&self.generation) {
                kill(pid, Signal::KILL);
            }
        }
    }
}

#[tokio::test]
async fn sigkill_leaves_no_orphan() {
    let rounds: usize =
        std::env::var("HAVATAR_ROUNDS").map_or(20, |rounds| rounds.parse().expect("a number"));
    let mut times = Vec::with_capacity(rounds);
    let mut late = Vec::new();
    for round in 0..rounds {
        let mut program = Program::start(&scope("sigkill")).await;
        let killed = Instant::now();
        program.kill();
        let mut left = Vec::new();
        // The first clean scan gives the time; the scan at the limit decides.
        while killed.elapsed() < Duration::from_millis(500) {
            left = tagged(&program.generation);
            if left.is_empty() {
                break;
            }
            sleep(Duration::from_millis(2)).await;
        }
        times.push(killed.elapsed());
        if !left.is_empty() {
            late.push((round, left));
        }
        program.all_gone().await;
        program.guard_gone().await;
    }
    times.sort();
    println!("no orphan after: p50 {:?}, max {:?}, {rounds} rounds", times[rounds / 2], times[rounds - 1]);
    assert!(late.is_empty(), "orphans after 500 ms: {late:?}");
}

#[tokio::test]
async fn sigkill_leaves_no_process_of_a_short_program() {
    for _ in 0..10 {
        // The family without the plain process.
        let mut program = Program::start_as("run-once", &scope("run-once"), FAMILY - 1).await;
        program.kill();
        let took = program.all_gone().await;
        within(took, Duration::from_millis(500));
        program.guard_gone().await;
    }
}

#[tokio::test]
async fn the_end_of_the_program_leaves_no_orphan() {
    let mut program = Program::start(&scope("exit")).await;
    program.send("exit");
    program.child.wait().expect("it is ours");
    let took = program.all_gone().await;
    within(took, Duration::from_millis(500));
    program.guard_gone().await;

    let mut program = Program::start(&scope("orderly")).await;
    drop(program.stdin.take());
    assert_eq!(program.line(), "0", "nothing was left to end after the stops");
    program.child.wait().expect("it is ours");
    assert_eq!(tagged(&program.generation), [] as [u32; 0]);
    program.guard_gone().await;
}

#[tokio::test]
async fn the_guard_is_detached_and_small() {
    let mut program = Program::start(&scope("guard")).await;
    let guard = program.guard;
    assert_eq!(std::fs::read(format!("/proc/{guard}/environ")).unwrap(), b"", "no tag, no secret");
    assert_eq!(stat(guard).unwrap()[3], guard.to_string(), "a session of its own");
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        kill(guard, signal);
    }
    let fds = std::fs::read_dir(format!("/proc/{guard}/fd")).unwrap().count();
    assert!(fds <= 4, "{fds} descriptors");
    let rss: u64 = status(guard, "VmRSS").trim_end_matches(" kB").parse().unwrap();
    println!("the guard's resident memory: {rss} KiB");
    assert!(rss < 6 * 1024, "{rss} KiB");
    program.kill();
    let took = program.all_gone().await;
    within(took, Duration::from_millis(500));
    program.guard_gone().await;
}

#[tokio::test]
async fn a_killed_guard_is_replaced() {
    let mut program = Program::start(&scope("replace")).await;
    for _ in 0..3 {
        let old = program.guard;
        kill(old, Signal::KILL);
        while program.guard == old || program.guard == 0 {
            program.send("guard");
            program.guard = program.line().parse().expect("a pid");
        }
    }
    program.kill();
    let took = program.all_gone().await;
    within(took, Duration::from_millis(500));
    program.guard_gone().await;
}

/// A tagged process without supervision.
fn stray(tag: Option<&str>) -> Child {
    let mut command = Command::new("sleep");
    command.arg("1000").envs(tag.map(|tag| ("HAVATAR_GENERATION", tag)));
    command.spawn().expect("sleep")
}

#[tokio::test]
async fn the_next_start_sweeps_what_the_guard_missed() {
    let scope = scope("sweep");
    let mut program = Program::start(&scope).await;
    // Both die at one stroke, as when memory runs out.
    kill(program.guard, Signal::STOP);
    program.kill();
    kill(program.guard, Signal::KILL);
    eventually("only those that the kernel cannot tie to the program are left", || {
        (1..FAMILY).contains(&tagged(&program.generation).len())
    })
    .await;
    let mut others = [stray(None), stray(Some(&format!("{scope}x.1"))), stray(Some("elsewhere.1"))];
    let mut older = stray(Some(&format!("{scope}.1")));
    let left = tagged(&program.generation).len();

    let spawner = Spawner::new(&scope, PathBuf::from(HELPER)).expect("a spawner");
    let mut own = stray(Some(spawner.generation()));
    let swept = spawner.sweep().await.expect("swept");
    assert_eq!(swept, left + 1, "the older generations of this scope, and nothing else");
    assert_eq!(tagged(&program.generation), [] as [u32; 0]);
    assert!(older.wait().expect("it is ours").code().is_none(), "killed by a signal");
    for other in &mut others {
        assert!(other.try_wait().expect("it is ours").is_none(), "a foreign process was killed");
        other.kill().and_then(|()| other.wait()).expect("it is ours");
    }
    assert!(own.try_wait().expect("it is ours").is_none(), "the living generation was swept");
    assert_eq!(spawner.end().await.expect("ended"), 1);
    own.wait().expect("it is ours");
    program.guard_gone().await;
}

#[tokio::test]
async fn a_child_inherits_only_the_documented() {
    let mut program = Program::start(&scope("inherit")).await;
    let plain = program.plain;
    let mut fds: Vec<String> = std::fs::read_dir(format!("/proc/{plain}/fd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    fds.sort();
    assert_eq!(fds, ["0", "1", "2"]);
    assert_eq!(status(plain, "SigBlk"), "0000000000000000");
    let ignored = u64::from_str_radix(&status(plain, "SigIgn"), 16).unwrap();
    // Signals 32 and 33 belong to the C library, which does not let them be changed.
    assert_eq!(ignored & !(0b11 << 31), 0, "{ignored:#x}");
    assert_eq!(stat(plain).unwrap()[2], plain.to_string(), "a group of its own: Ctrl-C does not reach it");
    let environ = String::from_utf8(std::fs::read(format!("/proc/{plain}/environ")).unwrap()).unwrap();
    let names: Vec<&str> = environ.split('\0').filter_map(|entry| Some(entry.split_once('=')?.0)).collect();
    assert!(names.contains(&"PATH") && names.contains(&"HAVATAR_PROCESS"), "{names:?}");
    assert!(!names.contains(&"NOTIFY_SOCKET") && !names.contains(&"LISTEN_FDS"), "{names:?}");
    drop(program.stdin.take());
    program.child.wait().expect("it is ours");
    program.guard_gone().await;
}

#[tokio::test]
async fn a_program_that_is_no_guard_is_refused() {
    let scope = scope("refused");
    for exe in ["/bin/true", "/nonexistent"] {
        let refused = Spawner::new(&scope, PathBuf::from(exe)).expect_err("not a guard");
        assert!(refused.to_string().contains(exe), "{refused}");
    }
    assert!(Spawner::new("", PathBuf::from(HELPER)).is_err());
}
