//! The client to MediaMTX's WebRTC listener.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, StatusCode, header};
use reqwest::{Client, RequestBuilder, Response};

use crate::http::error::ApiError;
use crate::media::Upstream;

use super::errors::{
    inapplicable_fragment, refused_by_upstream, stream_offline, talk_held, unanswerable, unsupported_tracks,
    upstream_away,
};
use super::protocol::{FRAGMENT, LARGEST_SDP, Protocol, SDP, Target};

/// MediaMTX is on loopback: an answer that takes longer never arrives.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The largest accepted answer, in bytes.
const LARGEST_ANSWER: usize = 2 * LARGEST_SDP;

/// HTTP client of MediaMTX's WebRTC listener.
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

/// Result of a PATCH.
pub(super) enum Trickled {
    /// The candidates were added.
    Accepted,
    /// ICE was restarted.
    Restarted { body: Bytes, etag: Option<HeaderValue> },
    /// MediaMTX no longer has the session.
    Gone,
}

impl MediaMtx {
    pub(super) fn new() -> Self {
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(5))
            .build()
            .expect("a client without TLS, proxies or files has nothing that could fail");
        Self { client }
    }

    pub(super) async fn begin(
        &self,
        to: &Upstream,
        target: Target,
        offer: String,
    ) -> Result<Begun, ApiError> {
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
            StatusCode::NOT_FOUND => return Err(stream_offline(target)),
            StatusCode::NOT_ACCEPTABLE => return Err(unsupported_tracks()),
            status => return Err(refused_by_upstream(status)),
        }
        let headers = response.headers();
        let secret = headers
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|location| secret(location, target))
            .ok_or_else(ApiError::bad_upstream)?;
        let id = headers.get("id").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let etag = headers.get(header::ETAG).cloned();
        let links = headers.get_all(header::LINK).iter().cloned().collect();
        let sdp = body(response).await?;
        Ok(Begun { sdp, secret, id, etag, links })
    }

    pub(super) async fn links(&self, to: &Upstream, target: Target) -> Result<Vec<HeaderValue>, ApiError> {
        let request = self
            .client
            .request(Method::OPTIONS, address(to, target))
            .basic_auth(&to.user, Some(&to.password));
        let response = send(request).await?;
        match response.status() {
            status if status.is_success() => {
                Ok(response.headers().get_all(header::LINK).iter().cloned().collect())
            }
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => Err(stream_offline(target)),
            status => Err(refused_by_upstream(status)),
        }
    }

    pub(super) async fn trickle(
        &self,
        to: &Upstream,
        target: Target,
        secret: &str,
        condition: Option<HeaderValue>,
        fragment: String,
    ) -> Result<Trickled, ApiError> {
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
            StatusCode::NO_CONTENT => Ok(Trickled::Accepted),
            StatusCode::OK => {
                let etag = response.headers().get(header::ETAG).cloned();
                Ok(Trickled::Restarted { body: body(response).await?, etag })
            }
            StatusCode::NOT_FOUND => Ok(Trickled::Gone),
            // The fragment was read here: the session cannot apply it as it stands, such as a restart amid another.
            StatusCode::BAD_REQUEST | StatusCode::INTERNAL_SERVER_ERROR => Err(inapplicable_fragment()),
            status => Err(refused_by_upstream(status)),
        }
    }

    /// Ends a session. A session that is gone, with or without its MediaMTX, counts as ended.
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

async fn send(request: RequestBuilder) -> Result<Response, ApiError> {
    // The error contains the URL, and the URL contains the secret.
    request.send().await.map_err(|error| upstream_away(&error.without_url()))
}

async fn body(mut response: Response) -> Result<Bytes, ApiError> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| upstream_away(&error.without_url()))? {
        if whole.len() + chunk.len() > LARGEST_ANSWER {
            return Err(ApiError::bad_upstream());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

fn address(to: &Upstream, Target { protocol, stream }: Target) -> String {
    format!("{}/{stream}/{}", to.base, protocol.segment())
}

/// The last part of `/STREAM/whep/SECRET`, with or without an origin before it.
fn secret(location: &str, Target { protocol, stream }: Target) -> Option<String> {
    let (before, secret) = location.rsplit_once(&format!("/{stream}/{}/", protocol.segment()))?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let ok = !secret.is_empty() && secret.len() <= 128 && secret.bytes().all(plain);
    (ok && (before.is_empty() || before.starts_with("http"))).then(|| secret.to_owned())
}

/// MediaMTX answers 400 to a malformed offer, to a path that is not configured (a robot without a microphone has no audio
/// path) and to a second publisher. Only the message distinguishes them.
async fn bad_request(response: Response, target: Target) -> ApiError {
    let text = body(response).await.unwrap_or_default();
    let says = |words: &str| text.windows(words.len()).any(|part| part == words.as_bytes());
    if says("is not configured") {
        stream_offline(target)
    } else if target.protocol == Protocol::Whip && says("already publishing") {
        talk_held("somebody else")
    } else {
        unanswerable()
    }
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
            let target = Target { protocol: Protocol::Whep, stream: "havatar" };
            assert_eq!(secret(location, target).as_deref(), expected, "{location}");
        }
    }
}
