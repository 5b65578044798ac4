//! Errors of WebRTC signalling.

use http::StatusCode;

use crate::http::error::ApiError;

use super::protocol::{Protocol, Target};
use super::sdp::SdpError;

/// The answer to an offer or a fragment that is not passed on.
pub(super) fn refused_sdp(error: &SdpError) -> ApiError {
    match error {
        SdpError::Tracks(..) => {
            ApiError::new(StatusCode::NOT_ACCEPTABLE, "unsupported_tracks", error.to_string())
        }
        _ => ApiError::new(StatusCode::BAD_REQUEST, "bad_sdp", error.to_string()),
    }
}

/// The answer to a fragment that MediaMTX refuses.
pub(super) fn inapplicable_fragment() -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "bad_sdp",
        "the session cannot apply this ICE fragment as it stands: end it and begin a new one",
    )
}

/// The answer to an offer that MediaMTX refuses.
pub(super) fn unanswerable() -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "bad_sdp",
        "MediaMTX cannot answer this offer: its log says why (havatarctl logs mediamtx)",
    )
}

pub(super) fn wrong_content_type(expected: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "wrong_content_type",
        format!("the body must be {expected}"),
    )
}

pub(super) fn no_such_session(protocol: Protocol) -> ApiError {
    let name = protocol.segment().to_uppercase();
    ApiError::new(
        StatusCode::NOT_FOUND,
        "no_such_session",
        format!("there is no such {name} session of yours: it may have ended; begin a new one"),
    )
}

pub(super) fn unsupported_tracks() -> ApiError {
    ApiError::new(
        StatusCode::NOT_ACCEPTABLE,
        "unsupported_tracks",
        "MediaMTX accepts none of the offered tracks: the robot gives H.264 and Opus, and takes one track of Opus",
    )
}

/// The answer to a second talker.
pub(super) fn talk_held(who: &str) -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "talk_held",
        format!("{who} is talking to the people at the robot: try again when they have finished"),
    )
}

pub(super) fn stream_offline(Target { protocol, stream }: Target) -> ApiError {
    let detail = match protocol {
        Protocol::Whep => {
            format!("nothing is being sent on {stream}: the publishers may be stopped, or its device away")
        }
        Protocol::Whip => {
            "this robot has no loudspeaker to talk through: set media.speaker in its config".to_owned()
        }
    };
    ApiError::new(StatusCode::NOT_FOUND, "stream_offline", detail)
}

/// An answer of MediaMTX that no valid request gets.
pub(super) fn refused_by_upstream(status: StatusCode) -> ApiError {
    tracing::warn!(http.status = status.as_u16(), "MediaMTX refused a WebRTC request of ours");
    if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
        return ApiError::new(
            StatusCode::BAD_GATEWAY,
            "mediamtx_refused",
            "MediaMTX does not accept havatard's credentials: is another MediaMTX on its port?",
        );
    }
    ApiError::bad_upstream()
}

pub(super) fn upstream_away(error: &reqwest::Error) -> ApiError {
    tracing::debug!(
        error = error as &(dyn std::error::Error + 'static),
        "MediaMTX did not answer WebRTC signalling"
    );
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "mediamtx_away",
        "MediaMTX does not answer: it is being started again; try in a moment",
    )
    .retry_after(1)
}
