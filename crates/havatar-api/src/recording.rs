//! Recordings.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The container of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordingFormat {
    /// Fragmented MP4.
    Fmp4,
    /// MPEG transport stream.
    Mpegts,
}

/// Whether a recording is wanted, and whether one is really being written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecordingStatus {
    /// It was asked for, and no request to stop has come since.
    pub wanted: bool,
    /// True only while a file is seen to grow.
    pub recording: bool,
    /// The id of the file that grows.
    #[schema(required)]
    pub id: Option<String>,
    /// When that file was begun.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Its size so far.
    #[schema(required)]
    pub size_bytes: Option<u64>,
    /// Why it is wanted and not recording, in words.
    #[schema(required)]
    pub fault: Option<String>,
}

/// One recorded file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recording {
    /// Opaque; good for `GET`, `DELETE` and `/download`.
    pub id: String,
    /// The stream it holds.
    pub stream: String,
    /// The file's name, for people.
    pub file: String,
    /// When its first sample was taken.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it was last written to.
    #[schema(value_type = String, format = DateTime)]
    pub ended_at: Timestamp,
    /// Its size.
    pub size_bytes: u64,
    /// Its container.
    pub format: RecordingFormat,
    /// Still being written: cannot be deleted.
    pub writing: bool,
}

/// Body of `GET /api/v1/recordings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recordings {
    /// What is being written now.
    pub status: RecordingStatus,
    /// Newest first.
    pub items: Vec<Recording>,
}
