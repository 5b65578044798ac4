//! A server that gives the answers it was told to give, and remembers what it was asked.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use havatar_api::Problem;
use serde::Serialize;

/// The token that it takes.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// One answer.
#[derive(Clone)]
pub(crate) enum Answer {
    /// This, whole.
    Whole { status: u16, kind: &'static str, body: Vec<u8> },
    /// The length is announced, but the connection breaks after these bytes.
    Broken { announced: u64, bytes: Vec<u8> },
    /// These bytes, and then nothing more for as long as the server runs.
    Stalled { announced: u64, bytes: Vec<u8> },
}

pub(crate) fn json<T: Serialize>(body: &T) -> Answer {
    Answer::Whole { status: 200, kind: "application/json", body: serde_json::to_vec(body).unwrap() }
}

pub(crate) fn nothing() -> Answer {
    Answer::Whole { status: 204, kind: "", body: Vec::new() }
}

pub(crate) fn file(bytes: &[u8]) -> Answer {
    Answer::Whole { status: 200, kind: "video/mp4", body: bytes.to_vec() }
}

pub(crate) fn problem(status: u16, code: &str, detail: &str) -> Answer {
    let problem = Problem {
        kind: "about:blank".to_owned(),
        title: "Refused".to_owned(),
        status,
        code: code.to_owned(),
        detail: detail.to_owned(),
    };
    Answer::Whole { status, kind: "application/problem+json", body: serde_json::to_vec(&problem).unwrap() }
}

#[derive(Default)]
struct Memory {
    /// By method and path; the last answer of each is given again and again.
    answers: HashMap<String, VecDeque<Answer>>,
    asked: Vec<String>,
}

/// The server; it ends with this value.
pub(crate) struct Fake {
    pub(crate) url: String,
    memory: Arc<Mutex<Memory>>,
    _runtime: tokio::runtime::Runtime,
}

impl Fake {
    pub(crate) fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let memory = Arc::new(Mutex::new(Memory::default()));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(memory.clone());
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, memory, _runtime: runtime }
    }

    /// Adds an answer to `method_and_path`, like `GET /api/v1/status`.
    pub(crate) fn will(&self, method_and_path: &str, answer: Answer) -> &Self {
        let mut memory = self.memory.lock().unwrap();
        memory.answers.entry(method_and_path.to_owned()).or_default().push_back(answer);
        self
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.memory.lock().unwrap().asked.clone()
    }
}

async fn answer(State(memory): State<Arc<Mutex<Memory>>>, request: Request) -> Response {
    let key = format!("{} {}", request.method(), request.uri());
    let proof = request.headers().get(header::AUTHORIZATION).map(|value| value.to_str().unwrap());
    let allowed = proof == Some(&format!("Bearer {TOKEN}"));
    let mut memory = memory.lock().unwrap();
    memory.asked.push(key.clone());
    let answer = if allowed {
        match memory.answers.get_mut(&key) {
            Some(answers) if answers.len() > 1 => answers.pop_front().unwrap(),
            Some(answers) => answers[0].clone(),
            None => problem(404, "no_such_route", "nothing is served at this address"),
        }
    } else {
        problem(401, "not_signed_in", "sign in first")
    };
    respond(answer)
}

fn respond(answer: Answer) -> Response {
    let response = Response::builder();
    match answer {
        Answer::Whole { status, kind, body } => {
            let response = response.status(StatusCode::from_u16(status).unwrap());
            let response =
                if kind.is_empty() { response } else { response.header(header::CONTENT_TYPE, kind) };
            response.body(Body::from(body))
        }
        Answer::Broken { announced, bytes } => response
            .header(header::CONTENT_LENGTH, announced)
            .body(Body::from_stream(Pieces { first: Some(bytes), then: Then::Pause })),
        Answer::Stalled { announced, bytes } => response
            .header(header::CONTENT_LENGTH, announced)
            .body(Body::from_stream(Pieces { first: Some(bytes), then: Then::Nothing })),
    }
    .unwrap()
}

/// A body of one piece that then breaks, or never goes on.
struct Pieces {
    first: Option<Vec<u8>>,
    then: Then,
}

enum Then {
    Nothing,
    /// Once, so that what there is gets sent before the break.
    Pause,
    Break,
}

impl futures_util::Stream for Pieces {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(bytes) = self.first.take() {
            return Poll::Ready(Some(Ok(bytes.into())));
        }
        match self.then {
            Then::Nothing => Poll::Pending,
            Then::Pause => {
                self.then = Then::Break;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Then::Break => Poll::Ready(Some(Err(std::io::ErrorKind::BrokenPipe.into()))),
        }
    }
}
