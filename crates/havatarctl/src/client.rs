//! The HTTP client: a request returns one answer, or one error that knows its exit code.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use havatar_api::Problem;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::exit::Exit;
use crate::token::Token;

/// Where havatard is unless its config says otherwise.
pub(crate) const DEFAULT_ADDRESS: &str = "http://127.0.0.1:8080";
/// The socket of a havatard that runs as a service.
pub(crate) const DEFAULT_SOCKET: &str = "/run/havatar/api.sock";

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// havatard itself ends a request after 30 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(35);
/// The longest JSON that is accepted, in bytes: no server can fill the memory.
const LONGEST_JSON: usize = 32 * 1024 * 1024;

/// Address of a havatard on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    url: Box<Url>,
    /// Requests go here, whatever the URL.
    socket: Option<Box<Path>>,
}

/// Why a text is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("write it like {DEFAULT_ADDRESS}")]
    NotAUrl,
    #[error(
        "havatarctl has no TLS yet: run it on the robot and leave out --url; it finds havatard's local socket"
    )]
    Tls,
    #[error("only a host and a port, like {DEFAULT_ADDRESS}: no login, path or query")]
    Surplus,
    #[error(
        "this is not the machine itself, and the admin token would cross the network unencrypted: \
         run havatarctl on the robot, or bring its port here (ssh -L 8080:127.0.0.1:8080 robot) and leave \
         out --url"
    )]
    Elsewhere,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(|_| AddressError::NotAUrl)?;
        match url.scheme() {
            "http" => {}
            "https" => return Err(AddressError::Tls),
            _ => return Err(AddressError::NotAUrl),
        }
        let surplus = !url.username().is_empty()
            || url.password().is_some()
            || url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some();
        if surplus {
            return Err(AddressError::Surplus);
        }
        let host = url.host_str().ok_or(AddressError::NotAUrl)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let here = host == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        if here { Ok(Self { url: Box::new(url), socket: None }) } else { Err(AddressError::Elsewhere) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Some(socket) => write!(f, "{}", socket.display()),
            None => f.write_str(self.url.as_str().trim_end_matches('/')),
        }
    }
}

impl Address {
    /// A local socket.
    pub(crate) fn local(socket: &Path) -> Result<Self, AddressError> {
        let url = Url::parse("http://localhost").map_err(|_| AddressError::NotAUrl)?;
        Ok(Self { url: Box::new(url), socket: Some(socket.into()) })
    }

    /// The address of `segments` below this one; whatever a segment holds, it stays one segment.
    fn at(&self, segments: &[&str]) -> Url {
        let mut url = Url::clone(&self.url);
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url
    }
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("cannot set up HTTP")]
    SetUp(#[source] reqwest::Error),
    #[error("havatard is not reachable at {address}; is it running?")]
    Unreachable { address: Address, source: reqwest::Error },
    #[error("havatard at {0} does not answer")]
    Timeout(Address),
    #[error("{}", refusal(.0))]
    Refused(Problem),
    #[error("havatard at {address} does not take the token in {file}: is it this robot's?")]
    TokenRefused { address: Address, file: String },
    #[error("what answers at {address} is not havatard, or not this version of it (HTTP {status})")]
    NotHavatard { address: Address, status: StatusCode },
    #[error("the answer from {address} broke off")]
    Interrupted { address: Address, source: reqwest::Error },
    #[error("the answer from {address} is too long")]
    TooLong { address: Address },
    #[error("the answer from {address} is none that this version of havatarctl knows")]
    InvalidBody { address: Address, source: serde_json::Error },
}

impl ClientError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } | Self::Timeout(_) => Exit::NotReachable,
            Self::TokenRefused { .. } => Exit::NotAllowed,
            Self::Refused(problem) if is_forbidden(problem.status) => Exit::NotAllowed,
            Self::NotHavatard { status, .. } if is_forbidden(status.as_u16()) => Exit::NotAllowed,
            _ => Exit::Failed,
        }
    }
}

fn is_forbidden(status: u16) -> bool {
    matches!(status, 401 | 403)
}

fn refusal(problem: &Problem) -> String {
    let said = if problem.detail.is_empty() { &problem.title } else { &problem.detail };
    format!("{said} ({})", problem.code)
}

/// A havatard and the token for it.
pub(crate) struct Client {
    http: reqwest::Client,
    address: Address,
    token: Token,
}

impl Client {
    pub(crate) fn new(address: Address, token: Token) -> Result<Self, ClientError> {
        Self::with_timeout(address, token, ANSWER_WITHIN)
    }

    fn with_timeout(address: Address, token: Token, timeout: Duration) -> Result<Self, ClientError> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, token.header.clone())]);
        let mut builder = reqwest::Client::builder();
        if let Some(socket) = &address.socket {
            builder = builder.unix_socket(&**socket);
        }
        let http = builder
            .user_agent(concat!("havatarctl/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            // The token goes to havatard alone: no proxy of the environment, no redirect.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .read_timeout(timeout)
            .build()
            .map_err(ClientError::SetUp)?;
        Ok(Self { http, address, token })
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ClientError> {
        self.json(self.send(Method::GET, path).await?).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ClientError> {
        self.json(self.send(Method::POST, path).await?).await
    }

    /// POST with a body.
    pub(crate) async fn post_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let response = self.send_with(Method::POST, path, |request| request.json(body)).await?;
        self.json(response).await
    }

    /// PUT with a body.
    pub(crate) async fn put_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let response = self.send_with(Method::PUT, path, |request| request.json(body)).await?;
        self.json(response).await
    }

    /// A request whose answer has no body.
    pub(crate) async fn execute(&self, method: Method, path: &[&str]) -> Result<(), ClientError> {
        self.send(method, path).await.map(drop)
    }

    /// GET whose body is read piece by piece.
    pub(crate) async fn open(&self, path: &[&str]) -> Result<Response, ClientError> {
        self.send(Method::GET, path).await
    }

    /// The next piece of a body; `None` at its end.
    pub(crate) async fn read(
        &self,
        response: &mut Response,
    ) -> Result<Option<impl AsRef<[u8]>>, ClientError> {
        response.chunk().await.map_err(|source| self.interrupted(source))
    }

    async fn send(&self, method: Method, path: &[&str]) -> Result<Response, ClientError> {
        self.send_with(method, path, |request| request).await
    }

    async fn send_with(
        &self,
        method: Method,
        path: &[&str],
        build: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, ClientError> {
        let url = self.address.at(&[&["api", "v1"], path].concat());
        let request = build(self.http.request(method, url));
        let response = request.send().await.map_err(|source| {
            let address = self.address.clone();
            if source.is_timeout() && !source.is_connect() {
                ClientError::Timeout(address)
            } else {
                ClientError::Unreachable { address, source: source.without_url() }
            }
        })?;
        if response.status().is_success() { Ok(response) } else { Err(self.refused(response).await) }
    }

    async fn refused(&self, response: Response) -> ClientError {
        let status = response.status();
        let body = match self.body(response).await {
            Ok(body) => body,
            Err(error) => return error,
        };
        let address = self.address.clone();
        match serde_json::from_slice::<Problem>(&body) {
            Ok(_) if status == StatusCode::UNAUTHORIZED => {
                ClientError::TokenRefused { address, file: self.token.file.display().to_string() }
            }
            // The exit code follows the response's status.
            Ok(problem) => ClientError::Refused(Problem { status: status.as_u16(), ..problem }),
            Err(_) => ClientError::NotHavatard { address, status },
        }
    }

    async fn json<T: DeserializeOwned>(&self, response: Response) -> Result<T, ClientError> {
        let (address, status) = (self.address.clone(), response.status());
        let body = self.body(response).await?;
        serde_json::from_slice(&body).map_err(|source| match source.classify() {
            serde_json::error::Category::Data => ClientError::InvalidBody { address, source },
            _ => ClientError::NotHavatard { address, status },
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, ClientError> {
        let mut body = Vec::new();
        while let Some(piece) = self.read(&mut response).await? {
            body.extend_from_slice(piece.as_ref());
            if body.len() > LONGEST_JSON {
                return Err(ClientError::TooLong { address: self.address.clone() });
            }
        }
        Ok(body)
    }

    fn interrupted(&self, source: reqwest::Error) -> ClientError {
        if source.is_timeout() {
            ClientError::Timeout(self.address.clone())
        } else {
            ClientError::Interrupted { address: self.address.clone(), source: source.without_url() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        use AddressError::{Elsewhere, NotAUrl, Surplus, Tls};
        let cases = [
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080")),
            ("http://127.0.0.1:8080/", Ok("http://127.0.0.1:8080")),
            ("HTTP://LocalHost:8080", Ok("http://localhost:8080")),
            ("http://[::1]:8080", Ok("http://[::1]:8080")),
            ("http://127.5.5.5", Ok("http://127.5.5.5")),
            ("https://127.0.0.1:8443", Err(Tls)),
            ("https://robot.example", Err(Tls)),
            ("http://192.0.2.7:8080", Err(Elsewhere)),
            ("http://robot:8080", Err(Elsewhere)),
            ("http://localhost.example:8080", Err(Elsewhere)),
            ("http://127.0.0.1.example:8080", Err(Elsewhere)),
            ("http://[2001:db8::1]:8080", Err(Elsewhere)),
            ("http://me:secret@127.0.0.1:8080", Err(Surplus)),
            ("http://127.0.0.1@192.0.2.7:8080", Err(Surplus)),
            ("http://127.0.0.1:8080/api/v1", Err(Surplus)),
            ("http://127.0.0.1:8080?x", Err(Surplus)),
            ("http://127.0.0.1:8080/#x", Err(Surplus)),
            ("127.0.0.1:8080", Err(NotAUrl)),
            ("localhost:8080", Err(NotAUrl)),
            ("robot", Err(NotAUrl)),
            ("ftp://127.0.0.1", Err(NotAUrl)),
            ("", Err(NotAUrl)),
        ];
        for (text, expected) in cases {
            let parsed = text.parse::<Address>().map(|address| address.to_string());
            assert_eq!(parsed, expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_name_cannot_become_a_path() {
        let address: Address = DEFAULT_ADDRESS.parse().unwrap();
        let url = address.at(&["api", "v1", "processes", "a/../../b?c#d%2e", "stop"]);
        assert_eq!(url.as_str(), "http://127.0.0.1:8080/api/v1/processes/a%2F..%2F..%2Fb%3Fc%23d%252e/stop");
    }

    #[tokio::test]
    async fn who_never_answers_is_not_waited_for_without_end() {
        // Nobody accepts: the kernel completes the connection, and nothing ever comes.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address: Address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let token =
            Token { header: reqwest::header::HeaderValue::from_static("Bearer x"), file: "/nowhere".into() };
        let client = Client::with_timeout(address, token, Duration::from_millis(100)).unwrap();
        let error = client.get::<havatar_api::Status>(&["status"]).await.unwrap_err();
        assert!(matches!(error, ClientError::Timeout(_)), "{error:?}");
        assert_eq!(error.exit(), Exit::NotReachable);
    }
}
