//! Every variant of mediamtx.yml that a config can lead to is one that MediaMTX takes.

use std::time::Duration;

use havatar_api::ProcessState;
use havatar_tests::{Plan, figure};
use serde_json::{Value, json};
use tokio::time::Instant;

#[tokio::test]
async fn every_variant_with_a_camera_runs() {
    every_variant_runs("test").await;
}

#[tokio::test]
async fn every_variant_without_a_camera_runs() {
    every_variant_runs("off").await;
}

async fn every_variant_runs(camera: &str) {
    let begun = Instant::now();
    let mut plan = Plan::new().set("media.camera.source", camera);
    let password = plan.place("turn-password");
    std::fs::write(&password, "canary-turn-password\n").expect("a password");
    let mut count = 0;
    for microphone in ["test", "off"] {
        for format in ["fmp4", "mpegts"] {
            for ice in ice_servers(password.to_str().expect("UTF-8")) {
                for address in ["127.0.0.1", "0.0.0.0"] {
                    plan.put("media.microphone.source", microphone);
                    plan.put("recording.format", format);
                    plan.put("media.mediamtx.ice_servers", ice.clone());
                    plan.put("media.mediamtx.webrtc_udp_address", format!("{address}:{}", plan.ports.udp));
                    let variant = format!("{camera} {microphone} {format} {ice} {address}");
                    plan = starts(plan, &variant).await;
                    count += 1;
                }
            }
        }
    }
    figure(
        &format!("rendered_variants_started_camera_{camera}"),
        format!("{count} in {} ms", begun.elapsed().as_millis()),
    );
}

/// Launches, and waits until MediaMTX runs: that is, until it says over its API that it runs with what was written.
async fn starts(plan: Plan, variant: &str) -> Plan {
    let rendered = plan.end_of("render").await;
    assert_eq!(rendered.status.code(), Some(0), "{variant}: {}", rendered.stderr);
    assert_eq!(rendered.stdout, plan.end_of("render").await.stdout, "{variant}: the same twice");
    assert!(!rendered.stdout.contains("canary"), "{variant}: a secret");
    let daemon = plan.launch().await;
    daemon
        .eventually(Duration::from_secs(10), &format!("MediaMTX runs with {variant}"), async || {
            daemon.status().await.mediamtx_version
        })
        .await;
    let process = daemon.process("mediamtx").await;
    assert_eq!((process.state, process.restarts), (ProcessState::Running, 0), "{variant}: {process:?}");
    daemon.kill().1
}

fn ice_servers(password: &str) -> [Value; 3] {
    [
        json!([]),
        json!([{ "url": "stun:127.0.0.1:3478" }]),
        json!([
            { "url": "stun:127.0.0.1:3478" },
            { "url": "turn:127.0.0.1:3478?transport=udp", "username": "robot", "password_file": password },
        ]),
    ]
}
