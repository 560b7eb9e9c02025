//! The fields of a request as they were sent, before they are checked.
//!
//! JSON, forms and query parameters are all read into this form, so that the rules of a field are in one place
//! (`release_fields`, `annotation_fields`). A form knows only text. JSON also knows numbers, lists and objects.

use std::{borrow::Cow, collections::BTreeMap};

use releasepage_domain::fault::{Fault, Faults};
use releasepage_http::urlencoded::urlencoded_pairs;
use releasepage_storage::database::change::Change;
use serde_json::{Map, Value, value::RawValue};

/// The fields of a resource. Any other field that a pipeline sends is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldNames(&'static [FieldName]);

/// A field of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldName {
    name: &'static str,
    form: FieldForm,
}

/// The form of a field, apart from the rules for its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FieldForm {
    Required,
    Optional,
    List,
    Free,
}

impl FieldName {
    /// A required field.
    pub(super) const fn required(name: &'static str) -> Self {
        Self { name, form: FieldForm::Required }
    }

    /// An optional field.
    pub(super) const fn optional(name: &'static str) -> Self {
        Self { name, form: FieldForm::Optional }
    }

    /// An optional field that is a list. `name[]` and `name[0]` are entries of it.
    pub(super) const fn list(name: &'static str) -> Self {
        Self { name, form: FieldForm::List }
    }

    /// An optional field that is ignored if it is not a text.
    pub(super) const fn free(name: &'static str) -> Self {
        Self { name, form: FieldForm::Free }
    }
}

impl FieldNames {
    /// The fields with these names.
    pub(super) const fn new(names: &'static [FieldName]) -> Self {
        Self(names)
    }

    /// Returns all names.
    pub(super) fn all(self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|field| field.name)
    }

    /// Returns the field that a name belongs to, if there is one.
    pub(crate) fn known(self, name: &str) -> Option<&'static str> {
        let entry_of = |field: &FieldName| field.form == FieldForm::List && is_entry(name, field.name);
        self.all()
            .find(|known| *known == name)
            .or_else(|| self.0.iter().find(|field| entry_of(field)).map(|field| field.name))
    }

    /// The form of a field.
    fn form(self, name: &str) -> Option<FieldForm> {
        self.0.iter().find(|field| field.name == name).map(|field| field.form)
    }

    /// Reports whether a value counts as not sent. An optional field counts as absent if it is empty.
    fn is_absent(self, name: &str, value: &Value) -> bool {
        value.as_str().is_some_and(str::is_empty) && self.form(name) != Some(FieldForm::Required)
    }
}

/// Reports whether a name is one of a list's entry, as many libraries write them.
fn is_entry(name: &str, list: &str) -> bool {
    let index = name.strip_prefix(list).and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
    index.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The values that were sent for each field: one, or several if a form or a query repeats the field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fields {
    names: FieldNames,
    sent: BTreeMap<&'static str, Vec<Value>>,
    /// A field was named, even if it is empty.
    named: bool,
    /// These are all fields of a resource. A required field that is missing is a fault.
    whole: bool,
}

/// The reason why a body or a query could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FieldsError {
    /// The body is not a JSON object.
    #[error("the body must be one JSON object in UTF-8, nested less than 128 levels deep: {0}")]
    Json(String),
    /// A form or a query holds bytes that are not text.
    #[error("{0} must be UTF-8 text, percent-encoded where it needs to be")]
    Text(String),
    /// The parts of a multipart form cannot be separated.
    #[error("the body must be a form as multipart/form-data defines it: {0}")]
    Multipart(String),
}

impl Fields {
    /// Begins without any field.
    pub(crate) fn new(names: FieldNames) -> Self {
        Self { names, sent: BTreeMap::new(), named: false, whole: false }
    }

    /// Reads a JSON object.
    pub(crate) fn from_json(names: FieldNames, body: &[u8]) -> Result<Self, FieldsError> {
        let wrong = |error: serde_json::Error| FieldsError::Json(error.to_string());
        // The first pass reads the whole body. It refuses JSON that is nested too deeply, in unknown fields too.
        let object: Map<String, Value> = serde_json::from_slice(body).map_err(wrong)?;
        // The second pass keeps each value as it was written, because 1.10 is another version than 1.1.
        let written: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(body).map_err(wrong)?;
        let mut fields = Self::new(names);
        for (name, value) in object {
            let text = written.get(name.as_str()).filter(|_| name == "version" && value.is_number());
            let value = text.map_or(value, |text| Value::from(text.get()));
            fields.push(&name, value);
        }
        Ok(fields)
    }

    /// Reads `application/x-www-form-urlencoded`: a body or a query string.
    pub(crate) fn from_form(names: FieldNames, form: &[u8]) -> Result<Self, FieldsError> {
        let mut fields = Self::new(names);
        for (name, value) in urlencoded_pairs(form) {
            let name = name.ok_or_else(|| FieldsError::Text("each field's name".to_owned()))?;
            if let Some(name) = names.known(&name) {
                fields.push_decoded(name, value)?;
            }
        }
        Ok(fields)
    }

    /// Adds the text of one part of a form. Unknown names are ignored.
    pub(crate) fn push_text(&mut self, name: &str, value: Vec<u8>) -> Result<(), FieldsError> {
        self.push_decoded(name, String::from_utf8(value).ok())
    }

    fn push_decoded(&mut self, name: &str, text: Option<String>) -> Result<(), FieldsError> {
        match text {
            Some(text) => self.push(name, Value::from(text)),
            None if self.names.form(name) == Some(FieldForm::Free) => self.named = true,
            None => return Err(FieldsError::Text(name.to_owned())),
        }
        Ok(())
    }

    fn push(&mut self, name: &str, value: Value) {
        if let Some(name) = self.names.known(name) {
            self.named = true;
            if !self.names.is_absent(name, &value) {
                self.sent.entry(name).or_default().push(value);
            }
        }
    }

    /// Returns these fields, and those of `other` that are missing here.
    pub(crate) fn or(mut self, other: Self) -> Self {
        for (name, values) in other.sent {
            self.sent.entry(name).or_insert(values);
        }
        self.named |= other.named;
        self
    }

    /// Reports whether no field was named, not even an empty one.
    pub(crate) fn is_empty(&self) -> bool {
        !self.named
    }

    /// Returns the values that were sent for a field; empty if there were none.
    pub(crate) fn values(&self, name: &str) -> &[Value] {
        self.sent.get(name).map_or(&[], Vec::as_slice)
    }

    /// Marks these fields as those of a new resource. A required field that is missing is a fault.
    pub(crate) fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// Reads a resource with `read`, or returns all faults.
    pub(crate) fn parse<T>(&self, read: impl FnOnce(&Self, &mut Faults) -> Option<T>) -> Result<T, Faults> {
        let mut faults = Faults::new();
        let parsed = read(self, &mut faults);
        faults.finish(|| parsed)
    }
}

/// The readers of single fields. `None` means that a fault was noted. `expected` ends the sentence that begins with the
/// field's name.
impl Fields {
    /// Reads a field that was sent at most once. `read` returns `None` for a value that cannot be used.
    pub(crate) fn change<T>(
        &self,
        faults: &mut Faults,
        name: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<Change<T>> {
        self.checked(faults, name, expected, |value| read(value).ok_or_else(|| Fault::invalid(name, expected)))
    }

    /// Works as `change`, and `null` clears the field.
    pub(crate) fn change_or_clear<T>(
        &self,
        faults: &mut Faults,
        name: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<Change<Option<T>>> {
        self.change(faults, name, expected, |value| if value.is_null() { Some(None) } else { read(value).map(Some) })
    }

    /// Reads a text that was sent at most once, and checks it with `check`.
    pub(crate) fn text<T>(
        &self,
        faults: &mut Faults,
        name: &str,
        expected: &str,
        check: impl FnOnce(&str, &str) -> Result<T, Fault>,
    ) -> Option<Change<T>> {
        self.checked(faults, name, expected, |value| match value {
            Value::String(text) => check(name, text),
            _ => Err(Fault::invalid(name, expected)),
        })
    }

    /// Works as `text`, and `null` clears the field.
    pub(crate) fn text_or_clear<T>(
        &self,
        faults: &mut Faults,
        name: &str,
        expected: &str,
        check: impl FnOnce(&str, &str) -> Result<T, Fault>,
    ) -> Option<Change<Option<T>>> {
        self.checked(faults, name, expected, |value| match value {
            Value::Null => Ok(None),
            Value::String(text) => check(name, text).map(Some),
            _ => Err(Fault::invalid(name, expected)),
        })
    }

    /// Reads a required field that was sent once.
    pub(crate) fn given<T>(
        &self,
        faults: &mut Faults,
        name: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        match self.change(faults, name, expected, read)? {
            Change::Set(value) => Some(value),
            Change::Keep => faults.take(Err(Fault::missing(name, expected))),
        }
    }

    /// Reads a field with `read`, for fields that no other method can read. `read` gets these fields and the name of
    /// the field.
    pub(crate) fn by<T>(
        &self,
        faults: &mut Faults,
        name: &str,
        read: impl FnOnce(&Self, &mut Faults, &str) -> Option<T>,
    ) -> Option<T> {
        read(self, faults, name)
    }

    fn checked<T>(
        &self,
        faults: &mut Faults,
        name: &str,
        expected: &str,
        read: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Option<Change<T>> {
        faults.take(match self.values(name) {
            [] if self.whole && self.names.form(name) == Some(FieldForm::Required) => {
                Err(Fault::missing(name, expected))
            }
            [] => Ok(Change::Keep),
            [value] => read(value).map(Change::Set),
            _ => Err(Fault::invalid(name, "must be there only once")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const NAMES: FieldNames = FieldNames::new(&[
        FieldName::required("version"),
        FieldName::required("title"),
        FieldName::list("platforms"),
        FieldName::optional("description"),
        FieldName::optional("params"),
    ]);

    fn json_fields(body: &str) -> Fields {
        Fields::from_json(NAMES, body.as_bytes()).expect("a JSON object")
    }

    #[test]
    fn a_number_of_a_version_keeps_its_text() {
        for (written, text) in [
            ("3.5", "3.5"),
            ("1.10", "1.10"),
            ("2024110512", "2024110512"),
            ("20241105123456789012345", "20241105123456789012345"),
            ("\"v1\"", "v1"),
        ] {
            let fields = json_fields(&format!("{{\"version\": {written} , \"title\": 1.10}}"));
            assert_eq!(fields.values("version"), [json!(text)], "{written}");
            assert_eq!(fields.values("title"), [json!(1.1)]);
        }
        assert_eq!(json_fields(r#"{"version": 1.0, "\u0076ersion": 2.0}"#).values("version"), [json!("2.0")]);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let deep = |levels: usize| format!("{{\"other\": {}1{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(Fields::from_json(NAMES, deep(126).as_bytes()).is_ok());
        for body in ["", "[]", "null", "{", "{\"title\": \"a\"} x", "{\"title\": 'a'}", &deep(129), &deep(100_000)] {
            assert!(matches!(Fields::from_json(NAMES, body.as_bytes()), Err(FieldsError::Json(_))), "{body:.80}");
        }
        assert!(Fields::from_json(NAMES, b"{\"title\": \"\xff\"}").is_err());
    }

    #[test]
    fn forms_are_decoded() {
        let fields = Fields::from_form(
            NAMES,
            b"title=Big+new%20feature%21&platforms=iOS&platforms=Android&other=%ff&version=1%2e5&description=%20",
        )
        .expect("a form");
        assert_eq!(fields.values("title"), [json!("Big new feature!")]);
        assert_eq!(fields.values("platforms"), [json!("iOS"), json!("Android")]);
        assert_eq!(fields.values("version"), [json!("1.5")]);
        assert_eq!(fields.values("description"), [json!(" ")]);
        assert_eq!(fields.values("params"), [] as [Value; 0]);
        assert_eq!(Fields::from_form(NAMES, b"title=%ff"), Err(FieldsError::Text("title".to_owned())));
        assert!(Fields::from_form(NAMES, b"%ff=title").is_err());
        assert!(Fields::from_form(NAMES, b"&&").is_ok_and(|fields| fields.is_empty()));
    }

    #[test]
    fn entries_of_a_list_are_values_of_its_field() {
        let form = b"platforms[]=iOS&platforms%5B1%5D=Web&platforms[10]=TV&platforms=Android&platforms[]=";
        let fields = Fields::from_form(NAMES, form).expect("a form");
        assert_eq!(fields.values("platforms"), [json!("iOS"), json!("Web"), json!("TV"), json!("Android")]);
        let fields = json_fields(r#"{"platforms[0]": "iOS", "platforms[]": ["Web"]}"#);
        assert_eq!(fields.values("platforms"), [json!("iOS"), json!(["Web"])]);
        for other in ["platforms[a]", "platforms[-1]", "platforms[", "platforms]", "platforms[0", "[]", "title[]"] {
            assert_eq!(NAMES.known(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_empty_is_absent_where_it_need_not_be_there() {
        let query = Fields::from_form(NAMES, b"description=query&title=query").expect("a query");
        let body = Fields::from_form(NAMES, b"description=&params&title=&platforms=").expect("a form");
        assert!(!body.is_empty());
        for name in ["description", "params", "platforms"] {
            assert_eq!(body.values(name), [] as [Value; 0], "{name}");
        }
        assert_eq!(json_fields(r#"{"description": "", "title": ""}"#).values("title"), [json!("")]);
        let fields = body.or(query);
        assert_eq!((fields.values("description"), fields.values("title")), (&[json!("query")][..], &[json!("")][..]));
    }

    #[test]
    fn the_body_wins() {
        let query = Fields::from_form(NAMES, b"title=query&version=1").expect("a query");
        let fields = json_fields(r#"{"title": "body"}"#).or(query);
        assert_eq!(fields.values("title"), [json!("body")]);
        assert_eq!(fields.values("version"), [json!("1")]);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            let _ = Fields::from_json(NAMES, &bytes);
            let _ = Fields::from_form(NAMES, &bytes);
        }

        #[test]
        fn json_text_reads_back(title in ".*", version in ".*") {
            let fields = json_fields(&json!({"title": title, "version": version}).to_string());
            prop_assert_eq!(fields.values("title"), [json!(title)]);
            prop_assert_eq!(fields.values("version"), [json!(version)]);
        }
    }
}
