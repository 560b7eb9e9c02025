//! The fields of a JSON body, taken one by one, so that an answer can name every field at fault.

use actix_web::{HttpRequest, dev::Payload};
use releasepage_domain::{
    fault::{Fault, Faults},
    time::{UtcTime, time_parse},
};
use releasepage_storage::change::Change;
use serde_json::{Map, Value};

use crate::{
    body::body_read,
    content_type::content_type_readable,
    v1::error::{ErrorCode, V1Error},
};

/// Reads the JSON object that is a request's body, of at most `limit` bytes.
///
/// Of a field that comes twice, the last one counts; fields that nobody asks for are ignored.
pub(crate) async fn json_read(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> Result<Map<String, Value>, V1Error> {
    // Whether it is JSON or not, the body is read first, so that the connection can go on.
    let body = body_read(payload, limit).await?;
    if !content_is_json(request) {
        return Err(ErrorCode::CONTENT_TYPE_UNSUPPORTED.into());
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

/// Whether the body says that it is JSON in UTF-8, and not compressed.
fn content_is_json(request: &HttpRequest) -> bool {
    content_type_readable(request.headers()).is_some_and(|media_type| {
        let kind = media_type.strip_prefix("application/");
        kind.is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
    })
}

/// The fields of one JSON object. Whatever is wrong with them is noted, named with dots where the object lies in
/// another (`data.value`).
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    prefix: String,
}

impl<'a> Fields<'a> {
    /// The fields of a body.
    pub(crate) fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, prefix: String::new() }
    }

    /// The field's name on the wire.
    pub(crate) fn name(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    /// Whether the field was named, be it as `null`.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.object.contains_key(field)
    }

    /// The field's value; `None` where it is missing or `null`.
    fn value(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    /// Notes that a required field is missing.
    fn missing<T>(&self, faults: &mut Faults, field: &str, expected: &str) -> Option<T> {
        faults.push(Fault::missing(self.name(field), expected));
        None
    }

    /// A field that must be there, as `take` reads it. `null` is as good as missing.
    fn required<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        match self.value(field) {
            None => self.missing(faults, field, expected),
            Some(value) => faults.take(take(value).ok_or_else(|| Fault::invalid(self.name(field), expected))),
        }
    }

    /// A field that may be missing, as `take` reads it. The outer `None` is a fault; `null` is as good as missing.
    fn optional<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.value(field) {
            None => Some(None),
            Some(value) => faults.take(take(value).map(Some).ok_or_else(|| Fault::invalid(self.name(field), expected))),
        }
    }

    /// A text that must be there. `expected` ends the sentence that begins with the field's name: `must be …`.
    pub(crate) fn text(&self, faults: &mut Faults, field: &str, expected: &str) -> Option<&'a str> {
        self.required(faults, field, expected, text_take)
    }

    /// A text that may be missing.
    pub(crate) fn text_optional(&self, faults: &mut Faults, field: &str) -> Option<Option<&'a str>> {
        self.optional(faults, field, "must be a text without U+0000", text_take)
    }

    /// A text that must be there, as `check` of the rules makes it; `expected` as in [`Self::text`].
    pub(crate) fn text_checked<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        check: impl FnOnce(&str, &str) -> Result<T, Fault>,
    ) -> Option<T> {
        let text = self.text(faults, field, expected)?;
        faults.take(check(&self.name(field), text))
    }

    /// A text that may be missing, as `check` of the rules makes it.
    pub(crate) fn text_checked_optional<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        check: impl FnOnce(&str, &str) -> Result<T, Fault>,
    ) -> Option<Option<T>> {
        let text = self.text_optional(faults, field)?;
        faults.take(text.map(|text| check(&self.name(field), text)).transpose())
    }

    /// `true` or `false`, where it was given.
    pub(crate) fn boolean_optional(&self, faults: &mut Faults, field: &str) -> Option<Option<bool>> {
        self.optional(faults, field, "must be true or false", Value::as_bool)
    }

    /// `true` or `false`, which must be there.
    pub(crate) fn boolean(&self, faults: &mut Faults, field: &str) -> Option<bool> {
        self.required(faults, field, "must be true or false", Value::as_bool)
    }

    /// A whole number, where it was given.
    pub(crate) fn number_optional(&self, faults: &mut Faults, field: &str) -> Option<Option<i64>> {
        self.optional(faults, field, "must be a whole number", number_take)
    }

    /// A whole number, where it was given, as `check` of the rules makes it.
    pub(crate) fn number_checked_optional<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        check: impl FnOnce(&str, i64) -> Result<T, Fault>,
    ) -> Option<Option<T>> {
        let number = self.number_optional(faults, field)?;
        faults.take(number.map(|number| check(&self.name(field), number)).transpose())
    }

    /// A time in ISO 8601 with an offset, where it was given.
    pub(crate) fn time_optional(&self, faults: &mut Faults, field: &str) -> Option<Option<UtcTime>> {
        let take = |value: &Value| value.as_str().and_then(time_parse);
        self.optional(faults, field, "must be a time in ISO 8601 with an offset, such as 2024-05-01T12:00:00Z", take)
    }

    /// A list of texts, where the field was named. A `null` is no list.
    pub(crate) fn texts_optional(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
    ) -> Option<Option<Vec<&'a str>>> {
        match self.object.get(field) {
            None => Some(None),
            Some(value) => {
                faults.take(texts_take(value).map(Some).ok_or_else(|| Fault::invalid(self.name(field), expected)))
            }
        }
    }

    /// One of the values of an enumeration, which must be there.
    pub(crate) fn named<T: std::str::FromStr>(&self, faults: &mut Faults, field: &str, expected: &str) -> Option<T> {
        self.required(faults, field, expected, |value| value.as_str()?.parse().ok())
    }

    /// One of the values of an enumeration, where it was given.
    pub(crate) fn named_optional<T: std::str::FromStr>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
    ) -> Option<Option<T>> {
        self.optional(faults, field, expected, |value| value.as_str()?.parse().ok())
    }

    /// The fields of an object inside, which must be there.
    pub(crate) fn object(&self, faults: &mut Faults, field: &str) -> Option<Self> {
        let object = self.required(faults, field, "must be an object", Value::as_object)?;
        Some(Self { object, prefix: format!("{}{field}.", self.prefix) })
    }

    /// What a `PATCH` does to a field that cannot be cleared: `null` is a fault.
    pub(crate) fn change<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<Change<T>> {
        match self.object.get(field) {
            None => Some(Change::Keep),
            Some(value) => {
                faults.take(take(value).map(Change::Set).ok_or_else(|| Fault::invalid(self.name(field), expected)))
            }
        }
    }

    /// What a `PATCH` does to a field that can be cleared with `null`.
    pub(crate) fn change_or_clear<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<Change<Option<T>>> {
        match self.object.get(field) {
            Some(Value::Null) => Some(Change::Set(None)),
            _ => Some(match self.change(faults, field, expected, take)? {
                Change::Keep => Change::Keep,
                Change::Set(value) => Change::Set(Some(value)),
            }),
        }
    }

    /// What a `PATCH` does to a text that cannot be cleared, as `check` of the rules makes it.
    pub(crate) fn text_change<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        check: impl FnOnce(&str, &str) -> Result<T, Fault>,
    ) -> Option<Change<T>> {
        let change = self.change(faults, field, expected, text_take)?;
        faults.take(change.try_map(|text| check(&self.name(field), text)))
    }

    /// What a `PATCH` does to a text that can be cleared with `null`, as `check` of the rules makes it.
    pub(crate) fn text_change_or_clear<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        check: impl FnOnce(&str, &str) -> Result<T, Fault>,
    ) -> Option<Change<Option<T>>> {
        let change = self.change_or_clear(faults, field, "must be a text without U+0000, or null", text_take)?;
        faults.take(change.try_map(|text| text.map(|text| check(&self.name(field), text)).transpose()))
    }
}

/// A whole number, however it was written: `60.0` is one, as JSON Schema has it. With a fraction's point, only numbers that
/// a double holds exactly are.
pub(crate) fn number_take(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = |number: &f64| number.fract() == 0.0 && number.abs() <= EXACT;
    // The range was checked: nothing is cut off.
    value.as_i64().or_else(|| value.as_f64().filter(whole).map(|number| number as i64))
}

/// A text that a database can store: U+0000 is in no text.
pub(crate) fn text_take(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.contains('\0'))
}

fn texts_take(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(text_take).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header, test::TestRequest};
    use releasepage_domain::bump::Bump;
    use serde_json::json;

    use super::*;

    fn faults_of(body: &Value, take: impl FnOnce(&Fields<'_>, &mut Faults)) -> Vec<(String, &'static str)> {
        let mut faults = Faults::new();
        take(&Fields::new(body.as_object().unwrap()), &mut faults);
        faults.as_slice().iter().map(|fault| (fault.field.clone(), fault.kind.as_str())).collect()
    }

    #[test]
    fn every_fault_is_noted_under_its_whole_name() {
        let body =
            json!({ "a": 1, "data": { "b": "x\u{0}", "list": ["x", 1], "flag": "true", "n": 1.5, "bump": "Major" } });
        let found = faults_of(&body, |fields, faults| {
            fields.text(faults, "a", "must be a text");
            fields.text(faults, "gone", "must be a text");
            let data = fields.object(faults, "data").unwrap();
            data.text(faults, "b", "must be a text");
            data.texts_optional(faults, "list", "must be a list of texts");
            data.boolean_optional(faults, "flag");
            data.number_optional(faults, "n");
            data.named_optional::<Bump>(faults, "bump", "must be a bump");
            fields.object(faults, "a");
        });
        let expected = [
            ("a", "invalid"),
            ("gone", "missing"),
            ("data.b", "invalid"),
            ("data.list", "invalid"),
            ("data.flag", "invalid"),
            ("data.n", "invalid"),
            ("data.bump", "invalid"),
            ("a", "invalid"),
        ];
        assert_eq!(found, expected.map(|(field, kind)| (field.to_owned(), kind)));
    }

    #[test]
    fn whole_numbers_are_read_however_they_are_written() {
        for (written, read) in [
            ("60", Some(60)),
            ("60.0", Some(60)),
            ("6e1", Some(60)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("60.5", None),
            ("9223372036854775808", None),
            ("1e300", None),
            ("\"60\"", None),
            ("true", None),
        ] {
            assert_eq!(number_take(&serde_json::from_str(written).unwrap()), read, "{written}");
        }
    }

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
        let body = json!({ "data": { "type": 5, "value": "bad", "number": 0, "null": null } });
        let check = |field: &str, text: &str| match text {
            "bad" => Err(Fault::invalid(field, "must be good")),
            text => Ok(text.to_owned()),
        };
        let positive = |field: &str, number: i64| match number {
            1.. => Ok(number),
            _ => Err(Fault::invalid(field, "must be positive")),
        };
        let found = faults_of(&body, |fields, faults| {
            let data = fields.object(faults, "data").unwrap();
            for field in ["type", "value"] {
                assert_eq!(data.text_checked(faults, field, "must be good", check), None);
                assert_eq!(data.text_checked_optional(faults, field, check), None);
                assert_eq!(data.text_change(faults, field, "must be good", check), None);
                assert_eq!(data.text_change_or_clear(faults, field, check), None);
            }
            assert_eq!(data.number_checked_optional(faults, "number", positive), None);
            for field in ["null", "absent"] {
                assert_eq!(data.text_checked_optional(faults, field, check), Some(None));
                assert_eq!(data.number_checked_optional(faults, field, positive), Some(None));
            }
            assert_eq!(data.text_change_or_clear(faults, "null", check), Some(Change::Set(None)));
            assert_eq!(data.text_change_or_clear(faults, "absent", check), Some(Change::Keep));
        });
        let named: Vec<&str> = found.iter().map(|(field, _)| &**field).collect();
        let expected = [["data.type"; 4], ["data.value"; 4]].concat();
        assert_eq!(named, [&expected[..], &["data.number"]].concat());
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
