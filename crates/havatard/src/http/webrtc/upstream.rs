use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, StatusCode, header};
use reqwest::{Client, RequestBuilder, Response};

use super::{FRAGMENT, LARGEST_SDP, SDP, Target, Way, bad_sdp, talk_held, unsupported};
use crate::{http::problem::Failure, media::Upstream};

/// MediaMTX is on loopback: an answer that takes longer does not come.
const LONGEST: Duration = Duration::from_secs(10);
const LONGEST_CONNECT: Duration = Duration::from_secs(2);
/// The largest answer that is taken, in bytes.
const LARGEST_ANSWER: usize = 2 * LARGEST_SDP;

/// The client that speaks to MediaMTX's WebRTC listener.
pub(super) struct MediaMtx {
    client: Client,
}

/// A session that MediaMTX began.
pub(super) struct Begun {
    pub(super) sdp: Bytes,
    pub(super) secret: String,
    /// The id that MediaMTX's API lists it under.
    pub(super) id: Option<String>,
    pub(super) etag: Option<HeaderValue>,
    pub(super) links: Vec<HeaderValue>,
}

/// What came of a PATCH.
pub(super) enum Answer {
    /// Candidates were taken.
    Empty,
    /// ICE was restarted.
    Fragment { body: Bytes, etag: Option<HeaderValue> },
    /// MediaMTX no longer has the session.
    Gone,
}

impl MediaMtx {
    pub(super) fn new() -> Self {
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(LONGEST)
            .connect_timeout(LONGEST_CONNECT)
            .pool_idle_timeout(Duration::from_secs(5))
            .build()
            .expect("a client without TLS, proxies or files has nothing that could fail");
        Self { client }
    }

    pub(super) async fn begin(&self, to: &Upstream, target: Target, offer: Bytes) -> Result<Begun, Failure> {
        let request = self
            .client
            .post(address(to, target))
            .basic_auth(&to.user, Some(&to.password))
            .header(header::CONTENT_TYPE, SDP)
            .body(offer);
        let response = send(request).await?;
        match response.status() {
            StatusCode::CREATED => {}
            StatusCode::BAD_REQUEST => return Err(bad_request(response, target).await),
            StatusCode::NOT_FOUND => return Err(offline(target)),
            StatusCode::NOT_ACCEPTABLE => return Err(unsupported()),
            status => return Err(refused(status)),
        }
        let headers = response.headers();
        let secret = headers
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|location| secret(location, target))
            .ok_or_else(odd)?;
        let id = headers.get("id").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let etag = headers.get(header::ETAG).cloned();
        let links = headers.get_all(header::LINK).iter().cloned().collect();
        let sdp = body(response).await?;
        Ok(Begun { sdp, secret, id, etag, links })
    }

    pub(super) async fn links(&self, to: &Upstream, target: Target) -> Result<Vec<HeaderValue>, Failure> {
        let request = self
            .client
            .request(Method::OPTIONS, address(to, target))
            .basic_auth(&to.user, Some(&to.password));
        let response = send(request).await?;
        match response.status() {
            status if status.is_success() => {
                Ok(response.headers().get_all(header::LINK).iter().cloned().collect())
            }
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => Err(offline(target)),
            status => Err(refused(status)),
        }
    }

    pub(super) async fn trickle(
        &self,
        to: &Upstream,
        target: Target,
        secret: &str,
        condition: Option<HeaderValue>,
        fragment: Bytes,
    ) -> Result<Answer, Failure> {
        let mut request = self
            .client
            .patch(format!("{}/{secret}", address(to, target)))
            .header(header::CONTENT_TYPE, FRAGMENT)
            .body(fragment);
        if let Some(condition) = condition {
            request = request.header(header::IF_MATCH, condition);
        }
        let response = send(request).await?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(Answer::Empty),
            StatusCode::OK => {
                let etag = response.headers().get(header::ETAG).cloned();
                Ok(Answer::Fragment { body: body(response).await?, etag })
            }
            StatusCode::NOT_FOUND => Ok(Answer::Gone),
            StatusCode::BAD_REQUEST => Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "bad_sdp",
                "MediaMTX does not understand that ICE fragment",
            )),
            status => Err(refused(status)),
        }
    }

    /// Ends a session; one that is gone already, with its MediaMTX or without, is as good as ended.
    pub(super) async fn end(&self, to: &Upstream, target: Target, secret: &str) {
        let request = self.client.delete(format!("{}/{secret}", address(to, target)));
        if let Ok(response) = send(request).await
            && !response.status().is_success()
            && response.status() != StatusCode::NOT_FOUND
        {
            tracing::warn!(
                http.status = response.status().as_u16(),
                "MediaMTX would not end a WebRTC session"
            );
        }
    }
}

async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    // The error names the address, and the address holds the secret.
    request.send().await.map_err(|error| away(&error.without_url()))
}

async fn body(mut response: Response) -> Result<Bytes, Failure> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| away(&error.without_url()))? {
        if whole.len() + chunk.len() > LARGEST_ANSWER {
            return Err(odd());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

fn address(to: &Upstream, Target { way, stream }: Target) -> String {
    format!("{}/{stream}/{}", to.base, way.word())
}

/// The last part of `/STREAM/whep/SECRET`, with or without an origin before it.
fn secret(location: &str, Target { way, stream }: Target) -> Option<String> {
    let (before, secret) = location.rsplit_once(&format!("/{stream}/{}/", way.word()))?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let ok = !secret.is_empty() && secret.len() <= 128 && secret.bytes().all(plain);
    (ok && (before.is_empty() || before.starts_with("http"))).then(|| secret.to_owned())
}

fn away(error: &reqwest::Error) -> Failure {
    tracing::debug!(
        error = error as &(dyn std::error::Error + 'static),
        "MediaMTX did not answer WebRTC signalling"
    );
    Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "mediamtx_away",
        "MediaMTX does not answer: it is being started again; try in a moment",
    )
    .retry_after(1)
}

/// MediaMTX says the same to an offer that it does not understand, to a path that its config has not (a robot without a
/// microphone has no sound path) and to a second publisher: only its words tell them apart.
async fn bad_request(response: Response, target: Target) -> Failure {
    let text = body(response).await.unwrap_or_default();
    let says = |words: &str| text.windows(words.len()).any(|part| part == words.as_bytes());
    if says("is not configured") {
        offline(target)
    } else if target.way == Way::Whip && says("already publishing") {
        talk_held("somebody else")
    } else {
        bad_sdp()
    }
}

fn offline(Target { way, stream }: Target) -> Failure {
    let said = match way {
        Way::Whep => {
            format!("nothing is being sent on {stream}: the publishers may be stopped, or its device away")
        }
        Way::Whip => {
            "this robot has no loudspeaker to talk through: set media.speaker in its config".to_owned()
        }
    };
    Failure::new(StatusCode::NOT_FOUND, "stream_offline", said)
}

fn refused(status: StatusCode) -> Failure {
    tracing::warn!(http.status = status.as_u16(), "MediaMTX refused a WebRTC request of ours");
    if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
        return Failure::new(
            StatusCode::BAD_GATEWAY,
            "mediamtx_refused",
            "MediaMTX does not accept havatard's credentials: is another MediaMTX on its port?",
        );
    }
    odd()
}

fn odd() -> Failure {
    Failure::new(
        StatusCode::BAD_GATEWAY,
        "mediamtx_odd",
        "MediaMTX gave an answer that makes no sense here; its log may say why",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_locations() {
        let cases = [
            ("/havatar/whep/abc-DEF_123", Some("abc-DEF_123")),
            ("http://127.0.0.1:8889/havatar/whep/abc", Some("abc")),
            ("/havatar/whip/abc", None),
            ("/havatar_camera/whep/abc", None),
            ("/havatar/whep/", None),
            ("/havatar/whep/a/b", None),
            ("/havatar/whep/..%2f", None),
            ("/other/havatar/whep/abc", None),
            ("abc", None),
        ];
        for (location, expected) in cases {
            let target = Target { way: Way::Whep, stream: "havatar" };
            assert_eq!(secret(location, target).as_deref(), expected, "{location}");
        }
    }
}
