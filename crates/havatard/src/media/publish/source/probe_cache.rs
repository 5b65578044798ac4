//! What the last probe found out, for a launch that follows at once.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::found::Probed;

/// What the probe of a source last said. A launch that follows at once does not ask again: a source that gives its picture
/// once a connection would never give it to the encoder.
#[derive(Default)]
pub(crate) struct ProbeCache(Mutex<Option<Known>>);

struct Known {
    key: String,
    probed: Probed,
    at: Instant,
    uses: u32,
}

/// A probe is believed for this long,
const KNOWN_FOR: Duration = Duration::from_secs(30);
/// and by so many launches.
const KNOWN_TIMES: u32 = 2;
impl ProbeCache {
    pub(super) fn take(&self, key: &str) -> Option<Probed> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh =
            known.as_mut().filter(|it| it.key == key && it.uses > 0 && it.at.elapsed() < KNOWN_FOR)?;
        fresh.uses -= 1;
        Some(fresh.probed.clone())
    }

    pub(super) fn put(&self, key: String, probed: Probed) {
        let known = Known { key, probed, at: Instant::now(), uses: KNOWN_TIMES - 1 };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}
