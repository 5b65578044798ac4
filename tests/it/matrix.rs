//! Every variant of mediamtx.yml that a config can lead to is rendered, and MediaMTX takes each pair of settings.

use std::time::Duration;

use havatar_api::ProcessState;
use havatar_tests::{Plan, figure, tools};
use serde_json::{Value, json};
use tokio::time::Instant;

/// How many values each setting has: camera, microphone, recording format, ICE servers, UDP address.
const VALUES: [usize; 5] = [2, 2, 2, 3, 2];

/// A choice of a value for each setting.
type Variant = [usize; VALUES.len()];

#[tokio::test]
async fn every_variant_renders_the_same_twice_and_without_secrets() {
    let mut plan = prepared();
    let variants = all();
    assert_eq!(variants.len(), 48);
    for variant in variants {
        let name = set(&mut plan, variant);
        let rendered = plan.end_of("render").await;
        assert_eq!(rendered.status.code(), Some(0), "{name}: {}", rendered.stderr);
        assert_eq!(rendered.stdout, plan.end_of("render").await.stdout, "{name}: the same twice");
        assert!(!rendered.stdout.contains("canary"), "{name}: a secret");
    }
}

#[tokio::test]
async fn mediamtx_runs_with_every_pair_of_settings() {
    let begun = Instant::now();
    let mut plan = prepared();
    let variants = pairwise();
    for variant in &variants {
        let name = set(&mut plan, *variant);
        plan = starts(plan, &name).await;
    }
    figure("rendered_variants_started", format!("{} in {} ms", variants.len(), begun.elapsed().as_millis()));
}

#[test]
fn the_chosen_variants_hold_every_pair_of_settings() {
    let chosen = pairwise();
    assert!(chosen.len() <= 8, "{chosen:?}");
    for variant in all() {
        for pair in pairs(variant) {
            assert!(chosen.iter().any(|one| pairs(*one).contains(&pair)), "{pair:?} is missing");
        }
    }
}

fn prepared() -> Plan {
    let plan = Plan::new();
    tools::secret(&plan.place("turn-password"), "canary-turn-password\n");
    plan
}

/// Sets a variant, and gives it a name for messages.
fn set(plan: &mut Plan, [camera, microphone, format, ice, address]: Variant) -> String {
    let (camera, microphone) = (["test", "off"][camera], ["test", "off"][microphone]);
    let format = ["fmp4", "mpegts"][format];
    let ice = ice_servers(plan.place("turn-password").to_str().expect("UTF-8"))[ice].clone();
    let address = ["127.0.0.1", "0.0.0.0"][address];
    plan.put("media.camera.source", camera);
    plan.put("media.microphone.source", microphone);
    plan.put("recording.format", format);
    plan.put("media.mediamtx.ice_servers", ice.clone());
    plan.put("media.mediamtx.webrtc_udp_address", format!("{address}:{}", plan.ports.udp));
    format!("{camera} {microphone} {format} {ice} {address}")
}

/// Launches, and waits until MediaMTX runs: that is, until it reports over its API that it runs with what was written.
async fn starts(plan: Plan, variant: &str) -> Plan {
    let daemon = plan.launch().await;
    daemon
        .eventually(Duration::from_secs(10), &format!("MediaMTX runs with {variant}"), async || {
            let running = daemon.process("mediamtx").await.state == ProcessState::Running;
            daemon.status().await.mediamtx_version.filter(|_| running)
        })
        .await;
    let process = daemon.process("mediamtx").await;
    assert_eq!(process.restarts, 0, "{variant}: {process:?}");
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

/// All variants.
fn all() -> Vec<Variant> {
    VALUES.iter().enumerate().fold(vec![Variant::default()], |variants, (setting, values)| {
        let with = |variant: Variant| {
            (0..*values).map(move |value| {
                let mut one = variant;
                one[setting] = value;
                one
            })
        };
        variants.into_iter().flat_map(with).collect()
    })
}

/// Every two settings of a variant with their values.
fn pairs(variant: Variant) -> Vec<[(usize, usize); 2]> {
    let settings: Vec<(usize, usize)> = variant.into_iter().enumerate().collect();
    settings
        .iter()
        .flat_map(|one| settings.iter().filter(|other| one.0 < other.0).map(|other| [*one, *other]))
        .collect()
}

/// Few variants that hold all pairs: each time the one with the most pairs that are still missing.
fn pairwise() -> Vec<Variant> {
    let all = all();
    let mut missing: Vec<_> = all.iter().flat_map(|variant| pairs(*variant)).collect();
    let mut chosen = Vec::new();
    while !missing.is_empty() {
        let gain = |variant: &&Variant| pairs(**variant).iter().filter(|pair| missing.contains(pair)).count();
        let best = *all.iter().max_by_key(gain).expect("a variant");
        missing.retain(|pair| !pairs(best).contains(pair));
        chosen.push(best);
    }
    chosen
}
