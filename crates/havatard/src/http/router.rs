use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use tokio::time::Instant;
use tower_http::limit::RequestBodyLimitLayer;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};

use super::{
    Http, Listening, events, guard, headers, health, login, mediamtx, openapi, panel, problem,
    problem::Failure,
    processes, recordings, robot, status, stream, viewers, voice,
    webrtc::{self, talk, whep, whip},
};
use crate::{handles::Handles, phrases};

/// The largest body that any route may be sent, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;
/// The largest JSON body, in bytes.
const LARGEST_JSON: usize = 16 * 1024;
/// How long a route may take until its answer begins. Bodies of answers and sockets have their own limits.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);

/// Everything that is served at `listening`.
pub fn router(app: Arc<Handles>, listening: Listening) -> Router {
    let http = Http::new(app, listening);
    let (routes, _) = routes().split_for_parts();
    routes
        .fallback(panel::fallback)
        .layer(DefaultBodyLimit::max(LARGEST_JSON))
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .layer(from_fn(problem::reword))
        .layer(from_fn(bound_time))
        .layer(from_fn_with_state(http.clone(), guard::guard))
        .layer(from_fn_with_state(http.clone(), headers::secure))
        .layer(from_fn(log))
        .with_state(http)
}

/// Every route, with its description.
pub(super) fn routes() -> OpenApiRouter<Http> {
    let sdp = DefaultBodyLimit::max(webrtc::LARGEST_SDP);
    let phrases = DefaultBodyLimit::max(phrases::LARGEST);
    OpenApiRouter::with_openapi(openapi::frame())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(login::login))
        .routes(routes!(login::logout))
        .routes(routes!(login::link))
        .routes(routes!(login::me))
        .routes(routes!(status::status))
        .routes(routes!(status::stats))
        .routes(routes!(viewers::report))
        .routes(routes!(events::events))
        .routes(routes!(processes::list))
        .routes(routes!(processes::start))
        .routes(routes!(processes::stop))
        .routes(routes!(processes::restart))
        .routes(routes!(processes::logs))
        .routes(routes!(stream::start))
        .routes(routes!(stream::stop))
        .routes(routes!(recordings::list))
        .routes(routes!(recordings::start))
        .routes(routes!(recordings::stop))
        .routes(routes!(recordings::one, recordings::delete))
        .routes(routes!(recordings::download))
        .routes(routes!(robot::state::state))
        .routes(routes!(robot::lease::acquire, robot::lease::keep, robot::lease::release))
        .routes(routes!(robot::lease::answer))
        .routes(routes!(robot::drive::drive))
        .routes(routes!(robot::stop::stop))
        .routes(routes!(robot::stop::estop))
        .routes(routes!(robot::stop::release))
        .routes(routes!(robot::parts::step))
        .routes(routes!(robot::parts::head))
        .routes(routes!(robot::parts::lights))
        .routes(routes!(robot::parts::buzzer))
        .routes(routes!(robot::black_box::read))
        .routes(routes!(voice::volume::volume))
        .routes(routes!(voice::speak::speak, voice::speak::hush))
        .routes(routes!(voice::speak::cancel))
        .routes(routes!(voice::speak::attention))
        .routes(routes!(voice::phrases::get, voice::phrases::put).layer(phrases))
        .routes(routes!(talk::talk))
        .routes(routes!(whep::begin, whep::ice_servers).layer(sdp))
        .routes(routes!(whep::trickle, whep::end).layer(sdp))
        .routes(routes!(whip::begin, whip::ice_servers).layer(sdp))
        .routes(routes!(whip::trickle, whip::end).layer(sdp))
        .routes(routes!(mediamtx::info))
        .routes(routes!(mediamtx::list))
        .routes(routes!(mediamtx::get))
        .routes(routes!(mediamtx::list_sessions))
        .routes(routes!(mediamtx::get_session))
        .routes(routes!(openapi::document))
}

async fn bound_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "took_too_long",
            "the request did not arrive, or was not done, in 30 s",
        )
        .into_response(),
    }
}

/// One line a request, by the route's pattern: addresses hold ids, queries hold what people type.
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
