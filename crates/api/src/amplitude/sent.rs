//! Reads the fields of a request: from its body, in any content type, and from its query.

use actix_multipart::Multipart;
use actix_web::{error::PayloadError, http::header::HeaderMap, web::Bytes};
use futures_util::{StreamExt, stream};
use releasepage_http::content_type::{content_is_compressed, content_type_readable};

use super::{
    error::AmplitudeError,
    fields::{FieldNames, Fields, FieldsError},
};

/// Reads body and query. If a field is in both, the body wins. An empty body has no fields, whatever its type.
pub(crate) async fn fields_read(
    names: FieldNames,
    headers: &HeaderMap,
    query: &str,
    body: Bytes,
) -> Result<Fields, AmplitudeError> {
    let query = Fields::from_form(names, query.as_bytes())?;
    if body.is_empty() {
        return Ok(query);
    }
    if content_is_compressed(headers) {
        return Err(AmplitudeError::ContentCompressed);
    }
    let fields = match BodyKind::sent(headers).ok_or(AmplitudeError::ContentTypeUnsupported)? {
        BodyKind::Json => Fields::from_json(names, &body)?,
        BodyKind::Form => Fields::from_form(names, &body)?,
        BodyKind::Multipart => multipart_read(names, headers, body).await?,
    };
    Ok(fields.or(query))
}

/// Reads a body that must be JSON. An empty body has no fields, whatever its type.
pub(crate) fn json_fields_read(names: FieldNames, headers: &HeaderMap, body: &[u8]) -> Result<Fields, AmplitudeError> {
    if body.is_empty() {
        return Ok(Fields::new(names));
    }
    if content_is_compressed(headers) {
        return Err(AmplitudeError::ContentCompressed);
    }
    if BodyKind::sent(headers) != Some(BodyKind::Json) {
        return Err(AmplitudeError::ContentTypeNotJson);
    }
    Ok(Fields::from_json(names, body)?)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyKind {
    Json,
    Form,
    Multipart,
}

impl BodyKind {
    /// Returns the format that the body's content type names; `None` if it is another one or cannot be read.
    fn sent(headers: &HeaderMap) -> Option<Self> {
        content_type_readable(headers).and_then(|media_type| Self::of(&media_type))
    }

    /// Returns the format that a media type names; `None` if it is another one.
    fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "application/json" => Some(Self::Json),
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "multipart/form-data" => Some(Self::Multipart),
            _ => None,
        }
    }
}

/// Reads the text of every part that has the name of a field. A part with a file name counts as text too, because
/// `curl -F description=@notes.md` sends notes this way.
async fn multipart_read(names: FieldNames, headers: &HeaderMap, body: Bytes) -> Result<Fields, FieldsError> {
    let wrong = |error: actix_multipart::MultipartError| FieldsError::Multipart(error.to_string());
    let mut form = Multipart::new(headers, stream::iter([Ok::<_, PayloadError>(body)]));
    let mut fields = Fields::new(names);
    while let Some(part) = form.next().await {
        let mut part = part.map_err(wrong)?;
        let name = part.name().and_then(|name| names.known(name));
        let mut value = Vec::new();
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(wrong)?;
            if name.is_some() {
                value.extend_from_slice(&chunk);
            }
        }
        if let Some(name) = name {
            fields.push_text(name, value)?;
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amplitude::fields::FieldName;
    use actix_web::http::header::{self, HeaderValue};
    use proptest::prelude::*;
    use serde_json::json;

    const NAMES: FieldNames = FieldNames::new(&[
        FieldName::required("version"),
        FieldName::required("title"),
        FieldName::optional("description"),
        FieldName::list("platforms"),
    ]);

    fn headers(content_type: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).expect("a header"));
        headers
    }

    fn read(content_type: &str, query: &str, body: &[u8]) -> Result<Fields, AmplitudeError> {
        actix_web::rt::System::new().block_on(fields_read(
            NAMES,
            &headers(content_type),
            query,
            Bytes::copy_from_slice(body),
        ))
    }

    #[test]
    fn a_body_of_another_kind_is_refused_only_where_there_is_one() {
        for content_type in ["text/plain", "application/jsonp", "application/json; charset=latin1", ""] {
            let read = read(content_type, "title=a", b"{}");
            assert!(matches!(read, Err(AmplitudeError::ContentTypeUnsupported)), "{content_type}");
        }
        assert_eq!(read("text/plain", "title=a", b"").expect("a query").values("title"), [json!("a")]);
    }

    #[test]
    fn where_only_json_is_read_nothing_else_is() {
        let read = |content_type: &str, body: &[u8]| json_fields_read(NAMES, &headers(content_type), body);
        let fields = read("application/json; charset=utf-8", br#"{"title": "a", "other": 1}"#).expect("JSON");
        assert_eq!(fields.values("title"), [json!("a")]);
        assert!(read("text/plain", b"").is_ok_and(|fields| fields.is_empty()));
        for content_type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""] {
            assert!(matches!(read(content_type, b"{}"), Err(AmplitudeError::ContentTypeNotJson)), "{content_type}");
        }
        assert!(matches!(read("application/json", b"[]"), Err(AmplitudeError::Fields(_))));
    }

    #[test]
    fn every_kind_of_body_is_read_and_wins_over_the_query() {
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nbody\r\n\
             --x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n\u{0}\r\n\
             --x\r\nContent-Disposition: form-data; name=\"platforms\"\r\n\r\niOS\r\n\
             --x\r\nContent-Disposition: form-data; name=\"platforms[]\"; filename=\"p\"\r\n\r\nAndroid\r\n--x--\r\n";
        for (content_type, body) in [
            ("application/json", r#"{"title": "body", "platforms": "iOS,Android"}"#),
            ("application/x-www-form-urlencoded", "title=body&platforms%5B0%5D=iOS&platforms[1]=Android"),
            ("multipart/form-data; boundary=x", multipart),
        ] {
            let fields =
                read(content_type, "title=query&version=1.10&platforms[]=Web", body.as_bytes()).expect(content_type);
            assert_eq!(fields.values("title"), [json!("body")], "{content_type}");
            assert_eq!(fields.values("version"), [json!("1.10")], "{content_type}");
            assert!(!fields.values("platforms").contains(&json!("Web")), "{content_type}");
            assert!(!fields.values("platforms").is_empty(), "{content_type}");
        }
    }

    #[test]
    fn long_parts_come_whole() {
        let notes = "x".repeat(1024 * 1024);
        let body = format!("--x\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n{notes}\r\n--x--\r\n");
        let fields = read("multipart/form-data; boundary=x", "", body.as_bytes()).expect("a form");
        assert_eq!(fields.values("description"), [json!(notes)]);
    }

    #[test]
    fn broken_forms_are_refused() {
        let part = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n";
        for (content_type, body) in [
            ("multipart/form-data", format!("{part}a\r\n--x--\r\n").into_bytes()),
            ("multipart/form-data; boundary=y", format!("{part}a\r\n--x--\r\n").into_bytes()),
            ("multipart/form-data; boundary=x", format!("{part}a").into_bytes()),
            ("multipart/form-data; boundary=x", [part.as_bytes(), b"\xff\r\n--x--\r\n"].concat()),
            ("application/x-www-form-urlencoded", b"title=\xff".to_vec()),
            ("application/json", b"{\"title\": \"\xff\"}".to_vec()),
        ] {
            let read = read(content_type, "", &body);
            assert!(matches!(read, Err(AmplitudeError::Fields(_))), "{content_type} {read:?}");
        }
    }

    proptest! {
        #[test]
        fn no_multipart_body_is_too_strange(bytes: Vec<u8>) {
            let _ = read("multipart/form-data; boundary=x", "", &[b"--x\r\n".to_vec(), bytes].concat());
        }
    }
}
