//! Headers of every response.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::guard::allowed_host;
use super::state::AppState;

/// Sent with every answer, whatever it is.
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(self)"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

const POLICY: &str = "default-src 'self'; media-src 'self' blob: mediastream:; img-src 'self' data:; \
    style-src 'self'; script-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; \
    object-src 'none'";

/// The middleware. The content security policy allows no inline script or style, and connections only to
/// where the page came from.
pub(super) async fn secure(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let tls = state.listening.tls;
    // 'self' does not cover WebSockets in every browser, so ours is named. The host is one of the
    // allow-list, and it was parsed, so nothing else can get into the header through it.
    let connect = allowed_host(&state, &parts).map_or_else(
        || "connect-src 'self'".to_owned(),
        |host| format!("connect-src 'self' {}://{host}", if tls { "wss" } else { "ws" }),
    );
    let is_api = parts.uri.path().starts_with("/api/");
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&format!("{POLICY}; {connect}")) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if is_api {
        keep_out_of_caches(headers);
    }
    response
}

fn keep_out_of_caches(headers: &mut HeaderMap) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
