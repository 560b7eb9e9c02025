//! The JSON body of a request, and the changes that a `PATCH` makes to fields.

use std::str::FromStr;

use actix_web::{HttpRequest, dev::Payload};
use releasepage_domain::{
    fault::{Fault, Faults},
    fields::{BOOLEAN_EXPECTED, Fields, TIME_EXPECTED, named_take, number_take, text_take, time_take},
    time::UtcTime,
};
use releasepage_storage::database::change::Change;
use serde_json::{Map, Value};

use crate::{
    body::body_read,
    content_type::content_type_readable,
    error::{ErrorCode, V1Error},
};

/// Reads the JSON object in a request's body of at most `limit` bytes.
///
/// The last of several fields with the same name counts. Unknown fields are ignored.
pub async fn json_read(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<Map<String, Value>, V1Error> {
    // The body is read before its type is checked, so that the connection can be used again.
    let body = body_read(payload, limit).await?;
    if !content_is_json(request) {
        let expected = ErrorCode::CONTENT_TYPE_UNSUPPORTED.description;
        return Err(V1Error::content_type_unsupported(request.headers(), expected));
    }
    match serde_json::from_slice(&body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Fault::invalid("body", "must be a JSON object").into()),
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            let description = format!("{}: {place}", ErrorCode::JSON_INVALID.description);
            Err(V1Error::new(ErrorCode::JSON_INVALID).with_description(description))
        }
    }
}

/// Returns true if the body declares uncompressed JSON in UTF-8.
fn content_is_json(request: &HttpRequest) -> bool {
    content_type_readable(request.headers()).is_some_and(|media_type| {
        let kind = media_type.strip_prefix("application/");
        kind.is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
    })
}

/// The changes that a `PATCH` makes to single fields. A missing field stays as it is, and `null` clears a field that
/// may be empty.
///
/// A wrong value adds a fault and returns `None`.
pub trait FieldChanges<'a> {
    /// Returns the fields that were sent.
    fn sent(&self) -> &Fields<'a>;

    /// Reads a change of a field that cannot be cleared: `null` is a fault.
    fn change<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<Change<T>> {
        match self.sent().named_value(field) {
            None => Some(Change::Keep),
            Some(value) => faults
                .take(take(value).map(Change::Set).ok_or_else(|| Fault::invalid(self.sent().name(field), expected))),
        }
    }

    /// Reads a change of a field that can be cleared with `null`.
    fn change_or_clear<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<Change<Option<T>>> {
        match self.sent().named_value(field) {
            Some(Value::Null) => Some(Change::Set(None)),
            _ => Some(self.change(faults, field, expected, take)?.map(Some)),
        }
    }

    /// Reads a change of a text that cannot be cleared. `check` validates and normalizes it.
    fn text_change<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        check: impl FnOnce(&str, &str) -> Result<T, Fault>,
    ) -> Option<Change<T>> {
        let change = self.change(faults, field, expected, text_take)?;
        faults.take(change.try_map(|text| check(&self.sent().name(field), text)))
    }

    /// Reads a change of a text that can be cleared with `null`. `check` validates and normalizes it.
    fn text_change_or_clear<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        check: impl FnOnce(&str, &str) -> Result<T, Fault>,
    ) -> Option<Change<Option<T>>> {
        let change = self.change_or_clear(faults, field, "must be a text without U+0000, or null", text_take)?;
        faults.take(change.try_map(|text| text.map(|text| check(&self.sent().name(field), text)).transpose()))
    }

    /// Reads a change of a whole number that cannot be cleared. `check` validates it.
    fn number_change<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        check: impl FnOnce(&str, i64) -> Result<T, Fault>,
    ) -> Option<Change<T>> {
        let change = self.change(faults, field, expected, number_take)?;
        faults.take(change.try_map(|number| check(&self.sent().name(field), number)))
    }

    /// Reads a change of `true` or `false`.
    fn boolean_change(&self, faults: &mut Faults, field: &str) -> Option<Change<bool>> {
        self.change(faults, field, BOOLEAN_EXPECTED, Value::as_bool)
    }

    /// Reads a change of `true` or `false` that can be cleared with `null`.
    fn boolean_change_or_clear(&self, faults: &mut Faults, field: &str) -> Option<Change<Option<bool>>> {
        self.change_or_clear(faults, field, "must be true, false or null", Value::as_bool)
    }

    /// Reads a change of a value of an enumeration.
    fn named_change<T: FromStr>(&self, faults: &mut Faults, field: &str, expected: &str) -> Option<Change<T>> {
        self.change(faults, field, expected, named_take)
    }

    /// Reads a change of a time in ISO 8601 with an offset.
    fn time_change(&self, faults: &mut Faults, field: &str) -> Option<Change<UtcTime>> {
        self.change(faults, field, TIME_EXPECTED, time_take)
    }
}

impl<'a> FieldChanges<'a> for Fields<'a> {
    fn sent(&self) -> &Fields<'a> {
        self
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header, test::TestRequest};
    use serde_json::json;

    use super::*;

    #[test]
    fn absent_null_and_set_are_told_apart() {
        let body = json!({ "null": null, "set": "x" });
        let fields = Fields::new(body.as_object().unwrap());
        let mut faults = Faults::new();
        let change = |faults: &mut Faults, field| fields.change_or_clear(faults, field, "must be a text", text_take);
        assert_eq!(change(&mut faults, "absent"), Some(Change::Keep));
        assert_eq!(change(&mut faults, "null"), Some(Change::Set(None)));
        assert_eq!(change(&mut faults, "set"), Some(Change::Set(Some("x"))));
        assert!(faults.is_empty());
        assert_eq!(fields.change(&mut faults, "null", "must be a text", text_take), None);
        assert_eq!(faults.as_slice().len(), 1);
    }

    #[test]
    fn what_the_rules_refuse_is_noted_like_a_wrong_type() {
        let body = json!({ "data": { "type": 5, "value": "bad", "null": null } });
        let check = |field: &str, text: &str| match text {
            "bad" => Err(Fault::invalid(field, "must be good")),
            text => Ok(text.to_owned()),
        };
        let mut faults = Faults::new();
        let data = Fields::new(body.as_object().unwrap()).object(&mut faults, "data").unwrap();
        for field in ["type", "value"] {
            assert_eq!(data.text_change(&mut faults, field, "must be good", check), None);
            assert_eq!(data.text_change_or_clear(&mut faults, field, check), None);
        }
        let negative = |field: &str, _: i64| Err::<i64, Fault>(Fault::invalid(field, "must not be negative"));
        assert_eq!(data.number_change(&mut faults, "type", "must be a number", negative), None);
        assert_eq!(data.text_change_or_clear(&mut faults, "null", check), Some(Change::Set(None)));
        assert_eq!(data.text_change_or_clear(&mut faults, "absent", check), Some(Change::Keep));
        let named: Vec<&str> = faults.as_slice().iter().map(|fault| &*fault.field).collect();
        assert_eq!(named, ["data.type", "data.type", "data.value", "data.value", "data.type"]);
    }

    #[test]
    fn only_plain_json_is_json() {
        for (content_type, json) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/vnd.releasepage.v1+json", true),
            ("application/json; charset=latin1", false),
            ("text/json", false),
            ("application/jsonp", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let request = TestRequest::default().insert_header((header::CONTENT_TYPE, content_type)).to_http_request();
            assert_eq!(content_is_json(&request), json, "{content_type}");
        }
        assert!(!content_is_json(&TestRequest::default().to_http_request()));
    }
}
