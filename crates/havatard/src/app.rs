//! Stand-in.
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
/// Handles.
pub struct App {
    /// Media.
    pub media: crate::media::Media,
    /// Auth.
    pub auth: crate::auth::Auth,
    /// Config.
    pub config: watch::Receiver<Arc<crate::config::Config>>,
    /// Its status.
    pub config_status: watch::Receiver<havatar_api::ConfigStatus>,
    /// Start.
    pub started_at: jiff::Timestamp,
    /// Root token.
    pub shutdown: CancellationToken,
}
