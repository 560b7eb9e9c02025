//! Descriptions of schemas in words.

use releasepage_web::docs_api::TypeDoc;
use serde_json::Value;

/// Describes in words the values that a schema accepts.
pub(super) fn shape_of(schema: &Value) -> TypeDoc {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().map(ToOwned::to_owned);
        return TypeDoc { schema: name, ..TypeDoc::default() };
    }
    let parts: Vec<&Value> = ["oneOf", "anyOf"].iter().filter_map(|kind| schema[kind].as_array()).flatten().collect();
    if !parts.is_empty() {
        return alternatives(&parts);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec!["anything"],
    };
    let mut shape = TypeDoc { limits: limits_of(schema), ..TypeDoc::default() };
    for (index, kind) in types.iter().filter(|kind| **kind != "null").enumerate() {
        let separator = if index > 0 { " or " } else { "" };
        if *kind == "array" {
            let items = shape_of(&schema["items"]);
            shape.text = format!("{}{separator}list of {}", shape.text, items.text);
            shape.schema = items.schema;
        } else {
            shape.text = format!("{}{separator}{}", shape.text, kind_name(kind, schema["format"].as_str()));
        }
    }
    if types.contains(&"null") {
        shape.text = format!("null or {}", shape.text);
    }
    shape
}

/// Describes a choice between schemas. Of schemas with names, only the last one is linked.
fn alternatives(parts: &[&Value]) -> TypeDoc {
    let mut shape = TypeDoc::default();
    let (nulls, others): (Vec<&Value>, Vec<&Value>) = parts.iter().partition(|part| part["type"] == "null");
    let mut before: Vec<String> = nulls.iter().map(|_| "null".to_owned()).collect();
    for part in others {
        let one = shape_of(part);
        if let Some(schema) = shape.schema.replace(one.schema.unwrap_or_default()).filter(|schema| !schema.is_empty()) {
            before.push(schema);
        }
        if !one.text.is_empty() {
            before.push(one.text);
        }
        shape.limits.extend(one.limits);
    }
    shape.schema = shape.schema.filter(|schema| !schema.is_empty());
    shape.text = before.join(" or ");
    if shape.schema.is_some() && !shape.text.is_empty() {
        shape.text.push_str(" or ");
    }
    shape
}

fn kind_name(kind: &str, format: Option<&str>) -> String {
    let name = match kind {
        "string" => "text",
        "integer" => "whole number",
        "boolean" => "true or false",
        other => other,
    };
    match format {
        Some("int64" | "int32" | "double") | None => name.to_owned(),
        Some(format) => format!("{name} ({format})"),
    }
}

/// Returns the limits of a schema beyond its type.
fn limits_of(schema: &Value) -> Vec<String> {
    let mut limits = Vec::new();
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<String> = names.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
        limits.push(format!("one of {}", names.join(", ")));
    }
    for (name, words) in [
        ("minLength", "characters at least"),
        ("maxLength", "characters at most"),
        ("minItems", "entries at least"),
        ("maxItems", "entries at most"),
    ] {
        if let Some(number) = schema[name].as_u64() {
            limits.push(format!("{number} {words}"));
        }
    }
    for (name, words) in [("minimum", "at least"), ("maximum", "at most")] {
        if schema[name].is_number() {
            limits.push(format!("{words} {}", schema[name]));
        }
    }
    if schema["uniqueItems"] == true {
        limits.push("none twice".to_owned());
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        limits.push(format!("as {pattern}"));
    }
    limits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_are_put_into_words() {
        for (schema, words, linked) in [
            (json!({ "type": "string", "format": "date-time" }), "text (date-time)", None),
            (json!({ "type": ["string", "null"] }), "null or text", None),
            (json!({ "type": "integer", "format": "int64" }), "whole number", None),
            (json!({ "$ref": "#/components/schemas/Page" }), "", Some("Page")),
            (
                json!({ "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Time" }] }),
                "null or ",
                Some("Time"),
            ),
            (json!({ "type": "array", "items": { "$ref": "#/components/schemas/Page" } }), "list of ", Some("Page")),
            (json!({}), "anything", None),
        ] {
            let shape = shape_of(&schema);
            assert_eq!((shape.text.as_str(), shape.schema.as_deref()), (words, linked), "{schema}");
        }
    }

    #[test]
    fn limits_are_told() {
        let shape = shape_of(&json!({ "type": "string", "enum": ["a", "b"], "maxLength": 3 }));
        assert_eq!(shape.limits, ["one of a, b", "3 characters at most"]);
    }
}
