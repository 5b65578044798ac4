//! How the daemon reports its state to the service manager and to the terminal.

use havatar_api as api;

/// Receives the states of the daemon's life. `main.rs` implements it for systemd and a terminal, tests with nothing.
pub trait ServiceNotifier: Send + Sync {
    /// Requests are served at `address`; `link` signs in once.
    fn serving(&self, address: &str, link: &api::LoginLink);
    /// Watchdog ping: the main loop sends it every few seconds, while the motion loop runs too.
    fn alive(&self);
    /// A config reload begins or has ended.
    fn reloading(&self, under_way: bool);
    /// The stop begins.
    fn stopping(&self);
}
