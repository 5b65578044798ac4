//! WebSockets whose clients cannot occupy the daemon.
//!
//! The library answers pings and joins fragments within one poll for as long as bytes are there, and sees no difference
//! between a message and ten thousand empty frames. So what it reads comes through `meter.rs`: a little at a time, and
//! within a budget of bytes and frames.

mod meter;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::error::ApiError;
use super::limits::{Connection, InUse};
use meter::Metered;

pub(super) use meter::Budget;
pub(super) use tokio_tungstenite::tungstenite::Message;
pub(super) use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// An open WebSocket, seen from the daemon.
pub(super) type Socket = WebSocketStream<Metered<TokioIo<Upgraded>>>;

/// Bytes that a client may leave untaken. The longest message is a snapshot of the status.
const MOST_UNSENT: usize = 4 * 1024 * 1024;

/// The request for a WebSocket.
pub(super) struct Upgrade {
    accept: HeaderValue,
    stream: OnUpgrade,
    in_use: Option<InUse>,
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let is = |name: HeaderName, value: &str| has_token(&parts.headers, &name, value);
        let upgrades = parts.method == Method::GET
            && is(header::CONNECTION, "upgrade")
            && is(header::UPGRADE, "websocket");
        if !upgrades {
            return Err(malformed("this address is a WebSocket: ask for an upgrade"));
        }
        if !is(header::SEC_WEBSOCKET_VERSION, "13") {
            return Err(malformed(
                "this address speaks version 13 of WebSocket: send Sec-WebSocket-Version: 13",
            ));
        }
        let key = parts.headers.get(header::SEC_WEBSOCKET_KEY);
        let key = key.ok_or_else(|| malformed("the upgrade has no Sec-WebSocket-Key: send one"))?;
        let accept = derive_accept_key(key.as_bytes());
        let accept = HeaderValue::try_from(accept)
            .map_err(|_| malformed("the Sec-WebSocket-Key cannot be used: send another"))?;
        let stream = parts.extensions.remove::<OnUpgrade>();
        let stream = stream.ok_or_else(|| {
            ApiError::new(
                StatusCode::UPGRADE_REQUIRED,
                "websocket_only",
                "this address is a WebSocket, and this connection cannot be upgraded: use one of HTTP/1.1",
            )
        })?;
        let in_use = parts.extensions.get::<Connection>().map(Connection::in_use);
        Ok(Self { accept, stream, in_use })
    }
}

impl Upgrade {
    /// Agrees, and serves the socket in a task of its own.
    pub(super) fn serve<F, Served>(self, largest_message: usize, budget: Budget, serve: F) -> Response
    where
        F: FnOnce(Socket) -> Served + Send + 'static,
        Served: Future<Output = ()> + Send + 'static,
    {
        let Self { accept, stream, in_use } = self;
        let task = async move {
            let _in_use = in_use;
            let Ok(upgraded) = stream.await else { return };
            let config = WebSocketConfig::default()
                .read_buffer_size(Budget::AT_ONCE)
                .max_write_buffer_size(MOST_UNSENT)
                .max_message_size(Some(largest_message))
                .max_frame_size(Some(largest_message));
            let stream = Metered::new(TokioIo::new(upgraded), budget);
            serve(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await).await;
        };
        // Behind no gate: with little at once and a budget it needs none, and a stop does not wait for its sender's requests.
        tokio::spawn(task);
        let headers = [
            (header::CONNECTION, HeaderValue::from_static("upgrade")),
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::SEC_WEBSOCKET_ACCEPT, accept),
        ];
        (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
    }
}

fn malformed(what: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "bad_request", what)
}

/// Whether a header's comma-separated list has this word.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token))
}
