//! Results of test encodes: of this run in memory, the one that passed in the state directory too.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::store::Persisted;

/// An encoder that passed, under everything the result depends on.
#[derive(Serialize, Deserialize)]
pub(crate) struct Passed {
    pub(crate) key: String,
    pub(crate) encoder: String,
    pub(crate) fps: f64,
}

/// All results.
pub(crate) struct EncoderCache {
    file: PathBuf,
    persisted: Persisted<Passed>,
    /// Frames a second, or why the encoder does not work.
    tried: Mutex<HashMap<String, Result<f64, String>>>,
}

impl EncoderCache {
    pub(crate) fn open(state_dir: &Path) -> Self {
        let file = state_dir.join("encoder.json");
        let persisted = Persisted::new("the encoder's test result", file.clone(), |passed| {
            serde_json::to_vec(passed).map(Some).map_err(io::Error::other)
        });
        Self { file, persisted, tried: Mutex::default() }
    }

    /// The result that was persisted last, by this run or one before.
    pub(crate) fn passed(&self) -> Option<Passed> {
        serde_json::from_slice(&std::fs::read(&self.file).ok()?).ok()
    }

    /// Best effort: on a read-only disk the next run makes the test encode again.
    pub(crate) fn set_passed(&self, passed: Passed) {
        self.persisted.set(passed);
    }

    /// What this run found out.
    pub(crate) fn tried(&self, key: &str) -> Option<Result<f64, String>> {
        self.lock().get(key).cloned()
    }

    pub(crate) fn set_tried(&self, key: String, result: Result<f64, String>) {
        self.lock().insert(key, result);
    }

    pub(crate) async fn flush(&self) {
        self.persisted.flush().await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Result<f64, String>>> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
