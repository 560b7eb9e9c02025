//! `Idempotency-Key`: the same key with the same fields is the same request (`amplitude-2.md`, POST /api/2/release).

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix_web::http::header::HeaderMap;
use releasepage_auth::token::secret_hash;
use releasepage_domain::release::ReleaseInput;
use serde_json::{Value, json};

use super::error::AmplitudeError;

/// The header that carries the key.
const HEADER: &str = "idempotency-key";

/// The longest key, in characters.
const KEY_MAX: usize = 255;

/// Returns the key of a request; `None` if it has none. A key is 1 to 255 visible ASCII characters, sent once.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, AmplitudeError> {
    let mut values = headers.get_all(HEADER);
    let (Some(key), more) = (values.next(), values.next()) else { return Ok(None) };
    let visible = key.as_bytes().iter().all(u8::is_ascii_graphic);
    match key.to_str() {
        Ok(key) if visible && more.is_none() && (1..=KEY_MAX).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(AmplitudeError::IdempotencyKeyInvalid),
    }
}

/// Returns a fingerprint of a request's fields as they were parsed. Two requests that would store the same release have
/// the same fingerprint, in any format and order of fields.
pub(crate) fn fields_fingerprint(input: &ReleaseInput) -> String {
    let fields = json!([
        input.tag,
        input.platforms.key(),
        input.title,
        input.notes,
        input.author,
        input.published_at.and_utc().timestamp_micros(),
        input.ends_at.map(|end| end.and_utc().timestamp_micros()),
        input.chart_visibility,
        sorted(Value::Object(input.params.clone())),
    ]);
    // Not a secret: the function is used for SHA-256 as text.
    secret_hash(&fields.to_string())
}

/// Returns the value with the members of each object in sorted order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<(String, Value)> =
                object.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// The keys whose requests this server is working on. The database handles keys of other servers.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeysInFlight(Arc<Mutex<HashSet<(i64, String)>>>);

impl KeysInFlight {
    /// Takes a project's key until the guard is dropped; `None` if another request has it.
    pub(crate) fn take(&self, repository_id: i64, key: &str) -> Option<KeyInFlight> {
        let entry = (repository_id, key.to_owned());
        let taken = self.lock().insert(entry.clone());
        taken.then(|| KeyInFlight { keys: self.clone(), entry })
    }

    /// Ignores poisoning: a set of plain values stays valid after a panic.
    fn lock(&self) -> MutexGuard<'_, HashSet<(i64, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key that is taken. Dropping it returns the key, also if the client disconnects.
#[derive(Debug)]
pub(crate) struct KeyInFlight {
    keys: KeysInFlight,
    entry: (i64, String),
}

impl Drop for KeyInFlight {
    fn drop(&mut self) {
        self.keys.lock().remove(&self.entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amplitude::{
        fields::Fields,
        release_fields::{ReleaseNewBody, release_new},
    };
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn key_of(values: &[&[u8]]) -> Result<Option<String>, AmplitudeError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HeaderName::from_static(HEADER), HeaderValue::from_bytes(value).expect("a header"));
        }
        idempotency_key(&headers)
    }

    #[test]
    fn keys() {
        assert_eq!(key_of(&[]).expect("none"), None);
        assert_eq!(key_of(&[b"run-17/\"a\""]).expect("a key").as_deref(), Some("run-17/\"a\""));
        assert!(key_of(&[&[b'a'; 255]]).is_ok());
        for wrong in [&[b"".as_slice()] as &[&[u8]], &[b"a b"], &[b"\xc3\xa9"], &[&[b'a'; 256]], &[b"a", b"a"]] {
            assert!(matches!(key_of(wrong), Err(AmplitudeError::IdempotencyKeyInvalid)), "{wrong:?}");
        }
    }

    fn fingerprint(fields: Fields) -> String {
        fields_fingerprint(&release_new(fields).expect("a release"))
    }

    #[test]
    fn the_same_fields_have_the_same_fingerprint_in_every_form() {
        let json = |text: &str| Fields::from_json(ReleaseNewBody::NAMES, text.as_bytes()).expect("a JSON object");
        let form = |text: &str| Fields::from_form(ReleaseNewBody::NAMES, text.as_bytes()).expect("a form");
        let one = fingerprint(json(
            r#"{"version": 3.5, "title": "a", "release_start": "2022-01-01 00:00:00", "platforms": ["a", "b"], "params": {"x": {"p": 1, "q": 2}, "y": 1}}"#,
        ));
        let other = fingerprint(form(
            "params={\"y\":1,\"x\":{\"q\":2,\"p\":1}}&platforms=b&platforms=a&release_start=2022-01-01T01:00:00%2B01&title=a&version=3.5",
        ));
        assert_eq!(one, other);
        let base = "version=3.5&title=a&release_start=2022-01-01T00:00:00Z";
        let mut seen = HashSet::from([one, fingerprint(form(base))]);
        for more in [
            "description=a",
            "platforms=a",
            "created_by=b",
            "chart_visibility=false",
            "release_end=2022-01-01T00:00:00Z",
            "params={}%20",
            "params={",
            "description=",
        ] {
            let new = seen.insert(fingerprint(form(&format!("{base}&{more}"))));
            assert_eq!(new, !more.starts_with("params") && !more.ends_with('='), "{more}");
        }
    }

    #[test]
    fn a_key_is_taken_once_and_given_back() {
        let keys = KeysInFlight::default();
        let guard = keys.take(1, "a").expect("free");
        assert!(keys.take(1, "a").is_none());
        assert!(keys.take(2, "a").is_some() && keys.take(1, "b").is_some());
        drop(guard);
        assert!(keys.take(1, "a").is_some());
    }
}
