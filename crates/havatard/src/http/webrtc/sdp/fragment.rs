//! What a client sends after its offer: candidates, or new ICE credentials (RFC 8840).

use sdp_types::{Candidate, Session};

use super::candidate::Candidates;
use super::error::SdpError;
use super::transport::Credentials;

/// A fragment has no head; the parser wants one.
const HEAD: &[u8] = b"v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";

/// A fragment that may be passed on.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::http::webrtc) struct Fragment {
    credentials: Option<Credentials>,
    candidates: Candidates,
    ended: bool,
}

impl Fragment {
    pub(in crate::http::webrtc) fn parse(body: &[u8]) -> Result<Self, SdpError> {
        let whole = [HEAD, body].concat();
        let session = Session::parse(&whole).map_err(|error| SdpError::NotSdp(error.to_string()))?;
        let mut candidates = Candidates::default();
        let (mut seen, mut ended) = (0, session.has_attribute("end-of-candidates"));
        for media in &session.medias {
            for candidate in media.attributes_typed::<Candidate>() {
                seen += 1;
                if let Ok(candidate) = candidate {
                    candidates.take(&candidate);
                }
            }
            ended |= media.has_attribute("end-of-candidates");
        }
        let of_media = session.medias.iter().find_map(|media| Credentials::of(&media.attributes));
        let credentials = of_media.or_else(|| Credentials::of(&session.attributes));
        if credentials.is_none() && seen == 0 && !ended {
            return Err(SdpError::EmptyFragment);
        }
        Ok(Self { credentials, candidates, ended })
    }

    /// The user fragment that it brings: another one than before restarts ICE.
    pub(in crate::http::webrtc) fn ufrag(&self) -> Option<&str> {
        self.credentials.as_ref().map(|it| it.ufrag.as_str())
    }

    /// Leaves out candidates beyond `most`; returns the number of those that stay.
    pub(in crate::http::webrtc) fn limit(&mut self, most: usize) -> usize {
        self.candidates.truncate(most);
        self.candidates.len()
    }

    pub(in crate::http::webrtc) fn render(&self) -> String {
        let mut out = String::new();
        if let Some(credentials) = &self.credentials {
            credentials.write(&mut out);
        }
        // The media are bundled: the candidates of all belong to the first, whatever its mid. MediaMTX wants a number.
        out.push_str("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n");
        self.candidates.write(&mut out);
        if self.ended {
            out.push_str("a=end-of-candidates\r\n");
        }
        out
    }
}
