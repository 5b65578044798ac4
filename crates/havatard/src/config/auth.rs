//! Section `auth`: how long sign-ins last.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Duration;
use super::checks::Checks;

/// How long sign-ins last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, expecting = "a group of keys")]
pub struct Auth {
    /// A session ends after this long without a request: 1m to 365d, at most `session_max`.
    #[serde(deserialize_with = "session")]
    pub session_idle: Duration,
    /// A session ends this long after its sign-in, used or not: 1m to 365d.
    #[serde(deserialize_with = "session")]
    pub session_max: Duration,
    /// How long a printed sign-in link can be used, once: 1m to 24h.
    #[serde(deserialize_with = "link")]
    pub sign_in_link_valid: Duration,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            session_idle: Duration::from_hours(12),
            session_max: Duration::from_days(30),
            sign_in_link_valid: Duration::from_mins(10),
        }
    }
}

impl Auth {
    pub(super) fn check(&self, checks: &mut Checks<'_>) {
        if self.session_idle > self.session_max {
            let (key, other) = ("auth.session_idle", "auth.session_max");
            let message = format!("{} is longer than {other}, {}", self.session_idle, self.session_max);
            checks.error(key, &[other], message, format!("use at most {}", self.session_max));
        }
    }
}

fn session<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Duration::within(deserializer, Duration::from_mins(1), Duration::from_days(365))
}

fn link<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Duration::within(deserializer, Duration::from_mins(1), Duration::from_hours(24))
}
