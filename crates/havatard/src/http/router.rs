//! The table of routes with the layers that apply to every request.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use tokio::time::Instant;
use tower_http::limit::RequestBodyLimitLayer;

use crate::handles::Handles;

use super::error::ApiError;
use super::error::reword::reword;
use super::routes::Routes;
use super::server::Listening;
use super::state::AppState;
use super::{guard, headers, panel, routes};

/// The largest body that any request may have, in bytes, whatever its route allows.
const LARGEST_BODY: usize = 1024 * 1024;
/// Time until the response must begin. Streamed bodies and sockets have their own limits.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The service that is served at `public`.
pub fn router(handles: Arc<Handles>, public: Listening) -> Router {
    routers(handles, public).0
}

/// The service that is served at `public`, and the same at the local socket.
pub fn routers(handles: Arc<Handles>, public: Listening) -> (Router, Router) {
    let Routes { router, permissions, openapi } = routes::build();
    let state = AppState::new(handles, public, permissions, openapi);
    let local = state.at(Listening::LOCAL);
    (layered(router.clone(), state), layered(router, local))
}

fn layered(router: Router<AppState>, state: AppState) -> Router {
    router
        .fallback(panel::fallback)
        .layer(DefaultBodyLimit::max(routes::SMALL))
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(from_fn(reword))
        .layer(from_fn(time_out))
        .layer(from_fn_with_state(state.clone(), guard::guard))
        .layer(from_fn_with_state(state.clone(), headers::secure))
        .layer(from_fn(log))
        .with_state(state)
}

async fn time_out(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "took_too_long",
            "the request did not arrive, or was not done, in 30 s",
        )
        .into_response(),
    }
}

/// Logs each request by its route's pattern: paths hold ids, queries hold what people type.
async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = Instant::now();
    let response = next.run(request).await;
    tracing::debug!(
        http.method = %method,
        http.route = route.as_ref().map_or("-", MatchedPath::as_str),
        http.status = response.status().as_u16(),
        ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}
