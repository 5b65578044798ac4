use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use havatar_api::Problem;
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};

use crate::{auth::SignInError, media::MediaError, recordings::RecordingError};

const CONTENT_TYPE: &str = "application/problem+json";
/// The longest plain-text rejection that is taken over as a problem's detail, in bytes.
const LONGEST_DETAIL: usize = 1024;

/// What every refused request is answered with: RFC 9457, a stable `code`, a sentence for a person.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after_s: Option<u64>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after_s: None }
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn no_such_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no_such_route", "nothing is served at this address")
    }

    pub(crate) fn not_signed_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            "sign in first: open a sign-in link, or send the admin token as a bearer token",
        )
    }

    pub(crate) fn busy(what: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", format!("{what}: try again in a moment"))
            .retry_after(5)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<MediaError> for Failure {
    fn from(error: MediaError) -> Self {
        logged(error.status(), error.code(), &error)
    }
}

impl From<RecordingError> for Failure {
    fn from(error: RecordingError) -> Self {
        logged(error.status(), error.code(), &error)
    }
}

/// A refusal; one that is the robot's fault is logged with its chain, and may be tried again.
fn logged(status: u16, code: &'static str, error: &(dyn std::error::Error + 'static)) -> Failure {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::warn!(http.status = status.as_u16(), code, error, "a request failed");
    }
    let failure = Failure::new(status, code, error.to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE { failure.retry_after(1) } else { failure }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Refused => Self::new(StatusCode::UNAUTHORIZED, "sign_in_refused", error.to_string()),
            SignInError::TooMany { wait } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", error.to_string())
                    .retry_after(wait.as_secs().max(1))
            }
        }
    }
}

/// Puts the errors that the framework words itself (no such method, bad JSON, too large a body) into the
/// one form, so that no route can be forgotten.
pub(super) async fn reword(request: Request, next: Next) -> Response {
    let (parts, body) = next.run(request).await.into_parts();
    if !is_foreign(&parts.headers, parts.status) {
        return Response::from_parts(parts, body);
    }
    let text = to_bytes(body, LONGEST_DETAIL).await.unwrap_or_default();
    reworded(&parts, &String::from_utf8_lossy(&text))
}

fn is_foreign(headers: &HeaderMap, status: StatusCode) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let plain = kind.is_empty() || kind.starts_with("text/plain");
    plain && (status.is_client_error() || status.is_server_error())
}

fn reworded(parts: &http::response::Parts, text: &str) -> Response {
    let (status, code, default) = match parts.status {
        StatusCode::METHOD_NOT_ALLOWED => {
            (parts.status, "method_not_allowed", "this address does not take this method")
        }
        StatusCode::PAYLOAD_TOO_LARGE => (parts.status, "too_large", "the body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (parts.status, "wrong_content_type", "the body has the wrong content type")
        }
        StatusCode::NOT_FOUND => (parts.status, "no_such_route", "nothing is served at this address"),
        StatusCode::UPGRADE_REQUIRED => {
            (parts.status, "websocket_only", "this address is a WebSocket: ask for an upgrade")
        }
        status if status.is_client_error() => {
            (StatusCode::BAD_REQUEST, "bad_request", "the request does not have the right form")
        }
        status => (status, "internal", "something went wrong inside; the log says what"),
    };
    let keep_text = !text.trim().is_empty() && status.is_client_error();
    let detail = if keep_text { text.trim() } else { default };
    let mut response = Failure::new(status, code, detail).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

/// For requests that were refused before any route saw them.
pub(super) fn refused(failure: Failure, parts: &Parts) -> Response {
    tracing::debug!(
        http.method = %parts.method,
        http.status = failure.status.as_u16(),
        code = failure.code,
        "a request was refused"
    );
    let mut response = failure.into_response();
    if parts.method == http::Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}
