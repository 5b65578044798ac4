//! The robot: who drives, and what it is told. The rules are `crate::robot`'s; here they are asked.

pub(super) mod black_box;
pub(super) mod drive;
pub(super) mod lease;
pub(super) mod parts;
pub(super) mod state;
pub(super) mod stop;

use havatar_api::Role;
use http::StatusCode;

use super::problem::Failure;
use crate::auth::{Identity, Owner};
use crate::robot::{RobotError, Who};

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
