//! The table of routes: handler with its description, required permission, largest body.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use http::Method;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::phrases;

use super::permission::Permission::{Public, SignedIn};
use super::permission::{Permission, Permissions};
use super::state::AppState;
use super::voice::{phrases as phrase_lists, speak, volume};
use super::webrtc::{LARGEST_SDP, talk, whep, whip};
use super::{
    camera, device_tests, devices, events, health, login, mediamtx, openapi, processes, recordings, robot,
    status, stream, viewers,
};

/// The largest body where a route does not need more, in bytes.
pub(super) const SMALL: usize = 16 * 1024;
const SDP: usize = LARGEST_SDP;
const PHRASES: usize = phrases::LARGEST;

/// One row of the table.
struct Route {
    handlers: UtoipaMethodRouter<AppState>,
    permission: Permission,
    /// Bytes.
    largest_body: usize,
}

fn route(handlers: UtoipaMethodRouter<AppState>, permission: Permission, largest_body: usize) -> Route {
    Route { handlers, permission, largest_body }
}

fn table() -> Vec<Route> {
    vec![
        route(routes!(health::healthz), Public, SMALL),
        route(routes!(health::readyz), Public, SMALL),
        route(routes!(login::login), Public, SMALL),
        route(routes!(login::logout), SignedIn, SMALL),
        route(routes!(login::link), SignedIn, SMALL),
        route(routes!(login::me), SignedIn, SMALL),
        route(routes!(status::status), SignedIn, SMALL),
        route(routes!(status::stats), SignedIn, SMALL),
        route(routes!(viewers::report), SignedIn, SMALL),
        route(routes!(events::events), SignedIn, SMALL),
        route(routes!(devices::list), SignedIn, SMALL),
        route(routes!(camera::controls), SignedIn, SMALL),
        route(routes!(device_tests::camera), SignedIn, SMALL),
        route(routes!(device_tests::microphone), SignedIn, SMALL),
        route(routes!(device_tests::speaker), SignedIn, SMALL),
        route(routes!(processes::list), SignedIn, SMALL),
        route(routes!(processes::start), SignedIn, SMALL),
        route(routes!(processes::stop), SignedIn, SMALL),
        route(routes!(processes::restart), SignedIn, SMALL),
        route(routes!(processes::logs), SignedIn, SMALL),
        route(routes!(stream::start), SignedIn, SMALL),
        route(routes!(stream::stop), SignedIn, SMALL),
        route(routes!(recordings::list), SignedIn, SMALL),
        route(routes!(recordings::start), SignedIn, SMALL),
        route(routes!(recordings::stop), SignedIn, SMALL),
        route(routes!(recordings::one, recordings::delete), SignedIn, SMALL),
        route(routes!(recordings::download), SignedIn, SMALL),
        route(routes!(robot::state::state), SignedIn, SMALL),
        route(routes!(robot::lease::acquire, robot::lease::keep, robot::lease::release), SignedIn, SMALL),
        route(routes!(robot::lease::answer), SignedIn, SMALL),
        route(routes!(robot::drive::drive), SignedIn, SMALL),
        route(routes!(robot::stop::stop), SignedIn, SMALL),
        route(routes!(robot::stop::estop), SignedIn, SMALL),
        route(routes!(robot::stop::release), SignedIn, SMALL),
        route(routes!(robot::parts::step), SignedIn, SMALL),
        route(routes!(robot::parts::head), SignedIn, SMALL),
        route(routes!(robot::parts::lights), SignedIn, SMALL),
        route(routes!(robot::parts::buzzer), SignedIn, SMALL),
        route(routes!(robot::black_box::read), SignedIn, SMALL),
        route(routes!(volume::volume), SignedIn, SMALL),
        route(routes!(speak::speak, speak::silence), SignedIn, SMALL),
        route(routes!(speak::cancel), SignedIn, SMALL),
        route(routes!(speak::attention), SignedIn, SMALL),
        route(routes!(phrase_lists::get, phrase_lists::put), SignedIn, PHRASES),
        route(routes!(talk::talk), SignedIn, SMALL),
        route(routes!(whep::begin, whep::ice_servers), SignedIn, SDP),
        route(routes!(whep::trickle, whep::end), SignedIn, SDP),
        route(routes!(whip::begin, whip::ice_servers), SignedIn, SDP),
        route(routes!(whip::trickle, whip::end), SignedIn, SDP),
        route(routes!(mediamtx::info), SignedIn, SMALL),
        route(routes!(mediamtx::list), SignedIn, SMALL),
        route(routes!(mediamtx::get), SignedIn, SMALL),
        route(routes!(mediamtx::list_sessions), SignedIn, SMALL),
        route(routes!(mediamtx::get_session), SignedIn, SMALL),
        route(routes!(openapi::document), SignedIn, SMALL),
    ]
}

/// What comes of the table.
pub(super) struct Routes {
    pub(super) router: Router<AppState>,
    pub(super) permissions: Permissions,
    /// The OpenAPI document as it is committed in `docs/openapi.json`: pretty, with a line feed at its end.
    pub(super) openapi: String,
}

/// Puts the table's rows together.
pub(super) fn build() -> Routes {
    let mut permissions = Permissions::default();
    let mut router = OpenApiRouter::with_openapi(openapi::frame());
    for Route { handlers: (schemas, mut paths, methods), permission, largest_body } in table() {
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations(item) {
                openapi::complete(operation, permission);
                permissions.require(path, method, permission);
            }
        }
        router = router.routes((schemas, paths, methods.layer(DefaultBodyLimit::max(largest_body))));
    }
    let (router, document) = router.split_for_parts();
    let mut openapi = document.to_pretty_json().unwrap_or_default();
    openapi.push('\n');
    Routes { router, permissions, openapi }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, put, post, delete, options, head, patch, .. } = item;
    [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::OPTIONS, options),
        (Method::HEAD, head),
        (Method::PATCH, patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
