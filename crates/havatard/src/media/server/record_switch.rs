//! MediaMTX's recording switch of the joined path, as the recorder uses it.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::watch;

use crate::media::context::Context;
use crate::media::paths::BOTH;

use super::client::ClientError;

/// The switch. MediaMTX sets it back, without notice, whenever it restarts or reads its settings file.
#[derive(Clone)]
pub struct RecordSwitch {
    pub(crate) ctx: Arc<Context>,
}

impl RecordSwitch {
    /// MediaMTX is up, so that the switch can be set.
    pub fn is_reachable(&self) -> bool {
        self.ctx.up()
    }

    /// Changes whenever MediaMTX comes up, goes away, or has read new settings.
    pub fn subscribe(&self) -> watch::Receiver<Option<String>> {
        self.ctx.mediamtx_up.subscribe()
    }

    /// Sets the switch and reads it back. A path that MediaMTX does not have is off.
    pub async fn set(&self, on: bool) -> Result<(), ClientError> {
        let client = self.ctx.client();
        match client.path_config(BOTH).await {
            Ok(config) if config["record"] == json!(on) => Ok(()),
            Ok(_) => client.set_record(BOTH, on).await,
            Err(ClientError::Refused { status: 404, .. }) if !on => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Directory of recordings.
    pub fn directory(&self) -> PathBuf {
        self.ctx.recordings()
    }
}
