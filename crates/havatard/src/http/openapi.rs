//! The frame of the OpenAPI document, and what all operations have in common. The table of routes fills the frame.

use axum::extract::State;
use axum::response::IntoResponse;
use havatar_api::{DriveMessage, Event, Problem, StopMessage};
use http::header;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, Ref, RefOr, Response};
use utoipa::{Modify, OpenApi};

use super::error::PROBLEM_JSON;
use super::permission::Permission;
use super::state::AppState;

/// The document without routes.
pub(super) fn frame() -> utoipa::openapi::OpenApi {
    Frame::openapi()
}

/// Adds to an operation what its permission implies: who may call it, and the answer to those who may not. Every error
/// answer that declares no body of its own is a problem document.
pub(super) fn complete(operation: &mut Operation, permission: Permission) {
    let responses = &mut operation.responses.responses;
    match permission {
        Permission::Public => operation.security = Some(vec![SecurityRequirement::default()]),
        Permission::SignedIn => {
            responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(Response::new("Refused")));
        }
    }
    for (status, response) in responses {
        let is_error = status == "default" || status.starts_with(['4', '5']);
        if let RefOr::T(response) = response
            && is_error
            && response.content.is_empty()
        {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            response.content.insert(PROBLEM_JSON.to_owned(), problem.into());
        }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Havatar",
        description = "The API of a Havatar robot. Errors are application/problem+json with a stable code.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(DriveMessage, Event, Problem, StopMessage)),
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
    responses((status = 200, description = "This document", body = Object))
)]
pub(super) async fn document(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], state.openapi.clone())
}
