//! The processing of a delivery, the same for every forge.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::HeaderMap,
    web::{Data, Path, Payload},
};
use releasepage_auth::signature::{HookProof, body_digest};
use releasepage_domain::{fault::Fault, hook_delivery::HookResult};
use releasepage_http::{
    content_type::content_type_readable,
    error::{ErrorCode, V1Error},
    state::AppState,
    urlencoded::urlencoded_pairs,
};
use releasepage_sources::{ForgeMessage, MessageError};
use releasepage_storage::sources::{
    hook_deliveries::{HookDelivery, HookReceipt, hook_receive},
    hooks::{HookAccess, HookNote, hook_note},
};

use super::{
    access::delivery_access,
    answer::delivery_answer,
    body::delivery_body_read,
    error_codes::{PAYLOAD_INVALID, REPOSITORY_OTHER},
    forge::ForgeHook,
    patience::in_time,
};

/// Accepts a delivery: checks its proof, stores it with the job that processes it, and answers.
pub(super) async fn hook_deliver(
    forge: &ForgeHook,
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AppState>,
) -> Result<HttpResponse, V1Error> {
    let proof = forge.proof(request.headers());
    let body = delivery_body_read(&request, &state, &mut payload.into_inner(), proof).await?;
    let access = delivery_access(&request, &state, &id, forge.origin, &body.bytes, proof).await?;
    let (event, delivery) = forge.headers_take(request.headers(), proof)?;
    let payload = payload_of(request.headers(), &body.bytes, forge.takes_forms)?;
    let note = |result, message: String, source| {
        let note = HookNote { delivery: delivery.to_owned(), event: event.to_owned(), result, message };
        in_time(hook_note(&state.store, access.repository_id, note, source, state.now()))
    };
    let answer = async |result, message: &'static str, source| match note(result, message.to_owned(), source).await? {
        Some(refusal) => Err(repository_other(&refusal)),
        None => delivery_answer(result, message),
    };
    match (forge.read)(event, &payload) {
        Ok(ForgeMessage::Ping { repository }) => {
            let message = "deliveries reach this repository: its next release comes by itself";
            answer(HookResult::Processed, message, repository).await
        }
        Ok(ForgeMessage::Ignored { because, repository }) => answer(HookResult::Ignored, because, repository).await,
        Ok(ForgeMessage::Release { repository, event: told }) => {
            let delivery = HookDelivery {
                delivery: delivery.to_owned(),
                digest: match proof {
                    // Its id is signed, so that a repeated delivery cannot have another one.
                    HookProof::Standard { .. } => None,
                    HookProof::Digits(_) | HookProof::Token(_) => Some(body_digest(&body.bytes)),
                },
                event_name: event.to_owned(),
                source: repository,
                event: told,
            };
            delivery_store(&state, &access, delivery).await
        }
        Err(error) => {
            note(HookResult::Refused, error.to_string(), None).await?;
            Err(refusal(error))
        }
    }
}

/// Stores a delivery, and answers with the result.
async fn delivery_store(
    state: &AppState,
    access: &HookAccess,
    delivery: HookDelivery,
) -> Result<HttpResponse, V1Error> {
    match in_time(hook_receive(&state.store, access, delivery, state.now())).await? {
        HookReceipt::Queued => delivery_answer(HookResult::Accepted, "the release is processed within moments"),
        HookReceipt::Repeated => delivery_answer(HookResult::Ignored, "this delivery came before: nothing is to do"),
        HookReceipt::Refused { message } => Err(repository_other(&message)),
    }
}

/// Makes the error for a delivery of another repository. The message names both.
fn repository_other(message: &str) -> V1Error {
    V1Error::new(REPOSITORY_OTHER).with_description(format!("{}: {message}", REPOSITORY_OTHER.description))
}

/// Returns the JSON of a delivery: the body, or the field `payload` of a form. The webhook's content type at the forge
/// decides which.
fn payload_of<'a>(headers: &HeaderMap, body: &'a [u8], takes_forms: bool) -> Result<Cow<'a, [u8]>, V1Error> {
    match content_type_readable(headers).as_deref() {
        Some("application/json") => Ok(Cow::Borrowed(body)),
        Some("application/x-www-form-urlencoded") if takes_forms => {
            let mut pairs = urlencoded_pairs(body);
            let payload = pairs.find(|(name, _)| name.as_deref() == Some("payload")).and_then(|(_, value)| value);
            let expected = "must be a field of the form, in UTF-8";
            let payload = payload.ok_or_else(|| Fault::missing("payload", expected))?;
            Ok(Cow::Owned(payload.into_bytes()))
        }
        _ => {
            let description = if takes_forms {
                "Content-Type must be application/json or application/x-www-form-urlencoded, in UTF-8 and uncompressed"
            } else {
                "Content-Type must be application/json, in UTF-8 and uncompressed"
            };
            Err(V1Error::content_type_unsupported(headers, description))
        }
    }
}

fn refusal(error: MessageError) -> V1Error {
    match error {
        MessageError::Json => {
            V1Error::new(ErrorCode::JSON_INVALID).with_description("The payload must be a JSON object in UTF-8")
        }
        MessageError::Fields(faults) => {
            let description = format!("{}: {faults}", PAYLOAD_INVALID.description);
            let error = V1Error::new(PAYLOAD_INVALID).with_description(description);
            faults.as_slice().iter().fold(error, |error, fault| error.with_cause(&fault.field, fault.kind))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{CONTENT_TYPE, HeaderValue};

    use super::*;

    fn of_type(content_type: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.append(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers
    }

    #[test]
    fn both_content_types_are_read() {
        let json = payload_of(&of_type("application/json"), b"{}", false).unwrap();
        assert_eq!(json.as_ref(), b"{}");
        let form = of_type("application/x-www-form-urlencoded");
        let payload = payload_of(&form, b"a=1&payload=%7B%22a%22%3A+1%7D", true).unwrap();
        assert_eq!(payload.as_ref(), br#"{"a": 1}"#);
        for (content_type, body, takes_forms, code) in [
            ("text/plain", "{}", true, "content-type-unsupported"),
            ("application/json; charset=latin1", "{}", true, "content-type-unsupported"),
            ("application/x-www-form-urlencoded", "a=1", true, "request-invalid"),
            ("application/x-www-form-urlencoded", "payload=%FF", true, "request-invalid"),
            ("application/x-www-form-urlencoded", "payload=%7B%7D", false, "content-type-unsupported"),
        ] {
            let error = payload_of(&of_type(content_type), body.as_bytes(), takes_forms).unwrap_err();
            assert_eq!(error.code.code, code, "{content_type} {body}");
        }
    }
}
