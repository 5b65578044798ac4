//! `docs/configuration.md` is what the config's schema says.

use std::fmt::Write as _;

use havatar_tests::tools::root;
use serde_json::Value;

/// A key that stands in the reference.
struct Key<'a> {
    path: String,
    schema: &'a Value,
}

/// The definition behind a `$ref`, also behind "or null" and "all of one".
fn resolved<'a>(schema: &'a Value, whole: &'a Value) -> &'a Value {
    let choice = schema["anyOf"].as_array().or_else(|| schema["allOf"].as_array());
    let inner = choice.and_then(|all| all.iter().find(|one| one["type"] != "null")).unwrap_or(schema);
    let Some(name) = inner["$ref"].as_str().and_then(|name| name.strip_prefix("#/definitions/")) else {
        return inner;
    };
    resolved(&whole["definitions"][name], whole)
}

fn collect<'a>(
    path: &str,
    schema: &'a Value,
    whole: &'a Value,
    sections: &mut Vec<(String, &'a Value, Vec<Key<'a>>)>,
) {
    let Some(properties) = schema["properties"].as_object() else { return };
    let mut keys = Vec::new();
    let mut below = Vec::new();
    for (name, schema) in properties {
        let full = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let target = resolved(schema, whole);
        if target["properties"].is_object() {
            below.push((full, target));
        } else {
            keys.push(Key { path: full, schema });
        }
    }
    if !path.is_empty() || !keys.is_empty() {
        sections.push((path.to_owned(), schema, keys));
    }
    for (path, schema) in below {
        collect(&path, schema, whole, sections);
    }
}

/// What a value looks like: its words, or its type and the type's own sentence.
fn kind(schema: &Value, whole: &Value) -> String {
    let target = resolved(schema, whole);
    if let Some(words) = words_of(target) {
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    let mut text = match &target["type"] {
        Value::String(name) if name == "array" => {
            let item = &target["items"];
            let inner = if item.is_object() { kind(item, whole) } else { "any".to_owned() };
            format!("list of: {inner}")
        }
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            let names: Vec<&str> =
                names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect();
            names.join(" or ")
        }
        _ => "value".to_owned(),
    };
    if let (Some(least), Some(most)) = (target["minimum"].as_f64(), target["maximum"].as_f64()) {
        write!(text, ", {least} to {most}").expect("a string takes text");
    }
    if let Some(meaning) =
        target["description"].as_str().filter(|_| target["properties"].is_null() && schema != target)
    {
        write!(text, ": {}", meaning.trim_end_matches('.')).expect("a string takes text");
    }
    text
}

/// The words of a choice, whichever way the schema lists them.
fn words_of(target: &Value) -> Option<Vec<&str>> {
    if let Some(words) = target["enum"].as_array() {
        return words.iter().map(Value::as_str).collect();
    }
    target["oneOf"]
        .as_array()?
        .iter()
        .map(|one| one["const"].as_str().or_else(|| one["enum"][0].as_str()))
        .collect()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn default_of(schema: &Value) -> String {
    match &schema["default"] {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

#[test]
fn the_reference_of_the_config_is_current() {
    let file = root().join("deploy/havatar.schema.json");
    let whole: Value =
        serde_json::from_str(&std::fs::read_to_string(file).expect("the schema")).expect("JSON");
    let mut sections = Vec::new();
    collect("", &whole, &whole, &mut sections);
    let mut text = "# Configuration\n\n\
        Every key of `havatar.yaml` (`/etc/havatar/havatar.yaml` on a robot), all optional. [deploy/havatar.yaml](../deploy/havatar.yaml) is the same as an\n\
        example, [deploy/havatar.schema.json](../deploy/havatar.schema.json) makes an editor complete keys. `havatard check --config FILE` names every fault with file,\n\
        line, key and fix; SIGHUP (`systemctl reload havatard`) reads the file again, and a bad one changes nothing. This page is generated from the schema.\n"
        .to_owned();
    let mut count = 0;
    for (path, schema, keys) in &sections {
        let title = if path.is_empty() { "Top level" } else { path };
        write!(text, "\n## {title}\n\n").expect("a string takes text");
        if let Some(meaning) = schema["description"].as_str() {
            write!(text, "{meaning}\n\n").expect("a string takes text");
        }
        if keys.is_empty() {
            continue;
        }
        text.push_str("| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
        for key in keys {
            count += 1;
            let meaning = key.schema["description"].as_str().unwrap_or_default();
            assert!(!meaning.is_empty(), "{} has no description", key.path);
            let name = key.path.rsplit('.').next().expect("a name");
            writeln!(
                text,
                "| `{name}` | {} | {} | {} |",
                cell(&kind(key.schema, &whole)),
                cell(&default_of(key.schema)),
                cell(meaning)
            )
            .expect("a string takes text");
        }
    }
    assert!(count > 60, "only {count} keys were found");
    crate::current("configuration.md", &text);
}
