//! MediaMTX's recording switch of the joined path, as the recorder uses it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::json;
use tokio::sync::watch;

use crate::media::context::Context;
use crate::media::paths::BOTH;
use crate::media::process_table::{ProcessId, Processes};

use super::client::ClientError;
use super::recorder_error;

/// The switch. MediaMTX sets it back, without notice, whenever it restarts or reads its settings file.
#[derive(Clone)]
pub struct RecordSwitch {
    pub(crate) ctx: Arc<Context>,
    pub(crate) processes: Arc<Processes>,
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

    /// Why MediaMTX's recorder fails at what it was asked for, if it has said so within the last moments.
    pub fn recorder_error(&self) -> Option<String> {
        let (lines, _) = self.processes[ProcessId::Mediamtx].logs();
        recorder_error::newest(&lines, SystemTime::now())
    }

    /// Directory of recordings.
    pub fn directory(&self) -> PathBuf {
        self.ctx.recordings()
    }
}
