//! A running daemon, seen and handled from outside.

use std::process::{Child, ExitStatus};
use std::time::Duration;

use havatar_api as api;
use nix::sys::signal::Signal;
use reqwest::Method;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::events::Events;
use crate::plan::{Plan, TAG};
use crate::proc::{self, Process};
use crate::viewer::Viewer;
use crate::wait;

/// How long picture and sound may take; the goals are measured apart.
const READY_WITHIN: Duration = Duration::from_secs(25);
/// How long whatever a killed daemon leaves behind may live. The goal is half of it.
const GONE_WITHIN: Duration = Duration::from_secs(1);

/// A running daemon. Dropping it kills it with SIGKILL and asserts that nothing of it is left.
#[derive(Debug)]
pub struct Daemon {
    /// What it was launched with.
    pub plan: Option<Plan>,
    child: Option<Child>,
    http: reqwest::Client,
    origin: String,
    token: String,
    watch_token: String,
    guard: Option<i32>,
}

impl Plan {
    /// Launches the daemon and waits until it serves.
    pub async fn launch(self) -> Daemon {
        Daemon::launch(self).await
    }
}

impl Daemon {
    async fn launch(plan: Plan) -> Self {
        let child = plan.spawn("run");
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let mut daemon = Self {
            plan: Some(plan),
            child: Some(child),
            http: http.expect("an HTTP client"),
            origin: String::new(),
            token: String::new(),
            watch_token: String::new(),
            guard: None,
        };
        daemon.origin = daemon
            .eventually(Duration::from_secs(10), "havatard says where it is", async || {
                let said = daemon.plan().stdout();
                let line = said.lines().find_map(|line| line.strip_prefix("Havatar is at "))?;
                said.contains("Sign in").then(|| line.to_owned())
            })
            .await;
        let token = |name: &str| {
            let text = std::fs::read_to_string(daemon.plan().state().join(name)).expect("a token");
            text.trim().to_owned()
        };
        (daemon.token, daemon.watch_token) = (token("admin-token"), token("watch-token"));
        daemon.guard = proc::children(daemon.pid())
            .into_iter()
            .find(|child| child.args.iter().any(|arg| arg == "--havatar-guard"))
            .map(|guard| guard.pid);
        daemon
    }

    /// What it was launched with.
    ///
    /// # Panics
    /// Never while it is alive.
    pub fn plan(&self) -> &Plan {
        self.plan.as_ref().expect("a plan")
    }

    /// Its process id.
    ///
    /// # Panics
    /// If it was stopped.
    pub fn pid(&self) -> i32 {
        self.child.as_ref().map(|child| child.id().cast_signed()).expect("a running daemon")
    }

    /// `http://127.0.0.1:12345`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The admin's bearer token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The token that players give as their password.
    pub fn watch_token(&self) -> &str {
        &self.watch_token
    }

    /// A request by the admin, answered or not.
    pub async fn try_ask(
        &self,
        method: Method,
        path: &str,
        adorn: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Result<Answer, reqwest::Error> {
        let request = self.http.request(method, format!("{}{path}", self.origin)).bearer_auth(&self.token);
        let response = adorn(request.timeout(Duration::from_secs(10))).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
    }

    /// A request by the admin that is to be answered.
    ///
    /// # Panics
    /// If it is not.
    pub async fn ask(&self, method: Method, path: &str) -> Answer {
        self.try_ask(method, path, |request| request)
            .await
            .unwrap_or_else(|error| self.fail(&format!("{path}: {error:?}")))
    }

    /// `GET`, as JSON.
    ///
    /// # Panics
    /// If the answer is no success.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.ask(Method::GET, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// `POST` without a body.
    pub async fn post(&self, path: &str) -> Answer {
        self.ask(Method::POST, path).await
    }

    /// Everything at once.
    pub async fn status(&self) -> api::Status {
        self.get("/api/v1/status").await
    }

    /// One supervised process.
    ///
    /// # Panics
    /// If there is none of that name.
    pub async fn process(&self, name: &str) -> api::Process {
        let processes: Vec<api::Process> = self.get("/api/v1/processes").await;
        processes.into_iter().find(|process| process.name == name).expect("a process of that name")
    }

    /// The pid of a running supervised process.
    ///
    /// # Panics
    /// If it has none.
    pub async fn pid_of(&self, name: &str) -> i32 {
        let process = self.process(name).await;
        process.pid.unwrap_or_else(|| self.fail(&format!("{name} does not run: {process:?}")))
    }

    /// One stream's figures.
    ///
    /// # Panics
    /// If there is no such stream.
    pub async fn stream(&self, name: &str) -> api::Stream {
        let streams: api::Streams = self.get("/api/v1/stats").await;
        streams.streams.into_iter().find(|stream| stream.name == name).expect("a stream of that name")
    }

    /// `GET /readyz`, by the admin, who receives the reasons.
    pub async fn readiness(&self) -> (u16, api::Readiness) {
        let answer = self.ask(Method::GET, "/readyz").await;
        (answer.status, answer.json())
    }

    /// Waits until nothing is missing.
    pub async fn ready(&self) {
        self.eventually(READY_WITHIN, "picture and sound are ready", async || {
            (self.readiness().await.0 == 200).then_some(())
        })
        .await;
    }

    /// Waits until `/readyz` names `code`, and gives its words and the reason.
    pub async fn missing(&self, within: Duration, code: &str) -> String {
        self.eventually(within, &format!("{code} is missing"), async || {
            let (_, readiness) = self.readiness().await;
            let missing = readiness.missing.into_iter().find(|missing| missing.code == code)?;
            Some(
                missing
                    .why
                    .map_or_else(|| missing.message.clone(), |why| format!("{}: {why}", missing.message)),
            )
        })
        .await
    }

    /// Waits until a process is in the given state.
    pub async fn process_is(&self, within: Duration, name: &str, state: api::ProcessState) -> api::Process {
        self.eventually(within, &format!("{name} is {state:?}"), async || {
            Some(self.process(name).await).filter(|process| process.state == state)
        })
        .await
    }

    /// Waits for a condition; a failure shows the last log lines of the daemon and its processes.
    pub async fn eventually<T>(
        &self,
        within: Duration,
        what: &str,
        probe: impl AsyncFnMut() -> Option<T>,
    ) -> T {
        if let Some(value) = wait::in_time(within, probe).await {
            return value;
        }
        let state = self.last_words().await;
        self.fail(&format!("not within {within:?}: {what}\n{state}"))
    }

    /// Follows the events.
    pub async fn events(&self) -> Events {
        Events::open(&self.origin, &self.token).await
    }

    /// A viewer over RTSP.
    pub fn viewer(&self, path: &str) -> Viewer {
        Viewer::open(&self.rtsp(path))
    }

    /// Where VLC or OBS would find a stream.
    pub fn rtsp(&self, path: &str) -> String {
        format!("rtsp://viewer:{}@127.0.0.1:{}/{path}", self.watch_token, self.plan().ports.rtsp)
    }

    /// Processes that carry this daemon's tag, without itself.
    pub fn processes(&self) -> Vec<Process> {
        let own = self.child.as_ref().map(Child::id);
        tagged(self.plan()).into_iter().filter(|process| Some(process.pid.cast_unsigned()) != own).collect()
    }

    /// The one process of a supervised one that runs `program`.
    ///
    /// # Panics
    /// If there is none.
    pub fn child(&self, of: &str, program: &str) -> Process {
        let found = self.processes();
        found
            .iter()
            .find(|process| process.belongs_to == of && process.program() == program)
            .cloned()
            .unwrap_or_else(|| self.fail(&format!("no {program} of {of} among {found:#?}")))
    }

    /// Sends a signal to the daemon itself.
    pub fn signal(&self, signal: Signal) {
        proc::signal(self.pid(), signal);
    }

    /// Changes the config file. The daemon reads it on [`Self::reload`].
    pub fn rewrite(&mut self, change: impl FnOnce(&mut Plan)) {
        let plan = self.plan.as_mut().expect("a plan");
        plan.set_raw(None);
        change(plan);
        plan.write_config();
    }

    /// Puts this text in the config file's place.
    pub fn rewrite_raw(&mut self, text: &str) {
        self.rewrite(|plan| plan.set_raw(Some(text.to_owned())));
    }

    /// SIGHUP.
    pub fn reload(&self) {
        self.signal(Signal::SIGHUP);
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        self.plan().stderr()
    }

    /// SIGTERM, and the wait for its end.
    ///
    /// # Panics
    /// If it has not ended after 20 s, or left something behind.
    pub async fn stop(mut self) -> (ExitStatus, Duration, Plan) {
        let begun = Instant::now();
        self.signal(Signal::SIGTERM);
        let mut child = self.child.take().expect("a running daemon");
        let status =
            wait::in_time(Duration::from_secs(20), async || child.try_wait().expect("its status")).await;
        let took = begun.elapsed();
        let Some(status) = status else {
            self.child = Some(child);
            self.fail("the daemon does not stop");
        };
        self.assert_nothing_left();
        (status, took, self.plan.take().expect("a plan"))
    }

    /// SIGKILL: returns how long whatever it started outlived it.
    ///
    /// # Panics
    /// If that is longer than a second, on a free machine.
    pub fn kill(mut self) -> (Duration, Plan) {
        let mut child = self.child.take().expect("a running daemon");
        let begun = Instant::now();
        child.kill().and_then(|()| child.wait()).expect("SIGKILL is not refused");
        self.assert_nothing_left();
        (begun.elapsed(), self.plan.take().expect("a plan"))
    }

    /// Ends the story with a sentence and the daemon's log.
    ///
    /// # Panics
    /// Always: that is its purpose.
    pub fn fail(&self, why: &str) -> ! {
        let log = self.plan.as_ref().map(Plan::stderr).unwrap_or_default();
        panic!("{why}\n--- log of havatard\n{}", tail(&log, 60))
    }

    async fn last_words(&self) -> String {
        let Ok(status) = self.try_ask(Method::GET, "/api/v1/status", |it| it).await else {
            return "havatard does not answer".to_owned();
        };
        let mut text = format!("--- status\n{}\n", status.text());
        for name in ["mediamtx", "camera", "microphone", "muxer", "speaker", "talk"] {
            let path = format!("/api/v1/processes/{name}/logs");
            let Ok(logs) = self.try_ask(Method::GET, &path, |it| it).await else { continue };
            let lines: Vec<String> =
                logs.json::<api::Logs>().lines.into_iter().map(|line| line.text).collect();
            text.extend(["--- ", name, "\n", &tail(&lines.join("\n"), 15), "\n"]);
        }
        text
    }

    /// Blocks: a Drop cannot wait otherwise.
    fn assert_nothing_left(&self) {
        let deadline = Instant::now() + GONE_WITHIN.mul_f64(wait::slack());
        loop {
            let left = self.processes();
            let guard = self.guard.filter(|pid| proc::alive(*pid));
            if left.is_empty() && guard.is_none() {
                return;
            }
            if Instant::now() >= deadline {
                for process in &left {
                    proc::signal(process.pid, Signal::SIGKILL);
                }
                if !std::thread::panicking() {
                    self.fail(&format!("left behind: {left:#?}, guard {guard:?}"));
                }
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = child.kill();
        let _ = child.wait();
        self.assert_nothing_left();
    }
}

fn tagged(plan: &Plan) -> Vec<Process> {
    proc::with_environment(TAG, &plan.tag)
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
