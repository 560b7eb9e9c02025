//! `POST /hooks/github/{repository_id}`: GitHub's webhook.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::HeaderMap,
    web::{Data, Path, Payload},
};
use releasepage_domain::{
    fault::{Fault, Faults},
    repository::RepositoryOrigin,
    source_event::DeliveryResult,
};
use releasepage_sources::{ForgeMessage, MessageError, github::message_read};
use releasepage_storage::{
    hook_deliveries::{HookDelivery, HookReceipt, hook_receive},
    hook_repositories::{HookAccess, HookNote, hook_note},
};

use super::{
    access::delivery_access,
    answer::{HookAnswerBody, delivery_answer},
    body::delivery_body_read,
    error_codes::{PAYLOAD_INVALID, REPOSITORY_OTHER},
};
use crate::{
    content_type::content_type_readable,
    openapi::values::ForgeHeader,
    state::ApiState,
    urlencoded::urlencoded_pairs,
    v1::error::{ErrorCode, V1Error},
};

/// The names of GitHub's headers.
const EVENT: &str = "x-github-event";
const DELIVERY: &str = "x-github-delivery";
const SIGNATURE: &str = "x-hub-signature-256";

/// Longest event name and id of a delivery, in characters; GitHub's have fewer than 50.
const HEADER_MAX: usize = 100;

/// `POST /hooks/github/{repository_id}` with what GitHub delivers, signed with the secret of the repository's webhook.
#[utoipa::path(
    post,
    path = "/hooks/github/{repository_id}",
    tag = "Hooks",
    summary = "Deliver an event of GitHub",
    description = "The address to enter as the payload URL of a webhook at GitHub, with either content type and the event \
                   `release`. A delivery that was processed is remembered by its `X-GitHub-Delivery` for 30 days: again, \
                   it does nothing.",
    security(("github" = [])),
    params(
        ("X-GitHub-Event" = ForgeHeader, Header, description = "The event: `release` or `ping`"),
        ("X-GitHub-Delivery" = ForgeHeader, Header, description = "The id of the delivery"),
    ),
    request_body(content = serde_json::Value, description = "GitHub's payload, at most 5 MiB"),
    responses(
        (status = 200, description = "There is nothing to do", body = HookAnswerBody),
        (status = 202, description = "The delivery is stored and processed within moments", body = HookAnswerBody),
        (status = 409, description = "The delivery is of another repository than those before it"),
        (status = 422, description = "Fields of the release cannot be used"),
    ),
)]
pub(crate) async fn github_deliver(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<ApiState>,
) -> Result<HttpResponse, V1Error> {
    let signature = header(request.headers(), SIGNATURE).unwrap_or_default();
    let body = delivery_body_read(&request, &state, &mut payload.into_inner(), signature).await?;
    let access = delivery_access(&request, &state, &id, RepositoryOrigin::Github, &body.bytes, signature).await?;
    let (event, delivery) = headers_take(request.headers())?;
    let payload = payload_of(request.headers(), &body.bytes)?;
    let note = |result, message: String| {
        let note = HookNote { delivery: delivery.to_owned(), event: event.to_owned(), result, message };
        hook_note(&state.store, access.repository_id, note, state.now())
    };
    match message_read(event, &payload) {
        Ok(ForgeMessage::Ping) => {
            let message = "GitHub reaches this repository: its next release comes by itself";
            note(DeliveryResult::Processed, message.to_owned()).await?;
            delivery_answer(DeliveryResult::Processed, message)
        }
        Ok(ForgeMessage::Ignored(because)) => {
            note(DeliveryResult::Ignored, because.to_owned()).await?;
            delivery_answer(DeliveryResult::Ignored, because)
        }
        Ok(ForgeMessage::Release { repository, event: told }) => {
            let delivery = HookDelivery {
                delivery: delivery.to_owned(),
                event_name: event.to_owned(),
                source: repository,
                event: told,
            };
            delivery_store(&state, &access, delivery).await
        }
        Err(error) => {
            note(DeliveryResult::Refused, error.to_string()).await?;
            Err(refusal(error))
        }
    }
}

/// Stores a delivery, and answers what comes of it.
async fn delivery_store(
    state: &ApiState,
    access: &HookAccess,
    delivery: HookDelivery,
) -> Result<HttpResponse, V1Error> {
    match hook_receive(&state.store, access, delivery, state.now()).await? {
        HookReceipt::Queued => delivery_answer(DeliveryResult::Accepted, "the release is processed within moments"),
        HookReceipt::Repeated => {
            delivery_answer(DeliveryResult::Ignored, "this delivery came before: nothing is to do")
        }
        HookReceipt::Foreign => Err(REPOSITORY_OTHER.into()),
    }
}

/// The event and the id of the delivery.
fn headers_take(headers: &HeaderMap) -> Result<(&str, &str), V1Error> {
    let mut faults = Faults::new();
    let mut take = |name: &str| {
        let expected = "must be the header that GitHub sends, of 1 to 100 visible ASCII characters";
        let is_good =
            |value: &&str| (1..=HEADER_MAX).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
        faults.take(match header(headers, name) {
            None => Err(Fault::missing(name, expected)),
            Some(value) => Some(value).filter(is_good).ok_or_else(|| Fault::invalid(name, expected)),
        })
    };
    let (event, delivery) = (take(EVENT), take(DELIVERY));
    Ok(faults.finish(|| event.zip(delivery))?)
}

/// A header that comes once.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    if values.next().is_some() {
        return Some("");
    }
    Some(value.to_str().unwrap_or_default())
}

/// The JSON of a delivery: the body, or the field `payload` of a form, as the webhook's content type at GitHub says.
fn payload_of<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Cow<'a, [u8]>, V1Error> {
    match content_type_readable(headers).as_deref() {
        Some("application/json") => Ok(Cow::Borrowed(body)),
        Some("application/x-www-form-urlencoded") => {
            let mut pairs = urlencoded_pairs(body);
            let payload = pairs.find(|(name, _)| name.as_deref() == Some("payload")).and_then(|(_, value)| value);
            let expected = "must be a field of the form, in UTF-8";
            let payload = payload.ok_or_else(|| Fault::missing("payload", expected))?;
            Ok(Cow::Owned(payload.into_bytes()))
        }
        _ => Err(V1Error::new(ErrorCode::CONTENT_TYPE_UNSUPPORTED).with_description(
            "Content-Type must be application/json or application/x-www-form-urlencoded, in UTF-8 and uncompressed",
        )),
    }
}

fn refusal(error: MessageError) -> V1Error {
    match error {
        MessageError::Json => ErrorCode::JSON_INVALID.into(),
        MessageError::Fields(faults) => {
            let description = format!("{}: {faults}", PAYLOAD_INVALID.description);
            let error = V1Error::new(PAYLOAD_INVALID).with_description(description);
            faults.as_slice().iter().fold(error, |error, fault| error.with_cause(&fault.field, fault.kind))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn both_content_types_are_read() {
        let of_type = |content_type: &'static str| headers(&[(CONTENT_TYPE.as_str(), content_type)]);
        let json = payload_of(&of_type("application/json"), b"{}").unwrap();
        assert_eq!(json.as_ref(), b"{}");
        let form =
            payload_of(&of_type("application/x-www-form-urlencoded"), b"a=1&payload=%7B%22a%22%3A+1%7D").unwrap();
        assert_eq!(form.as_ref(), br#"{"a": 1}"#);
        for (content_type, body, code) in [
            ("text/plain", "{}", "content-type-unsupported"),
            ("application/json; charset=latin1", "{}", "content-type-unsupported"),
            ("application/x-www-form-urlencoded", "a=1", "request-invalid"),
            ("application/x-www-form-urlencoded", "payload=%FF", "request-invalid"),
        ] {
            let error = payload_of(&of_type(content_type), body.as_bytes()).unwrap_err();
            assert_eq!(error.code.code, code, "{content_type} {body}");
        }
    }

    #[test]
    fn both_headers_are_needed_once() {
        let good = headers(&[(EVENT, "release"), (DELIVERY, "72d3162e-cc78-11e3-81ab-4c9367dc0958")]);
        assert_eq!(headers_take(&good).unwrap(), ("release", "72d3162e-cc78-11e3-81ab-4c9367dc0958"));
        let long = "x".repeat(101);
        for bad in [
            &[(EVENT, "release")][..],
            &[(EVENT, "release"), (DELIVERY, "")],
            &[(EVENT, "release"), (DELIVERY, "a b")],
            &[(EVENT, "release"), (DELIVERY, "é")],
            &[(EVENT, "release"), (DELIVERY, &long)],
            &[(EVENT, "release"), (DELIVERY, "a"), (DELIVERY, "b")],
        ] {
            let body = headers_take(&headers(bad)).unwrap_err().body(&"https://a.example".parse().unwrap(), None);
            assert_eq!(body["error_causes"][0]["field"], DELIVERY, "{bad:?}");
        }
    }
}
