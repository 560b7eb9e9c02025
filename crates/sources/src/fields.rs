//! The fields of what a forge sent, taken one by one, so that the owner is told of every one at fault.

use releasepage_domain::{
    fault::{Fault, Faults},
    time::{UtcTime, time_parse},
};
use serde_json::{Map, Value};

/// The fields of one object of a payload. Fields that nobody asks for are ignored, and `null` is as good as missing.
#[derive(Debug)]
pub(crate) struct PayloadFields<'a> {
    object: &'a Map<String, Value>,
    prefix: String,
}

impl<'a> PayloadFields<'a> {
    /// The fields of a payload.
    pub(crate) fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, prefix: String::new() }
    }

    /// The field's name in the payload, with dots.
    pub(crate) fn name(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    fn value(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    fn required<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let name = self.name(field);
        faults.take(match self.value(field) {
            None => Err(Fault::missing(name, expected)),
            Some(value) => take(value).ok_or_else(|| Fault::invalid(name, expected)),
        })
    }

    fn optional<T>(
        &self,
        faults: &mut Faults,
        field: &str,
        expected: &str,
        take: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        self.value(field)?;
        self.required(faults, field, expected, take)
    }

    /// An object inside, which must be there.
    pub(crate) fn object(&self, faults: &mut Faults, field: &str) -> Option<Self> {
        let object = self.required(faults, field, "must be an object", Value::as_object)?;
        Some(Self { object, prefix: format!("{}{field}.", self.prefix) })
    }

    /// An object inside, where there is one.
    pub(crate) fn object_optional(&self, faults: &mut Faults, field: &str) -> Option<Self> {
        self.value(field)?;
        self.object(faults, field)
    }

    /// A text that must be there.
    pub(crate) fn text(&self, faults: &mut Faults, field: &str) -> Option<&'a str> {
        self.required(faults, field, "must be a text", Value::as_str)
    }

    /// A text, where there is one.
    pub(crate) fn text_optional(&self, faults: &mut Faults, field: &str) -> Option<&'a str> {
        self.optional(faults, field, "must be a text or null", Value::as_str)
    }

    /// A number that names something, which must be there.
    pub(crate) fn number(&self, faults: &mut Faults, field: &str) -> Option<i64> {
        let take = |value: &Value| value.as_i64().filter(|number| *number > 0);
        self.required(faults, field, "must be a whole number above 0", take)
    }

    /// `true` or `false`; `false` where it is missing.
    pub(crate) fn flag(&self, faults: &mut Faults, field: &str) -> bool {
        self.optional(faults, field, "must be true or false", Value::as_bool).unwrap_or(false)
    }

    /// A time in ISO 8601 with an offset, where there is one.
    pub(crate) fn time_optional(&self, faults: &mut Faults, field: &str) -> Option<UtcTime> {
        let take = |value: &Value| value.as_str().and_then(time_parse);
        self.optional(faults, field, "must be a time such as 2024-05-01T12:00:00Z, or null", take)
    }
}
