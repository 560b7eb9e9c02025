//! The fields of a JSON object, read one by one, so that the client learns of all faults at once.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::{
    fault::{Fault, Faults},
    time::{UtcTime, time_parse},
};

/// The accepted form of any text of a client.
const TEXT_EXPECTED: &str = "must be a text without U+0000";

/// The accepted form of a flag.
pub const BOOLEAN_EXPECTED: &str = "must be true or false";

/// The accepted form of a time.
pub const TIME_EXPECTED: &str = "must be a time in ISO 8601 with an offset, such as 2024-05-01T12:00:00Z";

/// The fields of one JSON object. Faults are collected under the field's name. The name has dots if the object is
/// inside another one (`data.value`). Fields that are not read are ignored, and `null` counts as missing.
///
/// A method that ends in `optional` returns `Some(None)` if the field is missing, and `None` if the field has a fault.
#[derive(Debug)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    prefix: String,
}

impl<'a> Fields<'a> {
    /// Returns the fields of a whole body or payload.
    pub fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, prefix: String::new() }
    }

    /// Returns the field's name in the API.
    pub fn name(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    /// Returns the field as it was sent, even as `null`. `None` if it was not sent.
    pub fn named_value(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field)
    }

    /// True if the field was sent, even as `null`.
    pub fn has(&self, field: &str) -> bool {
        self.object.contains_key(field)
    }

    /// Returns the field's value. `None` if it is missing or `null`.
    fn value(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    /// Reads a required field with `take`. `expected` is the rest of a sentence that begins with the field's name:
    /// `must be …`.
    pub fn required<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        faults.take(match self.value(field) {
            None => Err(Fault::missing(self.name(field), expected)),
            Some(value) => take(value).ok_or_else(|| Fault::invalid(self.name(field), expected)),
        })
    }

    /// Reads an optional field with `take`.
    pub fn optional<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.value(field) {
            None => Some(None),
            Some(_) => self.required(faults, field, expected, take).map(Some),
        }
    }

    /// Reads a required text. For `expected`, see [`Self::required`].
    pub fn text(&self, faults: &mut Faults, field: &str, expected: &str) -> Option<&'a str> {
        self.required(faults, field, expected, text_take)
    }

    /// Reads an optional text.
    pub fn text_optional(&self, faults: &mut Faults, field: &str) -> Option<Option<&'a str>> {
        self.optional(faults, field, TEXT_EXPECTED, text_take)
    }

    /// Reads a required text and converts it with a rule's `check`. For `expected`, see [`Self::required`].
    pub fn text_checked<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        check: impl FnOnce(&str, &str) -> Result<T, Fault>,
    ) -> Option<T> {
        let text = self.text(faults, field, expected)?;
        faults.take(check(&self.name(field), text))
    }

    /// Reads an optional text and converts it with a rule's `check`.
    pub fn text_checked_optional<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        check: impl FnOnce(&str, &str) -> Result<T, Fault>,
    ) -> Option<Option<T>> {
        let text = self.text_optional(faults, field)?;
        faults.take(text.map(|text| check(&self.name(field), text)).transpose())
    }

    /// Reads an optional `true` or `false`.
    pub fn boolean_optional(&self, faults: &mut Faults, field: &str) -> Option<Option<bool>> {
        self.optional(faults, field, BOOLEAN_EXPECTED, Value::as_bool)
    }

    /// Reads a required `true` or `false`.
    pub fn boolean(&self, faults: &mut Faults, field: &str) -> Option<bool> {
        self.required(faults, field, BOOLEAN_EXPECTED, Value::as_bool)
    }

    /// Reads an optional whole number.
    pub fn number_optional(&self, faults: &mut Faults, field: &str) -> Option<Option<i64>> {
        self.optional(faults, field, "must be a whole number", number_take)
    }

    /// Reads an optional whole number and converts it with a rule's `check`.
    pub fn number_checked_optional<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        check: impl FnOnce(&str, i64) -> Result<T, Fault>,
    ) -> Option<Option<T>> {
        let number = self.number_optional(faults, field)?;
        faults.take(number.map(|number| check(&self.name(field), number)).transpose())
    }

    /// Reads a required time in ISO 8601 with an offset.
    pub fn time(&self, faults: &mut Faults, field: &str) -> Option<UtcTime> {
        self.required(faults, field, TIME_EXPECTED, time_take)
    }

    /// Reads an optional time in ISO 8601 with an offset.
    pub fn time_optional(&self, faults: &mut Faults, field: &str) -> Option<Option<UtcTime>> {
        self.optional(faults, field, TIME_EXPECTED, time_take)
    }

    /// Reads an optional list of texts. `null` is a fault here.
    pub fn texts_optional(&self, faults: &mut Faults, field: &str, expected: &str) -> Option<Option<Vec<&'a str>>> {
        match self.object.get(field) {
            None => Some(None),
            Some(value) => {
                faults.take(texts_take(value).map(Some).ok_or_else(|| Fault::invalid(self.name(field), expected)))
            }
        }
    }

    /// Reads a required value of an enumeration.
    pub fn named<T: FromStr>(&self, faults: &mut Faults, field: &str, expected: &str) -> Option<T> {
        self.required(faults, field, expected, named_take)
    }

    /// Reads an optional value of an enumeration.
    pub fn named_optional<T: FromStr>(&self, faults: &mut Faults, field: &str, expected: &str) -> Option<Option<T>> {
        self.optional(faults, field, expected, named_take)
    }

    /// Returns the fields of a required inner object.
    pub fn object(&self, faults: &mut Faults, field: &str) -> Option<Self> {
        let object = self.required(faults, field, "must be an object", Value::as_object)?;
        Some(Self { object, prefix: format!("{}{field}.", self.prefix) })
    }

    /// Returns the fields of an optional inner object.
    pub fn object_optional(&self, faults: &mut Faults, field: &str) -> Option<Option<Self>> {
        match self.value(field) {
            None => Some(None),
            Some(_) => self.object(faults, field).map(Some),
        }
    }

    /// An object inside, which must be there, as `read` takes its fields.
    pub fn object_read<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        read: impl FnOnce(&Fields<'_>, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        read(&self.object(faults, field)?, faults)
    }

    /// An object inside, where there is one, as `read` takes its fields.
    pub fn object_read_optional<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        read: impl FnOnce(&Fields<'_>, &mut Faults) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.object_optional(faults, field)? {
            None => Some(None),
            Some(object) => read(&object, faults).map(Some),
        }
    }

    /// A field that no other method reads, as `read` takes it. `read` gets these fields and the name of the field.
    pub fn by<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        read: impl FnOnce(&Self, &mut Faults, &str) -> Option<T>,
    ) -> Option<T> {
        read(self, faults, field)
    }

    /// Notes a fault where a field is named that nobody can set; `expected` as in [`Self::required`].
    pub fn refuse(&self, faults: &mut Faults, field: &str, expected: &str) {
        if self.has(field) {
            faults.push(Fault::invalid(self.name(field), expected));
        }
    }
}

/// Reads a whole number in any notation: `60.0` is one, as in JSON Schema. A number with a decimal point must be one
/// that a double holds exactly.
pub fn number_take(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = |number: &f64| number.fract() == 0.0 && number.abs() <= EXACT;
    // The range was checked, so the conversion loses nothing.
    value.as_i64().or_else(|| value.as_f64().filter(whole).map(|number| number as i64))
}

/// Reads a text that a database can store. U+0000 is refused.
pub fn text_take(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.contains('\0'))
}

/// A moment in ISO 8601 with an offset.
pub fn time_take(value: &Value) -> Option<UtcTime> {
    value.as_str().and_then(time_parse)
}

/// One of the values of an enumeration.
pub fn named_take<T: FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

/// Makes a check of the rules answer the text that it accepts.
pub fn kept(check: impl Fn(&str, &str) -> Result<(), Fault>) -> impl Fn(&str, &str) -> Result<String, Fault> {
    move |field, text| check(field, text).map(|()| text.to_owned())
}

fn texts_take(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(text_take).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bump::Bump;

    fn faults_of(body: &Value, take: impl FnOnce(&Fields<'_>, &mut Faults)) -> Vec<(String, &'static str)> {
        let mut faults = Faults::new();
        take(&Fields::new(body.as_object().expect("an object")), &mut faults);
        faults.as_slice().iter().map(|fault| (fault.field.clone(), fault.kind.as_str())).collect()
    }

    #[test]
    fn every_fault_is_noted_under_its_whole_name() {
        let body =
            json!({ "a": 1, "data": { "b": "x\u{0}", "list": ["x", 1], "flag": "true", "n": 1.5, "bump": "Major" } });
        let found = faults_of(&body, |fields, faults| {
            fields.text(faults, "a", "must be a text");
            fields.text(faults, "gone", "must be a text");
            let data = fields.object(faults, "data").expect("an object");
            data.text(faults, "b", "must be a text");
            data.texts_optional(faults, "list", "must be a list of texts");
            data.boolean_optional(faults, "flag");
            data.number_optional(faults, "n");
            data.named_optional::<Bump>(faults, "bump", "must be a bump");
            fields.object(faults, "a");
            assert!(fields.object_optional(faults, "a").is_none());
            assert!(matches!(fields.object_optional(faults, "gone"), Some(None)));
            let time = |fields: &Fields<'_>, faults: &mut Faults| fields.time(faults, "gone");
            assert_eq!(fields.object_read(faults, "data", time), None);
            assert_eq!(fields.object_read_optional(faults, "gone", time), Some(None));
            data.refuse(faults, "bump", "cannot be changed");
            data.refuse(faults, "gone", "cannot be changed");
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
            ("a", "invalid"),
            ("data.gone", "missing"),
            ("data.bump", "invalid"),
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
            assert_eq!(number_take(&serde_json::from_str(written).expect("JSON")), read, "{written}");
        }
    }

    #[test]
    fn what_the_rules_refuse_is_noted_like_a_wrong_type() {
        let body = json!({ "type": 5, "value": "bad", "number": 0, "null": null });
        let check = |field: &str, text: &str| match text {
            "bad" => Err(Fault::invalid(field, "must be good")),
            text => Ok(text.to_owned()),
        };
        let positive = |field: &str, number: i64| match number {
            1.. => Ok(number),
            _ => Err(Fault::invalid(field, "must be positive")),
        };
        let found = faults_of(&body, |fields, faults| {
            for field in ["type", "value"] {
                assert_eq!(fields.text_checked(faults, field, "must be good", check), None);
                assert_eq!(fields.text_checked_optional(faults, field, check), None);
            }
            assert_eq!(fields.number_checked_optional(faults, "number", positive), None);
            for field in ["null", "absent"] {
                assert_eq!(fields.text_checked_optional(faults, field, check), Some(None));
                assert_eq!(fields.number_checked_optional(faults, field, positive), Some(None));
            }
        });
        let named: Vec<&str> = found.iter().map(|(field, _)| &**field).collect();
        assert_eq!(named, ["type", "type", "value", "value", "number"]);
    }
}
