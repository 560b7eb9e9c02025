//! Examples of bodies, built from the examples of their members.

use serde_json::{Map, Value, json};

/// The maximum depth of an example. A limit is needed because schemas may contain themselves.
const DEPTH_MAX: usize = 8;

/// Returns an example of a schema, or `None` if the schema does not describe its values.
pub(super) fn example_of(document: &Value, schema: &Value) -> Option<Value> {
    example_within(document, schema, DEPTH_MAX)
}

fn example_within(document: &Value, schema: &Value, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    if let Some(given) = schema["examples"].get(0).or_else(|| schema.get("example")) {
        return Some(given.clone());
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return example_within(document, document.pointer(reference.trim_start_matches('#'))?, depth);
    }
    if let Some(first) = schema["enum"].get(0) {
        return Some(first.clone());
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            if let Some(Value::Object(part)) = example_within(document, part, depth) {
                whole.extend(part);
            }
        }
        return Some(Value::Object(whole));
    }
    for kind in ["oneOf", "anyOf"] {
        if let Some(parts) = schema[kind].as_array() {
            return parts
                .iter()
                .filter(|part| part["type"] != "null")
                .find_map(|part| example_within(document, part, depth));
        }
    }
    match first_type(schema)? {
        "object" => Some(Value::Object(
            schema["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(name, member)| Some((name.clone(), example_within(document, member, depth)?)))
                .collect(),
        )),
        "array" => Some(example_within(document, &schema["items"], depth).into_iter().collect()),
        "boolean" => Some(json!(true)),
        "integer" | "number" => Some(schema.get("minimum").cloned().unwrap_or_else(|| json!(1))),
        "string" => Some(json!("…")),
        _ => None,
    }
}

/// Returns the type of a schema. Of several types it returns the first that is not `null`.
fn first_type(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        kind => kind.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_made_of_their_parts() {
        let document = json!({ "components": { "schemas": {
            "Time": { "type": "string", "examples": ["2024-05-01T12:00:00Z"] },
            "Endless": { "type": "array", "items": { "$ref": "#/components/schemas/Endless" } },
        } } });
        let time = json!({ "$ref": "#/components/schemas/Time" });
        let nullable = json!({ "oneOf": [{ "type": "null" }, time] });
        let schema = json!({ "type": "object", "properties": { "at": nullable, "on": { "type": "boolean" } } });
        assert_eq!(example_of(&document, &schema), Some(json!({ "at": "2024-05-01T12:00:00Z", "on": true })));
        let whole =
            json!({ "allOf": [schema, { "type": "object", "properties": { "n": { "type": ["integer", "null"] } } }] });
        assert_eq!(example_of(&document, &whole), Some(json!({ "at": "2024-05-01T12:00:00Z", "on": true, "n": 1 })));
        assert!(example_of(&document, &json!({ "$ref": "#/components/schemas/Endless" })).is_some());
        assert_eq!(example_of(&document, &json!({})), None);
    }
}
