//! Results of test encodes: of this run in memory, the one that passed in the state directory too.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::store::Persisted;

/// An encoder that passed, under everything the result depends on.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Passed {
    pub(crate) key: String,
    pub(crate) encoder: String,
    pub(crate) fps: f64,
}

/// All results.
pub(crate) struct EncoderCache {
    /// What the file holds, or is to hold.
    passed: Mutex<Option<Passed>>,
    persisted: Persisted<Passed>,
    /// Frames a second, or why the encoder does not work.
    tried: Mutex<HashMap<String, Result<f64, String>>>,
}

impl EncoderCache {
    /// Reads what an earlier run found out. Blocks on the disk: before serving.
    pub(crate) fn open(state_dir: &Path) -> Self {
        let file = state_dir.join("encoder.json");
        let passed = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let persisted = Persisted::new("the encoder's test result", file, |passed| {
            serde_json::to_vec(passed).map(Some).map_err(io::Error::other)
        });
        Self { passed: Mutex::new(passed), persisted, tried: Mutex::default() }
    }

    /// The result that was persisted last, by this run or one before.
    pub(crate) fn passed(&self) -> Option<Passed> {
        lock(&self.passed).clone()
    }

    /// Best effort: on a read-only disk the next run makes the test encode again.
    pub(crate) fn set_passed(&self, passed: Passed) {
        *lock(&self.passed) = Some(passed.clone());
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

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Result<f64, String>>> {
        lock(&self.tried)
    }
}

/// The values are replaced whole, so a panic elsewhere cannot leave one half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
