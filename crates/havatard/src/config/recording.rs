//! Section `recording`: where recordings go and in what form.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::checks::Checks;
use super::scalar::string_enum;
use super::{AbsolutePath, Duration};

/// Where recordings go and in what form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Recording {
    /// The directory. By default `recordings` in the state directory.
    pub directory: Option<AbsolutePath>,
    /// The container.
    pub format: RecordingContainer,
    /// Length of one file: 10s to 24h. A power cut costs at most the newest file's last seconds.
    #[serde(deserialize_with = "segment")]
    pub segment: Duration,
}

impl Default for Recording {
    fn default() -> Self {
        Self { directory: None, format: RecordingContainer::Fmp4, segment: Duration::from_mins(10) }
    }
}

impl Recording {
    /// A directory in whose path MediaMTX sees nothing but a path: it replaces `%Y` and the like, and has no way to write the
    /// sign itself.
    ///
    /// # Errors
    /// Message and fix.
    pub(crate) fn usable(directory: &Path) -> Result<(), (String, String)> {
        if !directory.as_os_str().as_encoded_bytes().contains(&b'%') {
            return Ok(());
        }
        Err((
            format!("{} has a % in it, which MediaMTX would read as a part of the date", directory.display()),
            "name a directory without % in its path".to_owned(),
        ))
    }

    pub(super) fn check(&self, checks: &mut Checks<'_>) {
        if let Some(directory) = &self.directory {
            if let Err((message, fix)) = Self::usable(directory.as_path()) {
                checks.error("recording.directory", &[], message, fix);
                return;
            }
            checks.writable("recording.directory", directory.as_path());
        }
    }
}

string_enum! {
    /// The container of recordings.
    RecordingContainer {
        /// Fragmented MP4: plays in a browser, keeps Opus sound.
        #[default]
        Fmp4 = "fmp4",
        /// MPEG transport stream.
        Mpegts = "mpegts",
    }
}

fn segment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Duration::within(deserializer, Duration::from_secs(10), Duration::from_hours(24))
}
