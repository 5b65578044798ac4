//! WebRTC on our own origin: WHEP, to watch and listen, and WHIP, to talk.
//!
//! MediaMTX names a session by a secret in its `Location`, and whoever knows it may change or end the
//! session without any other proof. So the secret stays here: the page is given an opaque id of ours, which
//! is good only together with the credentials that began the session. SDP, secrets and `Location`s are
//! never logged. Both ways are one mechanism; a session that talks also holds the talk line (`line.rs`).

mod line;
mod sessions;
pub(super) mod talk;
mod upstream;
pub(super) mod whep;
pub(super) mod whip;

use axum::{
    body::Bytes,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{Http, problem::Failure};
use crate::{
    auth::Identity,
    media::{Media, TALK, Upstream},
};

use line::Hold;
pub(super) use line::Line;
pub(super) use sessions::Proxy;
use sessions::Session;
use upstream::Answer;

/// The largest offer, in bytes: MediaMTX's own limit.
pub(super) const LARGEST_SDP: usize = 128 * 1024;
const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// Which way picture and sound go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the robot.
    Whep,
    /// To the robot.
    Whip,
}

impl Way {
    /// As MediaMTX's addresses have it.
    fn word(self) -> &'static str {
        match self {
            Self::Whep => "whep",
            Self::Whip => "whip",
        }
    }

    /// Where sessions are found.
    fn sessions(self) -> &'static str {
        match self {
            Self::Whep => "/api/mediamtx/webrtc/whep",
            Self::Whip => "/api/mediamtx/webrtc/whip",
        }
    }

    fn upstream(self, media: &Media) -> Upstream {
        match self {
            Self::Whep => media.access.whep_upstream(),
            Self::Whip => media.access.whip_upstream(),
        }
    }
}

/// What a session is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Target {
    way: Way,
    stream: &'static str,
}

/// Where the operator's voice goes.
const TO_THE_ROBOT: Target = Target { way: Way::Whip, stream: TALK };

/// Begins a session: takes an SDP offer, gives the answer. A session that talks brings its hold on the line.
async fn begin(
    http: &Http,
    target: Target,
    identity: &Identity,
    headers: &HeaderMap,
    offer: Bytes,
    hold: Option<Hold>,
) -> Result<Response, Failure> {
    check_offer(headers, &offer)?;
    let proxy = &http.0.webrtc;
    let place = proxy.place(http).await?;
    let answer = proxy.upstream.begin(&target.way.upstream(&http.app().media), target, offer).await?;
    let session = Session::new(target, answer.secret, answer.id, identity.owner(), place, hold);
    let id = proxy.keep(session, identity.ended(), http);
    proxy.sweep_now_and_then(http);
    let mut response = (StatusCode::CREATED, answer.sdp).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(SDP));
    out.insert(header::ETAG, answer.etag.unwrap_or(HeaderValue::from_static("*")));
    if let Ok(location) = HeaderValue::from_str(&format!("{}/{id}", target.way.sessions())) {
        out.insert(header::LOCATION, location);
    }
    put_links(out, answer.links);
    Ok(response)
}

/// The ICE servers, before an offer is made.
async fn ice_servers(http: &Http, target: Target) -> Result<Response, Failure> {
    let links = http.0.webrtc.upstream.links(&target.way.upstream(&http.app().media), target).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert("accept-post", HeaderValue::from_static(SDP));
    put_links(response.headers_mut(), links);
    Ok(response)
}

/// Adds ICE candidates, or restarts ICE.
async fn trickle(
    http: &Http,
    way: Way,
    id: &str,
    identity: &Identity,
    headers: &HeaderMap,
    fragment: Bytes,
) -> Result<Response, Failure> {
    let proxy = &http.0.webrtc;
    let (target, secret) = proxy.find(id, way, identity.owner()).ok_or_else(|| no_such_session(way))?;
    must_be(headers, FRAGMENT)?;
    let condition = headers.get(header::IF_MATCH).cloned();
    let upstream = way.upstream(&http.app().media);
    match proxy.upstream.trickle(&upstream, target, &secret, condition, fragment).await? {
        Answer::Gone => {
            proxy.forget(id);
            Err(no_such_session(way))
        }
        Answer::Empty => Ok(StatusCode::NO_CONTENT.into_response()),
        Answer::Fragment { body, etag } => {
            let mut response = body.into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(FRAGMENT));
            if let Some(etag) = etag {
                response.headers_mut().insert(header::ETAG, etag);
            }
            Ok(response)
        }
    }
}

/// Ends a session.
async fn end(http: &Http, way: Way, id: &str, identity: &Identity) -> Result<StatusCode, Failure> {
    http.0.webrtc.find(id, way, identity.owner()).ok_or_else(|| no_such_session(way))?;
    http.0.webrtc.end(id, &http.app().media).await;
    Ok(StatusCode::OK)
}

fn check_offer(headers: &HeaderMap, offer: &Bytes) -> Result<(), Failure> {
    must_be(headers, SDP)?;
    if offer.starts_with(b"v=0") { Ok(()) } else { Err(bad_sdp()) }
}

fn must_be(headers: &HeaderMap, kind: &'static str) -> Result<(), Failure> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case(kind) {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "wrong_content_type",
        format!("the body must be {kind}"),
    ))
}

fn bad_sdp() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "bad_sdp",
        "the body is no SDP that MediaMTX can answer: it must be a whole offer, beginning with v=0",
    )
}

fn no_such_session(way: Way) -> Failure {
    let name = way.word().to_uppercase();
    Failure::new(
        StatusCode::NOT_FOUND,
        "no_such_session",
        format!("there is no such {name} session of yours: it may have ended; begin a new one"),
    )
}

fn unsupported() -> Failure {
    Failure::new(
        StatusCode::NOT_ACCEPTABLE,
        "unsupported_tracks",
        "the robot takes one track of Opus sound and nothing else: the offer has none, or more",
    )
}

/// The second talker's answer.
fn talk_held(who: &str) -> Failure {
    Failure::new(
        StatusCode::CONFLICT,
        "talk_held",
        format!("{who} is talking to the people at the robot: try again when they have finished"),
    )
}

fn put_links(headers: &mut HeaderMap, links: Vec<HeaderValue>) {
    for link in links {
        headers.append(HeaderName::from_static("link"), link);
    }
}
