//! Launches a daemon for a program that is not Rust, as the stories launch theirs.
//!
//! One line of JSON on standard input says what ([`Request`]), one line on standard output where it is ([`Launched`]); what the
//! daemon prints follows. The daemon is stopped when standard input ends or a SIGTERM arrives, and the exit code is the
//! daemon's.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::time::{Duration, SystemTime};

use havatar_tests::{Plan, Ports};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long an orderly stop may take before SIGKILL.
const GRACE: Duration = Duration::from_millis(4500);

/// What to launch.
#[derive(Deserialize)]
struct Request {
    /// Folder of its config, state and runtime files.
    dir: PathBuf,
    /// Those of an earlier launch in that folder; drawn if there are none.
    ports: Option<Ports>,
    /// The daemon's file.
    program: PathBuf,
    /// Its address for hosts and media; loopback unless given.
    address: Option<String>,
    /// Words before it: a program that runs it in a network of its own.
    within: Vec<String>,
    /// Keys of the config by their dotted names; `null` takes one out.
    config: Vec<(String, Value)>,
    /// Further environment.
    env: HashMap<String, String>,
}

/// Where it is.
#[derive(Serialize)]
struct Launched<'a> {
    pid: u32,
    /// Unix time just before the launch, ms.
    started_at: u128,
    ports: &'a Ports,
    state: PathBuf,
    runtime: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("standard input");
    let request: Request = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
    let ports = request.ports.map_or_else(Ports::draw, Ports::hold_again);
    let (http, udp) = (ports.http, ports.udp);
    let mut plan =
        Plan::at(request.dir, ports, request.program).set("server.listen", format!("127.0.0.1:{http}"));
    if let Some(address) = request.address {
        plan.put("media.mediamtx.webrtc_udp_address", format!("{address}:{udp}"));
        plan.put("server.hosts", vec![address]);
    }
    for (key, value) in request.config {
        plan.put(&key, value);
    }
    for (name, value) in &request.env {
        plan = plan.env(name, value);
    }
    // If this process is killed, the daemon is asked to stop.
    let within: Vec<String> = ["setpriv", "--pdeathsig", "TERM", "--"]
        .map(str::to_owned)
        .into_iter()
        .chain(request.within)
        .collect();
    let mut terminated = signal(SignalKind::terminate()).expect("a handler of SIGTERM");
    let started_at = SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970").as_millis();
    let mut child =
        tokio::process::Command::from(plan.command(&within, "run")).spawn().expect("havatard starts");
    let pid = child.id().expect("a running daemon");
    let launched = Launched {
        pid,
        started_at,
        ports: &plan.ports,
        state: plan.state().to_owned(),
        runtime: plan.runtime().to_owned(),
    };
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", serde_json::to_string(&launched).expect("JSON"))
        .and_then(|()| output.flush())
        .expect("standard output");

    let mut caller_gone = end_of_input();
    tokio::select! {
        status = child.wait() => return code(status.expect("its status")),
        _ = &mut caller_gone => {}
        _ = terminated.recv() => {}
    }
    code(stop(&mut child, pid).await)
}

/// Resolves when standard input ends. A thread that the process does not wait for reads it.
fn end_of_input() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = sender.send(());
    });
    receiver
}

async fn stop(child: &mut Child, pid: u32) -> ExitStatus {
    let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGTERM);
    if let Ok(status) = timeout(GRACE, child.wait()).await {
        return status.expect("its status");
    }
    child.kill().await.expect("SIGKILL is not refused");
    child.wait().await.expect("its status")
}

/// The daemon's own exit code; 1 if a signal ended it.
fn code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
