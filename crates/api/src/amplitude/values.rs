//! The values of single fields. Each comes as JSON or as the text of a form, with the same meaning.

use releasepage_domain::{
    fault::Fault,
    release::{Platforms, release_author_check, release_title_check},
    time::UtcTime,
};
use serde_json::{Map, Value};

use super::date::date_parse;

/// The longest `params`, in bytes of JSON.
const PARAMS_MAX: usize = 64 * 1024;

/// The rule of `created_by`.
pub(super) const AUTHOR_EXPECTED: &str = "must be a string of at most 200 characters on one line";

const PLATFORMS_EXPECTED: &str = "must be a list of strings, one string, or a comma-separated string";
const PARAMS_EXPECTED: &str = "must be a JSON object of at most 64 KiB without U+0000";

pub(super) fn text_read(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

pub(super) fn date_read(value: &Value) -> Option<UtcTime> {
    value.as_str().and_then(date_parse)
}

pub(super) fn title_read(value: &Value) -> Option<String> {
    text_read(value).filter(|title| !title.trim().is_empty() && release_title_check("title", title).is_ok())
}

/// Reads the author of a release. An empty name counts as absent.
pub(super) fn author_read(value: &Value) -> Option<Option<String>> {
    let author = text_read(value).filter(|author| release_author_check("created_by", author).is_ok())?;
    Some(Some(author).filter(|author| !author.is_empty()))
}

/// Reads a boolean. Some languages write it with a capital letter.
pub(super) fn flag_read(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Reads an object, which is text in a form. Returns `None` if it cannot be read as an object. An object that our
/// databases cannot store is a fault.
pub(super) fn params_read(value: &Value) -> Result<Option<Map<String, Value>>, Fault> {
    let read = match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Object(object) => Some(object.clone()),
        _ => None,
    };
    let Some(object) = read.map(Value::Object) else { return Ok(None) };
    if object.to_string().len() > PARAMS_MAX || nul_inside(&object) {
        return Err(Fault::invalid("params", PARAMS_EXPECTED));
    }
    match object {
        Value::Object(object) => Ok(Some(object)),
        _ => Ok(None),
    }
}

/// Reports whether a value contains U+0000, which our databases cannot store as text.
fn nul_inside(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(nul_inside),
        Value::Object(object) => object.iter().any(|(name, value)| name.contains('\0') || nul_inside(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Reads all values of `platforms`. A form repeats the field for each platform.
pub(super) fn platforms_read(values: &[Value]) -> Result<Platforms, Fault> {
    let wrong = || Fault::invalid("platforms", PLATFORMS_EXPECTED);
    let mut names = Vec::new();
    for value in values {
        match value {
            Value::Null => {}
            Value::String(text) => names.extend(platform_names(text)),
            Value::Array(list) => {
                for name in list {
                    names.push(text_read(name).ok_or_else(wrong)?);
                }
            }
            _ => return Err(wrong()),
        }
    }
    Platforms::parse("platforms", names)
}

/// Returns the names in a text: a JSON list, as some forms have it, or names separated by commas.
fn platform_names(text: &str) -> Vec<String> {
    if text.trim_start().starts_with('[')
        && let Ok(names) = serde_json::from_str(text)
    {
        return names;
    }
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn platforms_come_in_many_forms() {
        for (sent, names) in [
            (vec![json!(["iOS", "Android"])], vec!["iOS", "Android"]),
            (vec![json!("iOS")], vec!["iOS"]),
            (vec![json!("iOS, Android,")], vec!["iOS", "Android"]),
            (vec![json!("iOS"), json!("Android,Web")], vec!["iOS", "Android", "Web"]),
            (vec![json!(r#"["iOS, old", "Android"]"#)], vec!["iOS, old", "Android"]),
            (vec![json!(["iOS", "iOS"])], vec!["iOS"]),
            (vec![json!(null)], vec![]),
            (vec![json!([])], vec![]),
            (vec![json!("")], vec![]),
        ] {
            assert_eq!(platforms_read(&sent).expect("platforms").names(), names, "{sent:?}");
        }
        for wrong in [json!(1), json!({}), json!([1]), json!([[]]), json!([""]), json!(["a\0"]), json!("a".repeat(101))]
        {
            let fault = platforms_read(std::slice::from_ref(&wrong)).expect_err("no platforms");
            assert_eq!(fault.field, "platforms", "{wrong}");
        }
    }

    #[test]
    fn booleans_come_as_text_too() {
        for (sent, read) in [
            (json!(true), Some(true)),
            (json!("false"), Some(false)),
            (json!("True"), Some(true)),
            (json!(""), None),
            (json!("yes"), None),
            (json!(1), None),
        ] {
            assert_eq!(flag_read(&sent), read, "{sent}");
        }
    }

    #[test]
    fn parameters_are_an_object() {
        let object = json!({"build": 7, "nested": {"a": ["b"]}});
        for sent in [object.clone(), json!(object.to_string())] {
            assert_eq!(params_read(&sent).map(|read| read.map(Value::Object)), Ok(Some(object.clone())), "{sent}");
        }
        for unreadable in [json!([]), json!(1), json!(""), json!("[]"), json!("{"), json!("null"), json!("{'a': 1}")] {
            assert_eq!(params_read(&unreadable), Ok(None), "{unreadable}");
        }
        for wrong in [json!({"a": ["\0"]}), json!({"a": {"\0": 1}}), json!({"a": "b".repeat(PARAMS_MAX)})] {
            let fault = params_read(&wrong).expect_err("a fault");
            assert_eq!(fault.field, "params", "{:.80}", wrong.to_string());
        }
    }

    #[test]
    fn an_empty_author_is_none() {
        assert_eq!(author_read(&json!("")), Some(None));
        assert_eq!(author_read(&json!("A User ")), Some(Some("A User ".to_owned())));
        for wrong in [json!(1), json!("a\r\nBcc: b"), json!("a".repeat(201))] {
            assert_eq!(author_read(&wrong), None, "{wrong}");
        }
    }
}
