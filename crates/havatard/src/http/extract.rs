//! Extractors that several resources use.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{FromRequest, FromRequestParts, Json, Request};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::auth::Identity;

use super::error::ApiError;

/// The authenticated caller. The guard sets it for every route that requires a permission.
pub(super) struct Caller(pub(super) Identity);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Identity>().cloned().map(Self).ok_or_else(ApiError::not_signed_in)
    }
}

/// The client's address, behind the reverse proxies that the config trusts. The guard sets it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientAddress(pub(super) IpAddr);

/// The IP address of the client.
pub(super) struct Peer(pub(super) IpAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<ClientAddress>().map(|client| client.0);
        // A router called in process knows no address; its callers share one, so that limits still apply.
        Ok(Self(known.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}

/// A body that is a JSON object. serde alone would also accept an array for a struct, by position.
pub(super) struct JsonObject<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonObject<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let Json(body) = Json::<serde_json::Value>::from_request(request, state)
            .await
            .map_err(axum::response::IntoResponse::into_response)?;
        object(body).map(Self).map_err(ApiError::into_response)
    }
}

/// A body that is a JSON object, or no body, which means all defaults.
pub(super) struct OptionalJson<T>(pub(super) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let body = Option::<Json<serde_json::Value>>::from_request(request, state)
            .await
            .map_err(axum::response::IntoResponse::into_response)?;
        body.map_or_else(|| Ok(T::default()), |Json(body)| object(body))
            .map(Self)
            .map_err(ApiError::into_response)
    }
}

fn object<T: DeserializeOwned>(body: serde_json::Value) -> Result<T, ApiError> {
    let bad = |what: String| ApiError::new(StatusCode::BAD_REQUEST, "bad_request", what);
    if !body.is_object() {
        return Err(bad("the body must be a JSON object".to_owned()));
    }
    serde_json::from_value(body).map_err(|error| bad(error.to_string()))
}
