//! Reloads the config while the daemon runs.

use std::sync::Arc;

use havatar_api as api;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::auth::{self, Auth};
use crate::config::{Config, Loaded};
use crate::http::server::Certificates;
use crate::media::Media;
use crate::notifier::ServiceNotifier;
use crate::options::Options;
use crate::{robot, store};

/// Applies a new config to the running parts, and publishes the result.
pub(crate) struct Reloader {
    pub(crate) options: Options,
    pub(crate) media: Media,
    pub(crate) robot: robot::Running,
    pub(crate) auth: Auth,
    pub(crate) certificates: Option<Certificates>,
    /// The config that the listener was bound with.
    pub(crate) bound: Arc<Config>,
    pub(crate) config: watch::Sender<Arc<Config>>,
    pub(crate) status: watch::Sender<api::ConfigStatus>,
    pub(crate) notifier: Arc<dyn ServiceNotifier>,
}

impl Reloader {
    /// Reads and applies the config. An invalid file changes nothing and is reported; a valid one restarts only the
    /// processes that it affects.
    pub(crate) async fn reload(&mut self) {
        self.notifier.reloading(true);
        let options = self.options.clone();
        match store::blocking(move || options.load()).await {
            Ok(Ok(loaded)) => self.apply(loaded).await,
            Err(error) => self.reject("", error.to_string()),
            Ok(Err(faults)) => {
                tracing::error!("the config was not reloaded:\n{faults}");
                self.publish_faults(faults.into());
            }
        }
        self.notifier.reloading(false);
    }

    async fn apply(&mut self, loaded: Loaded) {
        let new = Arc::new(loaded.config);
        match self.media.apply(new.clone()).await {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => {
                self.reject("media", reason);
                return;
            }
            Err(error) => {
                self.reject("media", error.to_string());
                return;
            }
        }
        self.auth.set(auth_settings(&new));
        self.robot.apply(&new).await;
        let mut faults = Vec::new();
        if let Err(error) = self.reload_certificates(&new).await {
            tracing::error!("the certificate was not reloaded: {error:#}");
            faults.push(self.fault("server.tls", format!("{error:#}; the former certificate is in use")));
        }
        // Compared with the bound config, not with the previous one: a later reload must not forget the difference,
        // and must not report it once the old value is back.
        let later = "takes effect when havatard is restarted";
        if self.bound.server.listen != new.server.listen {
            faults.push(self.fault("server.listen", later.to_owned()));
        }
        // A new certificate is applied at once; TLS itself cannot be switched on or off on a bound listener.
        if self.bound.server.tls.is_some() != new.server.tls.is_some() {
            faults.push(self.fault("server.tls", later.to_owned()));
        }
        self.config.send_replace(new);
        tracing::info!("the config was reloaded");
        self.status.send_modify(|status| {
            status.loaded_at = Timestamp::now();
            status.faults = faults;
        });
    }

    async fn reload_certificates(&self, config: &Config) -> anyhow::Result<()> {
        if let (Some(certificates), Some(tls)) = (self.certificates.clone(), config.server.tls.clone()) {
            store::blocking(move || certificates.reload(&tls)).await??;
        }
        Ok(())
    }

    fn reject(&self, key: &str, message: String) {
        tracing::error!(key, message, "the config was not reloaded");
        self.publish_faults(vec![self.fault(key, message)]);
    }

    fn publish_faults(&self, faults: Vec<api::ConfigFault>) {
        self.status.send_modify(|status| status.faults = faults);
    }

    fn fault(&self, key: &str, message: String) -> api::ConfigFault {
        let file = self.status.borrow().file.clone().unwrap_or_default();
        api::ConfigFault { file, line: None, key: key.to_owned(), message, fix: None }
    }
}

/// The lifetimes of sessions and links that the config sets.
pub(crate) fn auth_settings(config: &Config) -> auth::Settings {
    auth::Settings {
        session_idle: config.auth.session_idle.as_std(),
        session_max: config.auth.session_max.as_std(),
        sign_in_link_valid: config.auth.sign_in_link_valid.as_std(),
    }
}
