//! The robot: who drives, and what it is told. The rules are `crate::robot`'s; here they are asked.

pub(super) mod black_box;
pub(super) mod drive;
pub(super) mod lease;
pub(super) mod parts;
pub(super) mod state;
pub(super) mod stop;

use std::sync::PoisonError;

use axum::extract::{FromRequest, Json, Request};
use axum::response::{IntoResponse, Response};
use havatar_api::Role;
use http::StatusCode;
use serde::de::DeserializeOwned;

use tokio::time::Instant;

use super::Http;
use super::bucket::Bucket;
use super::problem::Failure;
use crate::auth::{Identity, Owner};
use crate::robot::{RobotError, Who};

/// Commands by request a second, all people's together, and how many may come at once. Stops and the lease are not
/// counted: they are wanted most when something floods.
const RATE: f64 = 20.0;
const BURST: f64 = 20.0;

pub(super) fn commands() -> Bucket {
    Bucket::new(RATE, BURST, Instant::now())
}

/// Refuses a command that comes too soon after too many.
fn paced(http: &Http) -> Result<(), Failure> {
    // A number and a time: never half changed.
    let mut commands = http.0.commands.lock().unwrap_or_else(PoisonError::into_inner);
    if commands.take(Instant::now()) {
        return Ok(());
    }
    let words = "too many commands for the robot: send at most 20 a second, or drive by the socket";
    Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, "flood", words).retry_after(1))
}

/// The person behind a request, as the robot's side knows people.
fn who(identity: &Identity) -> Who {
    let key = match identity.owner() {
        Owner::Token => "token".to_owned(),
        Owner::Session(number) => format!("session {number}"),
    };
    Who { name: identity.me.name.clone(), key, admin: identity.me.role == Role::Admin }
}

impl From<RobotError> for Failure {
    fn from(error: RobotError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT);
        Self::new(status, error.code(), error.to_string())
    }
}

/// A JSON object. serde alone would also take a list for a struct, by position.
pub(super) struct Object<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Object<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let Json(body) = Json::<serde_json::Value>::from_request(request, state)
            .await
            .map_err(IntoResponse::into_response)?;
        object(body).map(Self).map_err(Failure::into_response)
    }
}

/// A JSON object, or no body at all, which is all defaults.
pub(super) struct Optional<T>(pub(super) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for Optional<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let body = Option::<Json<serde_json::Value>>::from_request(request, state)
            .await
            .map_err(IntoResponse::into_response)?;
        body.map_or_else(|| Ok(T::default()), |Json(body)| object(body))
            .map(Self)
            .map_err(Failure::into_response)
    }
}

fn object<T: DeserializeOwned>(body: serde_json::Value) -> Result<T, Failure> {
    let wrong = |what: String| Failure::new(StatusCode::BAD_REQUEST, "bad_request", what);
    if !body.is_object() {
        return Err(wrong("the body must be a JSON object".to_owned()));
    }
    serde_json::from_value(body).map_err(|error| wrong(error.to_string()))
}
