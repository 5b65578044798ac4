//! Errors of the API: problem documents of RFC 9457 with a stable code.

mod domain;
pub(super) mod reword;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use havatar_api::Problem;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};

/// Content type of every error answer.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// What every refused request is answered with: a status, a stable code for programs, a sentence for people.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after_s: Option<u64>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after_s: None }
    }

    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// 404 for an address that has no route.
    pub(super) fn no_such_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no_such_route", "nothing is served at this address")
    }

    /// 401 without valid credentials.
    pub(super) fn not_signed_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            "sign in first: open a sign-in link, or send the admin token as a bearer token",
        )
    }

    /// 422 for a value outside its range.
    pub(super) fn out_of_range(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "out_of_range", detail)
    }

    /// 503 for a limit that is reached.
    pub(super) fn busy(what: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", format!("{what}: try again in a moment"))
            .retry_after(5)
    }

    /// 502 for an answer of MediaMTX that cannot be used.
    pub(super) fn bad_upstream() -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "mediamtx_odd",
            "MediaMTX gave an answer that makes no sense here; its log may say why",
        )
    }

    /// The response to a request that no route has received.
    pub(super) fn refuse(self, parts: &Parts) -> Response {
        tracing::debug!(
            http.method = %parts.method,
            http.status = self.status.as_u16(),
            code = self.code,
            "a request was refused"
        );
        let mut response = self.into_response();
        if parts.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
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

/// How the API answers an error of another module. `domain.rs` implements it for each of them.
trait DomainError: std::error::Error + 'static {
    /// The status, and the stable code.
    fn classify(&self) -> (StatusCode, &'static str);

    /// Seconds after which a retry makes sense.
    fn retry_after_s(&self) -> Option<u64> {
        None
    }
}

impl<E: DomainError> From<E> for ApiError {
    fn from(error: E) -> Self {
        let (status, code) = error.classify();
        // An error without a cause says all in the response; the cause goes to the log alone.
        if status.is_server_error() && error.source().is_some() {
            tracing::warn!(
                http.status = status.as_u16(),
                code,
                error = &error as &(dyn std::error::Error + 'static),
                "a request failed"
            );
        }
        let retry_after_s = error.retry_after_s();
        Self { status, code, detail: error.to_string(), retry_after_s }
    }
}
