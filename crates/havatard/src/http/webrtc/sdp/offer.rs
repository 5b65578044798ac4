//! The offer of a session: parsed, checked against what MediaMTX can answer, rendered.

use std::fmt::Write as _;

use sdp_types::{Candidate, Group, IceOptions, Media, Session};

use super::candidate::Candidates;
use super::error::SdpError;
use super::media::{Kind, MediaSection, Way};
use super::transport::Transport;

/// What a route gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::webrtc) enum Wanted {
    /// The camera: H.264.
    Video,
    /// The microphone: Opus.
    Audio,
    /// Both in one session; one of them is enough.
    Both,
    /// The operator's voice, one track of Opus and nothing else.
    Voice,
}

impl Wanted {
    fn way(self) -> Way {
        if self == Self::Voice { Way::Send } else { Way::Receive }
    }

    fn check(self, lines: &[MediaSection], bundled: impl Fn(&MediaSection) -> bool) -> Result<(), SdpError> {
        let offers = |kind, codec| {
            lines.iter().any(|it| it.kind == kind && bundled(it) && it.offers(codec, self.way()))
        };
        let (video, audio) = (offers(Kind::Video, "H264"), offers(Kind::Audio, "opus"));
        match self {
            Self::Video if !video => Err(SdpError::Tracks(
                "H.264 that may be received",
                "offer a video line with H264/90000 that is recvonly or sendrecv, in the bundle",
            )),
            Self::Audio if !audio => Err(SdpError::Tracks(
                "Opus that may be received",
                "offer an audio line with opus/48000/2 that is recvonly or sendrecv, in the bundle",
            )),
            Self::Both if !(video || audio) => Err(SdpError::Tracks(
                "H.264 or Opus that may be received",
                "offer H264/90000 or opus/48000/2, recvonly or sendrecv, in the bundle",
            )),
            Self::Voice if !(audio && lines.len() == 1) => Err(SdpError::Tracks(
                "single track of Opus that is sent",
                "the robot takes one audio line with opus/48000/2, sendonly or sendrecv, and nothing else",
            )),
            _ => Ok(()),
        }
    }
}

/// Reads an offer and renders what of it may be passed on, for what a route gives or takes.
pub(in crate::http::webrtc) fn offer(body: &[u8], wanted: Wanted) -> Result<String, SdpError> {
    let session = Session::parse(body).map_err(|error| SdpError::NotSdp(error.to_string()))?;
    if session.medias.is_empty() {
        return Err(SdpError::NoMedia);
    }
    let mut lines: Vec<MediaSection> = Vec::new();
    for media in &session.medias {
        let line = MediaSection::of(media, &session.attributes)?;
        if lines.iter().any(|it| it.mid == line.mid) {
            return Err(SdpError::Mid);
        }
        // The robot's voice route has a reason of its own for more than one track.
        if wanted != Wanted::Voice && lines.iter().any(|it| it.kind == line.kind) {
            return Err(SdpError::Repeated(line.kind.name()));
        }
        lines.push(line);
    }
    let bundle = bundle(&session, &lines);
    let is_bundled = |line: &MediaSection| bundle.contains(&line.mid);
    if lines.iter().any(|line| !is_bundled(line) && !line.is_unused()) {
        return Err(SdpError::Bundle);
    }
    wanted.check(&lines, is_bundled)?;
    let first = bundle.first().ok_or(SdpError::Bundle)?;
    let leading = session.medias.iter().zip(&lines).find(|(_, line)| line.mid == *first);
    let (leading, _) = leading.ok_or(SdpError::Bundle)?;
    let transport = Transport::of(&leading.attributes, &session.attributes)?;
    let mut candidates = Candidates::default();
    for candidate in session.medias.iter().flat_map(Media::attributes_typed::<Candidate>).flatten() {
        candidates.take(&candidate);
    }

    let mut out = String::from("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n");
    let _ = write!(out, "a=group:BUNDLE {}\r\n", bundle.join(" "));
    if session.has_attribute("ice-lite") {
        out.push_str("a=ice-lite\r\n");
    }
    if trickles(&session) {
        out.push_str("a=ice-options:trickle\r\n");
    }
    for line in &lines {
        line.write(wanted.way(), is_bundled(line), &mut out);
        transport.write(&mut out);
        if line.mid == *first {
            candidates.write(&mut out);
            if session.medias.iter().any(|media| media.has_attribute("end-of-candidates")) {
                out.push_str("a=end-of-candidates\r\n");
            }
        }
    }
    Ok(out)
}

/// The mids of the first bundle that names lines of the offer, in its order.
fn bundle(session: &Session, lines: &[MediaSection]) -> Vec<String> {
    let mut groups = session.attributes_typed::<Group>().flatten();
    let bundle = groups.find(|group| group.semantics.as_str().eq_ignore_ascii_case("BUNDLE"));
    let mut mids: Vec<String> = Vec::new();
    for mid in bundle.map(|group| group.mid_tags).unwrap_or_default() {
        if lines.iter().any(|line| line.mid == mid) && !mids.contains(&mid) {
            mids.push(mid);
        }
    }
    mids
}

fn trickles(session: &Session) -> bool {
    let says = |options: IceOptions| options.0.iter().any(|it| it == "trickle");
    let of_media = session.medias.iter().flat_map(Media::attributes_typed::<IceOptions>);
    session.attributes_typed::<IceOptions>().chain(of_media).flatten().any(says)
}
