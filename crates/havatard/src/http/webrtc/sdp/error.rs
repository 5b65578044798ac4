//! Why an offer or a fragment is refused.

use thiserror::Error;

/// The first fault of an offer or fragment: the reason, then the cure.
#[derive(Debug, Error, PartialEq, Eq)]
pub(in crate::http::webrtc) enum SdpError {
    #[error("the body is no SDP ({0}): send the whole description, as the WebRTC library gives it")]
    NotSdp(String),
    #[error(
        "the offer has no media line (m=): add a transceiver for what is wanted before the offer is made"
    )]
    NoMedia,
    #[error(
        "the offer has a media line of the kind {0:?}, which cannot be answered: offer video, audio, or a data channel"
    )]
    UnknownKind(String),
    #[error("the offer has more than one {0} line: offer one")]
    Repeated(&'static str),
    #[error("the {0} line names no payload type: give at least one, a number below 128")]
    Formats(&'static str),
    #[error(
        "a media line has no usable mid: give each line an a=mid of its own, a token of at most 32 characters"
    )]
    Mid,
    #[error("the offer does not bundle its media: add a=group:BUNDLE with the mid of each line")]
    Bundle,
    #[error(
        "the offer has no usable ICE credentials: give a=ice-ufrag (4 to 256 characters) and a=ice-pwd (22 to 256)"
    )]
    Ice,
    #[error(
        "the offer has no usable certificate fingerprint: give a=fingerprint with sha-256, sha-384 or sha-512"
    )]
    Fingerprint,
    #[error("the offer has a=setup:{0}, which begins no DTLS: give actpass, active or passive")]
    Setup(String),
    #[error("the offer has no {0}: {1}")]
    Tracks(&'static str, &'static str),
    #[error("the fragment holds neither a candidate nor ICE credentials that belong together")]
    EmptyFragment,
}
