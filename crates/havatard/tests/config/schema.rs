//! `deploy/havatar.schema.json`, and that it agrees with what the file's reader takes.

use std::fs;
use std::path::Path;

use havatard::config::{Config, schema};
use serde_json::Value;

use crate::example::example;
use crate::{error, loads, setting};

fn valid(text: &str) -> bool {
    let instance: Value = serde_yaml::from_str(text).expect("YAML");
    let root = schema();
    takes(&root, &root, &instance)
}

/// Evaluates the keywords that our schema uses, and panics at any other: those that exist would drag in a
/// tree of crates, under licences that we do not take.
fn takes(root: &Value, schema: &Value, value: &Value) -> bool {
    let all = |list: &Value| list.as_array().expect("a list of schemas").clone();
    let is = |kind: &Value| match kind.as_str().expect("a type") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no rule for the type {other}"),
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    schema.as_object().expect("a schema").iter().all(|(keyword, rule)| match (keyword.as_str(), value) {
        ("$ref", _) => {
            let name =
                rule.as_str().and_then(|name| name.strip_prefix("#/definitions/")).expect("a reference");
            takes(root, &root["definitions"][name], value)
        }
        ("allOf", _) => all(rule).iter().all(|schema| takes(root, schema, value)),
        ("anyOf", _) => all(rule).iter().any(|schema| takes(root, schema, value)),
        ("oneOf", _) => all(rule).iter().filter(|schema| takes(root, schema, value)).count() == 1,
        ("type", _) => rule.as_array().map_or_else(|| is(rule), |kinds| kinds.iter().any(is)),
        ("const", _) => rule == value,
        ("pattern", Value::String(text)) => {
            let pattern = rule.as_str().expect("a pattern").replace("\\u00", "\\x");
            regex::Regex::new(&pattern).expect("a pattern").is_match(text)
        }
        ("maxLength", Value::String(text)) => text.chars().count() as u64 <= rule.as_u64().expect("a number"),
        ("minimum", Value::Number(number)) => number.as_f64() >= rule.as_f64(),
        ("maximum", Value::Number(number)) => number.as_f64() <= rule.as_f64(),
        ("items", Value::Array(list)) => list.iter().all(|item| takes(root, rule, item)),
        ("properties", Value::Object(object)) => object.iter().all(|(key, value)| {
            properties.and_then(|known| known.get(key)).is_none_or(|schema| takes(root, schema, value))
        }),
        ("additionalProperties", Value::Object(object)) => {
            object.iter().filter(|(key, _)| properties.is_none_or(|known| !known.contains_key(*key))).all(
                |(_, value)| {
                    if rule.is_object() { takes(root, rule, value) } else { *rule != Value::Bool(false) }
                },
            )
        }
        ("required", Value::Object(object)) => {
            all(rule).iter().all(|key| object.contains_key(key.as_str().expect("a key")))
        }
        // Notes, and rules about another type than the value's.
        (
            "$schema"
            | "title"
            | "description"
            | "default"
            | "definitions"
            | "pattern"
            | "maxLength"
            | "minimum"
            | "maximum"
            | "items"
            | "properties"
            | "additionalProperties"
            | "required",
            _,
        ) => true,
        (keyword, _) => panic!("no rule for {keyword}"),
    })
}

/// Run with `UPDATE_SCHEMA=1` to write the file anew.
#[test]
fn the_committed_schema_is_the_types_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/havatar.schema.json");
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(committed == text, "deploy/havatar.schema.json is stale: run this test with UPDATE_SCHEMA=1");
}

#[test]
fn example_and_defaults_follow_the_schema() {
    assert!(valid(&example()));
    assert!(valid(&serde_json::to_string(&Config::default()).unwrap()));
}

#[test]
fn every_key_is_described() {
    fn walk(value: &Value, path: &str, described: &mut usize) {
        if let Some(Value::Object(properties)) = value.get("properties") {
            for (key, property) in properties {
                let text = property["description"].as_str().unwrap_or_default();
                assert!(text.ends_with('.'), "{path}.{key} is described as {text:?}");
                *described += 1;
            }
        }
        for (key, value) in value.as_object().into_iter().flatten() {
            walk(value, &format!("{path}.{key}"), described);
        }
    }
    let mut described = 0;
    walk(&schema(), "", &mut described);
    assert!(described > 40);
}

/// Both take these.
const TAKEN: &[(&str, &str)] = &[
    ("server.listen", "'[::1]:8080'"),
    ("server.listen", "~"),
    ("server", ""),
    ("server.hosts", "[robot.local, '::1']"),
    ("auth.session_idle", "500m"),
    ("media.ffmpeg", "ffmpeg-7"),
    ("media.camera", ""),
    ("media.camera.fps", "60"),
    ("media.camera.fps", ""),
    ("media.camera.device", "/dev/v4l/by-id/x"),
    ("media.camera.device", "'auto'"),
    ("media.camera.size", "160x120"),
    ("media.camera.size", "3840x2160"),
    (
        "media.camera.controls",
        "{brightness: -3, white_balance_automatic: false, power_line_frequency: 50 Hz}",
    ),
    ("media.camera.controls", "{brightness: }"),
    ("media.camera.controls", ""),
    ("media.camera.rotate", "270"),
    ("media.camera.rotate", ""),
    ("media.camera.flip", "vertical"),
    ("media.camera.bitrate", "1.25M"),
    ("media.camera.url", "udp://@239.0.0.1:1"),
    ("media.microphone.device", "hw:1,0"),
    ("media.microphone.source", "test"),
    ("media.microphone.source", "pulse"),
    ("media.speaker.output", "alsa"),
    ("media.speaker.device", "bluez_output.00_11"),
    ("media.speaker.duck", "false"),
    ("media.speaker.guard", "150ms"),
    ("media.mediamtx.ice_servers", "[{url: 'stun:a:1'}]"),
    ("media.mediamtx.ice_servers", ""),
    ("media.mediamtx.log_level", "error"),
    ("recording.segment", "60000ms"),
    ("robot.port", "/dev/serial/by-id/usb-x"),
    ("robot.port", "simulated"),
    ("robot.max_speed", "0.5"),
    ("robot.text", "{drive: 'V {linear} {angular}'}"),
];

/// Both refuse these.
const REFUSED: &[(&str, &str)] = &[
    ("sever", "{}"),
    ("media.camera.frames", "5"),
    ("server.listen", "8080"),
    ("server.listen", "localhost:80"),
    ("server.hosts", "robot"),
    ("server.hosts", "['a b']"),
    ("server.tls", "{key: /a}"),
    ("robot.port", "ttyUSB0"),
    ("robot.protocol", "modbus"),
    ("robot.max_speed", "fast"),
    ("robot.max_turn", "90"),
    ("robot.baud", "300"),
    ("robot.text", "{stop: S}"),
    ("auth.session_idle", "12"),
    ("auth.session_idle", "1.5h"),
    ("media.ffmpeg", "-x"),
    ("media.ffmpeg", "bin/x"),
    ("media.camera", "5"),
    ("media.camera.fps", "0"),
    ("media.camera.fps", "61"),
    ("media.camera.fps", "'30'"),
    ("media.camera.fps", "29.97"),
    ("media.camera.gop", "301"),
    ("media.camera.device", "video0"),
    ("media.camera.device", "10"),
    ("media.camera.size", "641x480"),
    ("media.camera.size", "720p"),
    ("media.camera.controls", "[brightness]"),
    ("media.camera.controls", "{brightness: 0.5}"),
    ("media.camera.controls", "{brightness: [1]}"),
    ("media.camera.rotate", "45"),
    ("media.camera.rotate", "'90'"),
    ("media.camera.flip", "both"),
    ("media.camera.bitrate", "1000"),
    ("media.camera.bitrate", "1 M"),
    ("media.camera.source", "v4l"),
    ("media.camera.url", "file:///x"),
    ("media.microphone.device", "-f"),
    ("media.speaker.device", "-d"),
    ("media.speaker.output", "jack"),
    ("media.speaker.max_volume", "101"),
    ("media.speaker.duck", "5"),
    ("media.mediamtx.binary", "mediamtx"),
    ("media.mediamtx.ice_servers", "[{}]"),
    ("media.mediamtx.ice_servers", "[{url: 'http://x'}]"),
    ("recording.directory", "x/y"),
    ("recording.segment", "true"),
];

#[test]
fn the_schema_agrees_with_the_reader() {
    for (key, value) in TAKEN {
        let text = setting(key, value);
        loads(&text);
        assert!(valid(&text), "the schema refuses\n{text}");
    }
    for (key, value) in REFUSED {
        let text = setting(key, value);
        error(&text);
        assert!(!valid(&text), "the schema takes\n{text}");
    }
}
