//! The description of the API, generated from the routes themselves.

use axum::response::IntoResponse;
use havatar_api::{DriveMessage, Event, Problem};
use http::header;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::router;

/// The description as it is committed in `docs/openapi.json`: pretty, with a line feed at its end.
pub fn document_text() -> String {
    let (_, api) = router::routes().split_for_parts();
    let mut text = api.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// What the description says beside the routes.
pub(super) fn frame() -> utoipa::openapi::OpenApi {
    Frame::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Havatar",
        description = "The API of a Havatar robot. Errors are application/problem+json with a stable code.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(DriveMessage, Event, Problem)),
    security(("session" = []), ("session_tls" = []), ("token" = [])),
    modifiers(&Schemes)
)]
struct Frame;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let cookie = |name| SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(name)));
        components.add_security_scheme("session", cookie("havatar"));
        components.add_security_scheme("session_tls", cookie("__Host-havatar"));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}

/// This description.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "openapi_document",
    tag = "contract",
    responses(
        (status = 200, description = "This document", body = Object),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document_text())
}
