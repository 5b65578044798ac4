//! Supervised processes and their logs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a supervised process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProcessState {
    /// Not wanted.
    Stopped,
    /// Wanted, but something it needs is away (a device, MediaMTX); `why` names it.
    Waiting,
    /// Launched, not yet ready.
    Starting,
    /// Ready and answering.
    Running,
    /// Asked to end; the stop stages are under way.
    Stopping,
    /// Ended without being asked; the next attempt is due at `retry_at`.
    Backoff,
}

/// One supervised process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Process {
    /// `mediamtx`, `camera`, `microphone` or `muxer`.
    pub name: String,
    /// Where it is in its life.
    pub state: ProcessState,
    /// Its process id while it runs.
    #[schema(required)]
    pub pid: Option<i32>,
    /// When the present state began.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Seconds since it became ready; `null` unless running.
    #[schema(required)]
    pub uptime_s: Option<f64>,
    /// Launches after the first, since the daemon started.
    pub restarts: u64,
    /// How it ended last, in words.
    #[schema(required)]
    pub last_exit: Option<String>,
    /// Why it is in this state, in words, where that is not obvious.
    #[schema(required)]
    pub why: Option<String>,
    /// When the next attempt is due; `null` unless in `backoff`.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub retry_at: Option<Timestamp>,
    /// What each of its programs runs under since the last launch, in the order of the data flow.
    #[serde(default)]
    pub confinement: Vec<Confinement>,
}

/// What a program that the daemon started runs under: how far it is held back, even if it was taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Confinement {
    /// Its file name.
    pub program: String,
    /// It gains no rights by running a file.
    pub no_new_privileges: bool,
    /// The kernel holds it to the files and ports that it needs.
    pub landlock: bool,
    /// The kernel holds it to the system calls that it needs.
    pub seccomp: bool,
    /// What is missing, and why; `null` if nothing is.
    #[schema(required)]
    pub missing: Option<String>,
}

/// Where a log line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogSource {
    /// The process's standard output.
    Stdout,
    /// The process's standard error.
    Stderr,
    /// The supervisor's own lines: launches, exits, kills, lines left out.
    Supervisor,
}

/// One line of a process's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Where it came from.
    pub source: LogSource,
    /// The text, bounded in length, invalid UTF-8 replaced.
    pub text: String,
}

/// Body of `GET /api/v1/processes/{name}/logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Logs {
    /// Oldest first, at most the last 200.
    pub lines: Vec<LogLine>,
    /// Lines read but not kept, because the process wrote faster than the rate limit.
    pub dropped: u64,
}
