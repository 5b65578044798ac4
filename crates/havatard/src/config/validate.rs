//! What no single value shows: keys that contradict each other, and files that do not exist.
//!
//! Each section checks itself; the checks here cross sections.

use super::checks::Checks;
use super::tree::Node;
use super::{Config, ListenAddr};

/// Checks a config that was read from `tree`. `removed` are the keys whose value was invalid.
pub(super) fn validate<'a>(config: &Config, tree: Option<&'a Node>, removed: &'a [String]) -> Checks<'a> {
    let mut checks = Checks::new(tree, removed);
    config.server.check(&mut checks);
    config.auth.check(&mut checks);
    config.media.check(&mut checks);
    config.recording.check(&mut checks);
    config.speech.check(&mut checks);
    config.robot.check(&mut checks);
    ports(config, &mut checks);
    checks
}

/// No two listeners use the same port. TCP alone: WebRTC's media port is UDP and clashes with none.
fn ports(config: &Config, checks: &mut Checks<'_>) {
    let media = &config.media.mediamtx;
    let listeners: [(&str, ListenAddr); 6] = [
        ("server.listen", config.server.listen),
        ("media.mediamtx.api_address", media.api_address),
        ("media.mediamtx.metrics_address", media.metrics_address),
        ("media.mediamtx.rtsp_address", media.rtsp_address),
        ("media.mediamtx.webrtc_address", media.webrtc_address),
        ("media.mediamtx.hls_address", media.hls_address),
    ];
    for (at, (second, address)) in listeners.iter().enumerate() {
        for (first, other) in &listeners[..at] {
            if !address.overlaps(*other) {
                continue;
            }
            // Reported at the key that the file sets: the other may be a default.
            let (key, named, named_address) =
                if checks.set(second) { (second, first, other) } else { (first, second, address) };
            let default = if checks.set(named) { "" } else { ", its default" };
            let message =
                format!("port {} is taken by {named} as well ({named_address}{default})", address.0.port());
            checks.error(key, &[named], message, "give each listener a port of its own");
        }
    }
}
