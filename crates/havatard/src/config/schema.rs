//! The JSON schema, for editors and for other programs that write the file.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

use super::Config;

/// The JSON schema (draft 7, which editors know best) of `havatar.yaml`. It is derived from the types that
/// read the file; what only they can say (ranges of durations and bit rates, clashing ports) it leaves to
/// `havatard check`.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().for_deserialize();
    let mut schema =
        settings.with_transform(RecursiveTransform(tidy)).into_generator().into_root_schema_for::<Config>();
    schema.insert("title".to_owned(), "Havatar's config file, havatar.yaml".into());
    schema.to_value()
}

/// One schema object, put into words for editors.
fn tidy(schema: &mut Schema) {
    // Doc comments are wrapped where the code is; an editor wraps by itself.
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    // Of use to code generators alone, and unknown to validators.
    schema.remove("format");
    let required: Vec<Value> = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (key, property) in properties {
            if !required.contains(&json!(key))
                && let Some(property) = property.as_object_mut()
            {
                optional(property);
            }
        }
    }
}

/// A key without a value means its default, so it may be null. A group's default is that of its keys.
fn optional(property: &mut serde_json::Map<String, Value>) {
    if property.get("default").is_some_and(|default| default.is_object() || default.is_null()) {
        property.remove("default");
    }
    if let Some(Value::Array(mut all)) = property.remove("allOf") {
        all.push(json!({ "type": "null" }));
        property.insert("anyOf".to_owned(), all.into());
    }
    if let Some(kind @ Value::String(_)) = property.get_mut("type") {
        *kind = json!([kind, "null"]);
    }
}
