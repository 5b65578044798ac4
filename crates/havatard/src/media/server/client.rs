//! MediaMTX's v3 API, as much of it as the daemon needs.
//!
//! Every call carries the per-boot credentials and a deadline. MediaMTX answers writes before it applies
//! them, so each write is read back.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{API_USER, AccessRules};

const DEADLINE: Duration = Duration::from_secs(2);
/// The health probe's: its limit is the supervisor's, which knows a MediaMTX that is kept from running from one that hangs.
const PATIENT: Duration = Duration::from_mins(1);
/// How often MediaMTX is asked for the other end of a connection, while the client there waits.
const PEER_TRIES: usize = 4;
/// The longest answer taken: a full page of sessions stays far below.
const MAX_BODY: usize = 4 << 20;

/// A client for one MediaMTX.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    access: AccessRules,
    deadline: Duration,
}

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No answer: not running, hung, or too slow.
    #[error("MediaMTX does not answer at {url}")]
    Away {
        /// What was asked.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// It answered, and refused.
    #[error("MediaMTX refused {url} with status {status}: {message}")]
    Refused {
        /// What was asked.
        url: String,
        /// Its HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// It answered something else than its documentation says.
    #[error("MediaMTX's answer to {url} cannot be read: {message}")]
    Unreadable {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        message: String,
    },
}

/// `GET /v3/info`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Info {
    /// `v1.21.0`.
    pub(crate) version: String,
}

/// One item of `GET /v3/paths/list`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PathItem {
    /// Its name.
    pub(crate) name: String,
    /// A source is there. `ready` and `available` stay true on an always-available path whose source died.
    #[serde(default)]
    pub(crate) online: bool,
    /// Tracks with their properties.
    #[serde(default)]
    pub(crate) tracks2: Vec<Track>,
    /// Its readers.
    #[serde(default)]
    pub(crate) readers: Vec<Reader>,
    /// Bytes in; an always-available path counts its slate too.
    #[serde(default)]
    pub(crate) inbound_bytes: u64,
    /// Bytes out.
    #[serde(default)]
    pub(crate) outbound_bytes: u64,
}

/// One track.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Track {
    /// `H264`, `Opus`.
    pub(crate) codec: String,
    /// Properties that depend on the codec.
    #[serde(default)]
    pub(crate) codec_props: Option<Value>,
}

/// One reader.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reader {
    /// Its session's id.
    #[serde(default)]
    pub(crate) id: String,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

impl Client {
    /// A client for the MediaMTX whose API listens at `api`.
    pub(crate) fn new(http: reqwest::Client, api: SocketAddr, access: AccessRules) -> Self {
        Self { http, base: format!("http://{api}"), access, deadline: DEADLINE }
    }

    /// The same client, which waits for an answer for as long as the caller does.
    pub(crate) fn patient(self) -> Self {
        Self { deadline: PATIENT, ..self }
    }

    /// Version; also the readiness check, since the API opens after every media listener.
    pub(crate) async fn info(&self) -> Result<Info, ClientError> {
        self.get_as("/v3/info").await
    }

    /// All paths. There are three: one page holds them.
    pub(crate) async fn paths(&self) -> Result<Vec<PathItem>, ClientError> {
        Ok(self.get_as::<Page<PathItem>>("/v3/paths/list?itemsPerPage=100").await?.items)
    }

    /// The other end of an RTSP connection, by the id of its session or its own.
    pub(crate) async fn rtsp_peer(&self, id: &str) -> Result<SocketAddr, ClientError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Peer {
            remote_addr: SocketAddr,
        }
        let unreadable = |message: &str| ClientError::Unreadable {
            url: format!("{}/v3/rtsp", self.base),
            message: message.to_owned(),
        };
        if !id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
            return Err(unreadable("an id of a session is no UUID"));
        }
        for _ in 0..PEER_TRIES {
            // A client that asks for a description has a connection and no session yet.
            for kind in ["sessions", "conns"] {
                match self.get_as::<Peer>(&format!("/v3/rtsp/{kind}/get/{id}")).await {
                    Ok(peer) => return Ok(peer.remote_addr),
                    Err(ClientError::Refused { status: 404, .. }) => {}
                    // Busy: MediaMTX waits longer for the hook's answer than one call may take.
                    Err(ClientError::Away { .. }) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Err(unreadable("it knows no session and no connection of that id, or does not answer"))
    }

    /// The configuration in force of everything that is not a path.
    pub(crate) async fn global_config(&self) -> Result<Value, ClientError> {
        self.get_as("/v3/config/global/get").await
    }

    /// The names of all configured paths.
    pub(crate) async fn configured_paths(&self) -> Result<Vec<String>, ClientError> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let page: Page<Named> = self.get_as("/v3/config/paths/list?itemsPerPage=100").await?;
        Ok(page.items.into_iter().map(|item| item.name).collect())
    }

    /// The configuration in force of one path.
    pub(crate) async fn path_config(&self, path: &str) -> Result<Value, ClientError> {
        self.get_as(&format!("/v3/config/paths/get/{path}")).await
    }

    /// Switches the recording of a path and reads the switch back.
    pub(crate) async fn set_record(&self, path: &str, on: bool) -> Result<(), ClientError> {
        let url = format!("{}/v3/config/paths/patch/{path}", self.base);
        let request = self.http.patch(&url).json(&json!({ "record": on }));
        self.send(&url, request).await?;
        // Answered is not applied: ask until the configuration in force says so.
        for _ in 0..20 {
            if self.path_config(path).await?["record"] == json!(on) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        Err(ClientError::Unreadable { url, message: format!("`record` is still not {on}") })
    }

    /// One GET of a route that the caller has checked against its allow-list: status and body as they came.
    pub(crate) async fn raw(&self, path_and_query: &str) -> Result<(u16, Bytes), ClientError> {
        let url = format!("{}{path_and_query}", self.base);
        let away =
            |source: reqwest::Error| ClientError::Away { url: url.clone(), source: source.without_url() };
        let response = self
            .http
            .get(&url)
            .basic_auth(API_USER, Some(self.access.api_secret()))
            .timeout(self.deadline)
            .send()
            .await
            .map_err(away)?;
        let status = response.status().as_u16();
        Ok((status, body(response).await.map_err(away)?))
    }

    async fn get_as<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let url = format!("{}{path}", self.base);
        let bytes = self.send(&url, self.http.get(&url)).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| ClientError::Unreadable { url, message: error.to_string() })
    }

    async fn send(&self, url: &str, request: reqwest::RequestBuilder) -> Result<Bytes, ClientError> {
        let away =
            |source: reqwest::Error| ClientError::Away { url: url.to_owned(), source: source.without_url() };
        let response = request
            .basic_auth(API_USER, Some(self.access.api_secret()))
            .timeout(self.deadline)
            .send()
            .await
            .map_err(away)?;
        let status = response.status();
        let bytes = body(response).await.map_err(away)?;
        if status.is_success() {
            return Ok(bytes);
        }
        let message = String::from_utf8_lossy(&bytes).chars().take(200).collect();
        Err(ClientError::Refused { url: url.to_owned(), status: status.as_u16(), message })
    }
}

async fn body(mut response: reqwest::Response) -> Result<Bytes, reqwest::Error> {
    let mut all = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if all.len() + chunk.len() > MAX_BODY {
            break;
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.into())
}
