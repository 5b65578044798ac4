//! The media lines of an offer: codecs, direction, and what belongs to a track.

use std::fmt::Write as _;

use sdp_types::{
    Attribute, Direction, ExtMap, Fmtp, Media, Msid, RtcpFb, RtcpFbPt, RtcpFbVal, RtpMap, Ssrc, SsrcAttribute,
};

use super::error::SdpError;
use super::is_token;

/// RTP header extensions that MediaMTX knows.
const EXTENSIONS: [&str; 2] = [
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
];
/// Format parameters of the codecs below.
const PARAMETERS: [&str; 9] = [
    "level-asymmetry-allowed",
    "packetization-mode",
    "profile-level-id",
    "minptime",
    "useinbandfec",
    "stereo",
    "sprop-stereo",
    "usedtx",
    "cbr",
];
/// Codecs of one line; a browser offers some ten forms of H.264.
const CODECS: usize = 32;
/// Sources (SSRC lines) of one line.
const SOURCES: usize = 8;

/// What a line carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Audio,
    Data,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Data => "application",
        }
    }
}

/// Which way a line may carry media, as its sender sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Send,
    Receive,
}

#[derive(Debug, PartialEq, Eq)]
struct Codec {
    payload_type: u8,
    name: &'static str,
    clock: &'static str,
    parameters: Vec<String>,
    feedback: Vec<&'static str>,
}

/// A media line, reduced to what is known here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MediaSection {
    pub(super) kind: Kind,
    pub(super) mid: String,
    direction: Direction,
    codecs: Vec<Codec>,
    extensions: Vec<(u8, &'static str)>,
    msid: Option<(String, String)>,
    sources: Vec<(u32, String)>,
}

impl MediaSection {
    pub(super) fn of(media: &Media, session: &[Attribute]) -> Result<Self, SdpError> {
        let kind = match media.media.to_ascii_lowercase().as_str() {
            "video" => Kind::Video,
            "audio" => Kind::Audio,
            "application" => Kind::Data,
            _ => return Err(SdpError::UnknownKind(media.media.chars().take(32).collect())),
        };
        let mid = media.get_first_attribute_value("mid").flatten().unwrap_or_default();
        if !is_token(mid, 32) {
            return Err(SdpError::Mid);
        }
        // Port 0 is a line that is not in use, unless it stands in the bundle alone.
        let unused = media.port == 0 && !media.has_attribute("bundle-only");
        let direction = if unused { Direction::Inactive } else { direction(&media.attributes, session) };
        let codecs = codecs(media, kind);
        if codecs.is_empty() && kind != Kind::Data {
            return Err(SdpError::Formats(kind.name()));
        }
        Ok(Self {
            kind,
            mid: mid.to_owned(),
            direction,
            codecs,
            extensions: extensions(media),
            msid: msid(media),
            sources: sources(media),
        })
    }

    /// Whether the line offers a codec in a direction.
    pub(super) fn offers(&self, codec: &str, way: Way) -> bool {
        self.allows(way) && self.codecs.iter().any(|it| it.name == codec)
    }

    pub(super) fn is_unused(&self) -> bool {
        self.direction == Direction::Inactive
    }

    fn allows(&self, way: Way) -> bool {
        match self.direction {
            Direction::SendRecv => true,
            Direction::SendOnly => way == Way::Send,
            Direction::RecvOnly => way == Way::Receive,
            Direction::Inactive => false,
        }
    }

    /// Writes the line; the transport of the bundle comes after it.
    ///
    /// A line that MediaMTX cannot use stays, as inactive, because the answer must have as many lines as the offer. Codecs
    /// without use stay out: MediaMTX answers by those that are left.
    pub(super) fn write(&self, way: Way, bundled: bool, out: &mut String) {
        if self.kind == Kind::Data {
            let _ = write!(
                out,
                "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\na=sctp-port:5000\r\n",
                self.mid
            );
            return;
        }
        let _ = write!(out, "m={} 9 UDP/TLS/RTP/SAVPF", self.kind.name());
        for codec in &self.codecs {
            let _ = write!(out, " {}", codec.payload_type);
        }
        let direction = match way {
            _ if !bundled || !self.allows(way) => "inactive",
            Way::Send => "sendonly",
            Way::Receive => "recvonly",
        };
        let _ = write!(
            out,
            "\r\nc=IN IP4 0.0.0.0\r\na=mid:{}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
            self.mid
        );
        for codec in &self.codecs {
            codec.write(out);
        }
        for (id, uri) in &self.extensions {
            let _ = write!(out, "a=extmap:{id} {uri}\r\n");
        }
        if direction == "sendonly" {
            self.write_track(out);
        }
    }

    fn write_track(&self, out: &mut String) {
        if let Some((stream, track)) = &self.msid {
            let _ = write!(out, "a=msid:{stream} {track}\r\n");
        }
        for (id, name) in &self.sources {
            let _ = write!(out, "a=ssrc:{id} cname:{name}\r\n");
        }
    }
}

impl Codec {
    /// Reads a codec that can be used; MediaMTX wants VP8 or PCMU in a line of which nothing else is used.
    fn of(map: &RtpMap, kind: Kind) -> Option<Self> {
        let known = [
            (Kind::Video, "H264", 90_000, "90000"),
            (Kind::Video, "VP8", 90_000, "90000"),
            (Kind::Audio, "opus", 48_000, "48000/2"),
            (Kind::Audio, "PCMU", 8000, "8000"),
        ];
        let (_, name, _, clock) = known.into_iter().find(|(of, name, clock, _)| {
            *of == kind && map.encoding_name.eq_ignore_ascii_case(name) && map.clock_rate == *clock
        })?;
        let channels = map.encoding_params.as_deref().unwrap_or("1");
        let fits = if name == "opus" { channels == "2" } else { channels == "1" };
        fits.then(|| Self {
            payload_type: map.payload_type,
            name,
            clock,
            parameters: Vec::new(),
            feedback: Vec::new(),
        })
    }

    fn write(&self, out: &mut String) {
        let payload_type = self.payload_type;
        let _ = write!(out, "a=rtpmap:{payload_type} {}/{}\r\n", self.name, self.clock);
        if !self.parameters.is_empty() {
            let _ = write!(out, "a=fmtp:{payload_type} {}\r\n", self.parameters.join(";"));
        }
        for feedback in &self.feedback {
            let _ = write!(out, "a=rtcp-fb:{payload_type} {feedback}\r\n");
        }
    }
}

/// The direction of a line, else of the session; without any, media are sent and received (RFC 8866).
fn direction(media: &[Attribute], session: &[Attribute]) -> Direction {
    let named = |attribute: &Attribute| attribute.attribute.parse().ok();
    media.iter().find_map(named).or_else(|| session.iter().find_map(named)).unwrap_or(Direction::SendRecv)
}

fn codecs(media: &Media, kind: Kind) -> Vec<Codec> {
    let maps: Vec<RtpMap> = media.attributes_typed().flatten().collect();
    let mut codecs: Vec<Codec> = Vec::new();
    for format in media.fmt.split(' ').filter_map(|it| it.parse::<u8>().ok()) {
        let fixed = (format == 0).then(|| RtpMap::new(0, "PCMU", 8000));
        let map = maps.iter().find(|map| map.payload_type == format).or(fixed.as_ref());
        let codec = map.and_then(|map| Codec::of(map, kind));
        if let Some(codec) = codec
            && codecs.len() < CODECS
            && codecs.iter().all(|it| it.payload_type != format)
        {
            codecs.push(codec);
        }
    }
    for fmtp in media.attributes_typed::<Fmtp>().flatten() {
        if let Some(codec) = codecs.iter_mut().find(|it| it.payload_type == fmtp.fmt)
            && codec.parameters.is_empty()
        {
            codec.parameters = parameters(&fmtp);
        }
    }
    for feedback in media.attributes_typed::<RtcpFb>().flatten() {
        let Some(known) = known_feedback(&feedback.val) else { continue };
        for codec in &mut codecs {
            let meant = match feedback.pt {
                RtcpFbPt::Wildcard => true,
                RtcpFbPt::Fmt(format) => format == codec.payload_type,
            };
            if meant && !codec.feedback.contains(&known) {
                codec.feedback.push(known);
            }
        }
    }
    if codecs.is_empty() && kind != Kind::Data {
        codecs.extend(unused(media, kind));
    }
    codecs
}

/// What stands for the codecs of a line that has no usable one: its first payload type, which the answer must repeat.
fn unused(media: &Media, kind: Kind) -> Option<Codec> {
    let payload_type = media.fmt.split(' ').find_map(|it| it.parse().ok().filter(|it| *it < 128))?;
    let clock = if kind == Kind::Video { "90000" } else { "48000" };
    Some(Codec { payload_type, name: "unused", clock, parameters: Vec::new(), feedback: Vec::new() })
}

fn parameters(fmtp: &Fmtp) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for given in &fmtp.format_specific_params {
        let (name, value) = (given.param.trim(), given.val.as_deref().unwrap_or_default().trim());
        let plain = (1..=16).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric());
        if let Some(known) = PARAMETERS.into_iter().find(|it| name.eq_ignore_ascii_case(it))
            && plain
            && kept.len() < PARAMETERS.len()
        {
            kept.push(format!("{known}={value}"));
        }
    }
    kept
}

fn known_feedback(value: &RtcpFbVal) -> Option<&'static str> {
    match value {
        it if it.is_nack() => Some("nack"),
        it if it.is_nack_pli() => Some("nack pli"),
        it if it.is_ccm_fir() => Some("ccm fir"),
        it if it.is_transport_cc() => Some("transport-cc"),
        RtcpFbVal::Other(other) if other == "goog-remb" => Some("goog-remb"),
        _ => None,
    }
}

fn extensions(media: &Media) -> Vec<(u8, &'static str)> {
    let mut kept: Vec<(u8, &'static str)> = Vec::new();
    for given in media.attributes_typed::<ExtMap>().flatten() {
        let known = EXTENSIONS.into_iter().find(|uri| *uri == given.uri);
        if let Some(uri) = known
            && (1..=14).contains(&given.id)
            && kept.iter().all(|(id, it)| *id != given.id && *it != uri)
        {
            kept.push((given.id, uri));
        }
    }
    kept
}

fn msid(media: &Media) -> Option<(String, String)> {
    let given = media.get_first_attribute_typed::<Msid>()?.ok()?;
    let track = given.appdata?;
    (is_token(&given.id, 64) && is_token(&track, 64)).then_some((given.id, track))
}

fn sources(media: &Media) -> Vec<(u32, String)> {
    let mut kept: Vec<(u32, String)> = Vec::new();
    for given in media.attributes_typed::<Ssrc>().flatten() {
        let name = given.value.unwrap_or_default();
        let is_name = given.attribute == SsrcAttribute::Cname && is_token(&name, 64);
        if is_name && kept.len() < SOURCES && kept.iter().all(|(id, _)| *id != given.ssrc_id) {
            kept.push((given.ssrc_id, name));
        }
    }
    kept
}
