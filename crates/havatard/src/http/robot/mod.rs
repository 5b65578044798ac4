//! The robot: lease, drive socket, commands. The rules are in `crate::robot`.

pub(super) mod black_box;
pub(super) mod drive;
pub(super) mod lease;
pub(super) mod parts;
pub(super) mod state;
pub(super) mod stop;

use havatar_api::Role;
use http::StatusCode;

use crate::auth::{Identity, Owner};
use crate::robot::Who;

use super::error::ApiError;
use super::state::AppState;

/// Refuses a command beyond the rate limit.
fn check_rate(state: &AppState, identity: &Identity) -> Result<(), ApiError> {
    if state.take_command(identity.owner()) {
        return Ok(());
    }
    let words = "too many commands for the robot: send at most 20 a second, or drive by the socket";
    Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, "flood", words).retry_after(1))
}

/// The caller, as the robot's side identifies people.
pub(super) fn who(identity: &Identity) -> Who {
    let key = match identity.owner() {
        Owner::Token => "token".to_owned(),
        Owner::Session(number) => format!("session {number}"),
    };
    let name = identity.me.name.clone();
    Who { account: name.clone(), name, key, admin: identity.me.role == Role::Admin }
}
