//! Reads the bodies of deliveries. Their senders are not known yet, so the memory for them is limited.

use std::time::Duration;

use actix_web::{HttpRequest, dev::Payload, http::header::CONTENT_LENGTH, web::Bytes};
use releasepage_auth::signature::HookProof;
use releasepage_http::{
    body::{BODY_MAX_HOOK, body_read},
    counting::{client_count, client_quota},
    error::{ErrorCode, V1Error},
    limits::Bucket,
    state::AppState,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::error_codes::SIGNATURE_INVALID;

/// The largest body, in bytes, that is read from anybody at any time. Nearly all deliveries are smaller.
const SMALL_MAX: usize = 64 * 1024;

/// The number of larger bodies in memory at once in this process: 16 of them are 80 MiB.
static LARGE_ROOM: Semaphore = Semaphore::const_new(16);

/// The time that a larger body waits for its room. A forge gives up after ten seconds.
const ROOM_TIMEOUT: Duration = Duration::from_secs(5);

/// The seconds after which a refused sender may try again if there was no room.
const ROOM_AGAIN: u32 = 5;

/// The body of a delivery, and the room that it takes.
pub(super) struct DeliveryBody {
    /// The body.
    pub(super) bytes: Bytes,
    _room: Option<SemaphorePermit<'static>>,
}

/// Reads the body of a delivery, at most 5 MiB.
///
/// A body of more than 64 KiB is not read if the proof cannot be right, or if the client has used up its refusals. The
/// answer is the same as after reading. Nothing here depends on the repository, so that nobody learns which
/// repositories exist. A body that cannot be read is counted for the client.
pub(super) async fn delivery_body_read(
    request: &HttpRequest,
    state: &AppState,
    payload: &mut Payload,
    proof: HookProof<'_>,
) -> Result<DeliveryBody, V1Error> {
    let (limit, room) = if is_small(request) {
        (SMALL_MAX, None)
    } else {
        if !proof.is_formed(state.now()) {
            client_count(request, state, Bucket::Write)?;
            return Err(SIGNATURE_INVALID.into());
        }
        if state.limits.peek(client_quota(request, state, Bucket::Write), state.now()).remaining == 0 {
            client_count(request, state, Bucket::Write)?;
        }
        let Ok(Ok(room)) = timeout(ROOM_TIMEOUT, LARGE_ROOM.acquire()).await else {
            return Err(V1Error::new(ErrorCode::UNAVAILABLE).with_retry_after(ROOM_AGAIN));
        };
        (BODY_MAX_HOOK, Some(room))
    };
    match body_read(payload, limit).await {
        Ok(bytes) => Ok(DeliveryBody { bytes, _room: room }),
        Err(fault) => {
            client_count(request, state, Bucket::Write)?;
            Err(fault.into())
        }
    }
}

/// Reports whether the request declares a small body. A body in chunks declares no length.
fn is_small(request: &HttpRequest) -> bool {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length <= SMALL_MAX)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_a_length_that_is_told_makes_a_body_small() {
        for (length, expected) in [(Some("0"), true), (Some("65536"), true), (Some("65537"), false), (None, false)] {
            let request = TestRequest::post();
            let request = match length {
                Some(length) => request.insert_header((CONTENT_LENGTH, length)),
                None => request,
            };
            assert_eq!(is_small(&request.to_http_request()), expected, "{length:?}");
        }
    }
}
