//! Deserializes the tree into the types, past every error.

use serde_path_to_error::{Path, Segment};

use super::diagnostic::Diagnostic;
use super::scalar::{Scalar, nearest, split};
use super::tree::{Data, Node, Step, join};
use super::yaml::parse;
use super::{Camera, CameraSource, Config, MicrophoneSource, RobotPort};

/// What could be read of a text.
pub(super) struct Read {
    /// With defaults in place of what is invalid.
    pub(super) config: Config,
    /// What is left of the file: the lines of the values in use.
    pub(super) tree: Option<Node>,
    /// The errors so far.
    pub(super) errors: Vec<Diagnostic>,
    /// Keys whose value was removed, so that nothing is concluded from the default in its place.
    pub(super) removed: Vec<String>,
}

impl Read {
    /// Derives the defaults that follow from other keys, where the file does not set them.
    pub(super) fn fill(&mut self, demo: bool) {
        let set = |key: &str| {
            self.tree.as_ref().and_then(|tree| tree.find(key)).is_some_and(|node| !node.is_null())
        };
        let camera = &mut self.config.media.camera;
        if !set("media.camera.max_bitrate") {
            camera.max_bitrate = camera.bitrate.tenths(Camera::MAX_BITRATE_TENTHS).min(Camera::MOST);
        }
        if !set("media.camera.buffer") {
            camera.buffer = camera.bitrate.tenths(Camera::BUFFER_TENTHS);
        }
        if demo && !set("media.camera.source") {
            camera.source = CameraSource::Test;
        }
        if demo && !set("media.microphone.source") {
            self.config.media.microphone.source = MicrophoneSource::Test;
        }
        if demo && !set("robot.port") {
            self.config.robot.port = RobotPort::Simulated;
        }
    }
}

/// The number of diagnostics after which reading ends.
pub(super) const MAX_DIAGNOSTICS: usize = 100;

pub(super) fn read(text: &str) -> Read {
    let (mut tree, mut errors) = parse(text);
    if tree.as_ref().is_some_and(Node::is_null) {
        tree = None;
    }
    let mut read = Read { config: Config::default(), tree: None, errors: Vec::new(), removed: Vec::new() };
    while let Some(node) = &mut tree {
        let error = match serde_path_to_error::deserialize::<_, Config>(&*node) {
            Ok(config) => {
                read.config = config;
                break;
            }
            Err(error) => error,
        };
        let (path, key, at) = trace(node, error.path());
        let text = error.into_inner().to_string();
        let null = at.is_null() && matches!(path.last(), Some(Step::Key(_)));
        // A key without a value means its default, as if it were not there. A key that is missing
        // because its value was removed has been reported already.
        let reported = (null && !text.starts_with("unknown field"))
            || missing(&text).is_some_and(|name| read.removed.contains(&join(&key, name)));
        if !reported {
            let (error, meant) = describe(&text, &key, at);
            errors.push(error);
            // The key that was meant counts as invalid too, unless the file sets it as well.
            read.removed.extend(meant.filter(|meant| node.find(meant).is_none()));
        }
        if !null || !reported {
            read.removed.push(key);
        }
        if path.is_empty() || errors.len() > MAX_DIAGNOSTICS {
            break;
        }
        node.remove(&path);
    }
    read.tree = tree;
    read.errors = errors;
    read
}

/// Where serde stopped: the steps to the node, its dotted key, and the node.
fn trace<'a>(root: &'a Node, path: &Path) -> (Vec<Step>, String, &'a Node) {
    let (mut steps, mut key, mut node) = (Vec::new(), String::new(), root);
    for segment in path {
        let step = match segment {
            Segment::Map { key } => Step::Key(key.clone()),
            Segment::Seq { index } => Step::Position(*index),
            Segment::Enum { .. } | Segment::Unknown => break,
        };
        let Some(next) = node.step(&step) else { break };
        node = next;
        match &step {
            Step::Key(name) => key = join(&key, name),
            Step::Position(_) => key = format!("{key}[{}]", node.index),
        }
        steps.push(step);
    }
    (steps, key, node)
}

/// serde's error as a diagnostic: messages of our types as they are, serde's own reworded. With the key that was meant, if
/// another was written.
fn describe(text: &str, key: &str, node: &Node) -> (Diagnostic, Option<String>) {
    let error = |key: &str, message: &str, fix: Option<&str>| Diagnostic {
        file: String::new(),
        line: Some(node.line),
        key: key.to_owned(),
        message: message.to_owned(),
        fix: fix.map(str::to_owned),
    };
    let (what, expected) = text.rsplit_once(", expected ").unwrap_or((text, ""));
    if let Some((message, fix)) = split(text) {
        (error(key, message, Some(fix)), None)
    } else if text.starts_with("unknown field") {
        let (fix, meant) = unknown(key, expected);
        (error(key, "there is no such key", Some(&fix)), meant)
    } else if let Some(name) = missing(text) {
        let fix = format!("write {name}: below {key}, or take {key} out");
        (error(&join(key, name), "this key is missing", Some(&fix)), None)
    } else if what.starts_with("invalid type") {
        let expected = match expected {
            "a sequence" => "a list",
            "a map" => "a group of keys",
            "a boolean" => "true or false",
            "a string" => "a text",
            other => other,
        };
        let message = format!("{} is not {expected}", node.described());
        (error(key, &message, Some(reshape(key, expected, node))), None)
    } else {
        (error(key, text, None), None)
    }
}

/// How to write a list or a group that is written as something else.
fn reshape(key: &str, expected: &str, node: &Node) -> &'static str {
    match &node.data {
        Data::Scalar(scalar) if expected == "true or false" => switch(scalar),
        _ if expected == "true or false" => "write true or false",
        Data::Scalar(_) if expected == "a text" => "put it in quotes",
        _ if expected == "a text" => "write one text, in quotes",
        _ if expected == "a list" => "write it as a list: [one, two], or one to a line, each after a dash",
        Data::Scalar(Scalar::Text(text)) if text.contains(':') && !key.ends_with(']') => {
            "put a space behind the colon, as in key: value"
        }
        Data::List(_) => "write its keys below it, without dashes, each indented by two spaces",
        _ if key.is_empty() => "write keys with a colon behind them, as in server:",
        _ => "write its keys below it, each indented by two spaces",
    }
}

/// What to write for a switch that is written as in older YAML, in quotes or in another language.
fn switch(scalar: &Scalar) -> &'static str {
    let word = match scalar {
        Scalar::Text(text) => text.trim().to_lowercase(),
        other => other.to_string(),
    };
    match word.as_str() {
        "yes" | "y" | "on" | "true" | "1" | "da" | "enabled" => "write true, without quotes",
        "no" | "n" | "off" | "false" | "0" | "nu" | "disabled" => "write false, without quotes",
        _ => "write true or false",
    }
}

/// The key in serde's error about a missing key.
fn missing(text: &str) -> Option<&str> {
    text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'))
}

/// What to do about a key that does not exist, and the key that was meant if that is clear.
fn unknown(key: &str, expected: &str) -> (String, Option<String>) {
    let (parent, name) = key.rsplit_once('.').unwrap_or(("", key));
    let beside: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let elsewhere = groups_with(name);
    if !elsewhere.is_empty() {
        return (
            format!("{name} belongs to {}; known here: {}", elsewhere.join(" or "), beside.join(", ")),
            None,
        );
    }
    match nearest(name, &beside) {
        Some(near) => (format!("did you mean {near}?"), Some(join(parent, near))),
        None => (format!("take it out; known here: {}", beside.join(", ")), None),
    }
}

/// The groups that have a key of this name.
fn groups_with(name: &str) -> Vec<String> {
    fn walk(value: &serde_json::Value, path: &str, name: &str, found: &mut Vec<String>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            if key == name {
                found.push(if path.is_empty() { "the top level".to_owned() } else { path.to_owned() });
            }
            walk(value, &join(path, key), name, found);
        }
    }
    let mut found = Vec::new();
    // A config always serializes; if it did not, a hint would be missing and nothing else.
    let known = serde_json::to_value(Config::default()).unwrap_or_default();
    walk(&known, "", name, &mut found);
    found
}
