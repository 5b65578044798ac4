//! A signed-in client: by the admin token, or by a link and a cookie as a browser would.

use std::net::SocketAddr;
use std::time::Duration;

use havatar_api::{LeaseAnswer, LoginLink};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::daemon::Daemon;
use crate::driver::{Driver, Way};

/// A signed-in client. Two of them are two sign-ins.
#[derive(Debug, Clone)]
pub struct Person {
    http: reqwest::Client,
    origin: String,
    /// Header and value that prove who they are.
    proof: (&'static str, String),
}

impl Daemon {
    /// The client with the admin token.
    pub fn admin(&self) -> Person {
        Person::bearer(self.origin(), self.token())
    }

    /// A new client, signed in with a link.
    ///
    /// # Panics
    /// If that does not work.
    pub async fn person(&self) -> Person {
        let link: LoginLink = self.post("/api/v1/login/link").await.json();
        let code = link.path.split_once("#code=").expect("a code").1;
        let stranger = Person::new(self.origin(), ("x-nobody", String::new()));
        let answer = stranger.ask(Method::POST, "/api/v1/login", Some(json!({ "code": code }))).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        Person::new(self.origin(), ("cookie", cookie))
    }
}

impl Person {
    /// The client with this token, at that address.
    pub fn bearer(origin: &str, token: &str) -> Self {
        Self::new(origin, ("authorization", format!("Bearer {token}")))
    }

    fn new(origin: &str, proof: (&'static str, String)) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Self { http, origin: origin.to_owned(), proof }
    }

    /// The same person at another address of the daemon.
    #[must_use]
    pub fn at(&self, origin: &str) -> Self {
        Self::new(origin, self.proof.clone())
    }

    /// A request with a JSON body, or without one.
    pub async fn try_ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
        self.send(method, path, |request| match &body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// A request with whatever `with` adds to it.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, reqwest::Error> {
        let request = self.http.request(method, format!("{}{path}", self.origin));
        let request = with(request.header(self.proof.0, &self.proof.1).header("origin", &self.origin));
        let response = request.timeout(Duration::from_secs(10)).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
    }

    /// The same, and it is answered.
    ///
    /// # Panics
    /// If it is not.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.try_ask(method, path, body).await.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// `GET`, as JSON.
    ///
    /// # Panics
    /// If the answer is no success.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.ask(Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Asks for the robot, and is given it: the lease's number and its secret.
    ///
    /// # Panics
    /// If it is not given.
    pub async fn acquire(&self, body: Value) -> (u64, String) {
        let answer = self.post("/api/v1/robot/lease", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        match answer.json() {
            LeaseAnswer::Granted { lease, token, .. } => (lease, token),
            LeaseAnswer::Asked { .. } => panic!("the robot is not free: {}", answer.text()),
        }
    }

    /// Where this person opens a drive socket.
    ///
    /// # Panics
    /// Never: the origin holds an address.
    pub fn way(&self) -> Way {
        let host = self.origin.trim_start_matches("http://");
        Way {
            address: host.parse().expect("an address"),
            host: host.to_owned(),
            proof: (self.proof.0, self.proof.1.clone()),
        }
    }

    /// Acquires the robot and opens a drive session.
    pub async fn drives(&self) -> Driver {
        self.drives_by(self.way().address).await
    }

    /// The same, through a relay at that address.
    pub async fn drives_by(&self, address: SocketAddr) -> Driver {
        let (lease, token) = self.acquire(json!({})).await;
        Driver::connect(&Way { address, ..self.way() }, lease, &token).await
    }
}
