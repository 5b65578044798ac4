//! WHEP and WHIP, and how they differ.

use crate::media::{Media, Upstream};

/// The largest offer, in bytes: MediaMTX's own limit.
pub(in crate::http) const LARGEST_SDP: usize = 128 * 1024;
/// Content type of offers and answers.
pub(super) const SDP: &str = "application/sdp";
/// Content type of ICE candidates.
pub(super) const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// A signalling protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Video and audio from the robot.
    Whep,
    /// Audio to the robot.
    Whip,
}

impl Protocol {
    /// The last segment of MediaMTX's addresses.
    pub(super) fn segment(self) -> &'static str {
        match self {
            Self::Whep => "whep",
            Self::Whip => "whip",
        }
    }

    /// The path of our sessions.
    pub(super) fn sessions(self) -> &'static str {
        match self {
            Self::Whep => "/api/mediamtx/webrtc/whep",
            Self::Whip => "/api/mediamtx/webrtc/whip",
        }
    }

    /// Address and credentials at MediaMTX.
    pub(super) fn upstream(self, media: &Media) -> Upstream {
        match self {
            Self::Whep => media.access.whep_upstream(),
            Self::Whip => media.access.whip_upstream(),
        }
    }
}

/// Protocol and MediaMTX path of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) protocol: Protocol,
    pub(super) stream: &'static str,
}
