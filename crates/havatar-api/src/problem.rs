//! Error answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error, as RFC 9457 `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`; `code` is what programs match on.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status phrase.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// Stable, lower-case, dotted-free: `not_signed_in`, `stream_offline`.
    pub code: String,
    /// One sentence for a person: what is wrong and what to do.
    pub detail: String,
}
