//! Rewords the errors of axum (unknown method, malformed JSON, body too large) as problem documents, so that no route
//! can miss one.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::response::Parts;
use http::{HeaderMap, StatusCode, header};

use super::ApiError;

/// The longest plain-text rejection that becomes a problem's detail, in bytes.
const LONGEST_DETAIL: usize = 1024;

/// The middleware.
pub(in crate::http) async fn reword(request: Request, next: Next) -> Response {
    let (parts, body) = next.run(request).await.into_parts();
    if !is_plain_error(&parts.headers, parts.status) {
        return Response::from_parts(parts, body);
    }
    let text = to_bytes(body, LONGEST_DETAIL).await.unwrap_or_default();
    reworded(&parts, &String::from_utf8_lossy(&text))
}

fn is_plain_error(headers: &HeaderMap, status: StatusCode) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let plain = kind.is_empty() || kind.starts_with("text/plain");
    plain && (status.is_client_error() || status.is_server_error())
}

fn reworded(parts: &Parts, text: &str) -> Response {
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
    let mut response = ApiError::new(status, code, detail).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}
