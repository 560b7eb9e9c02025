//! Reading what is delivered, of which nobody knows yet who sent it: a client's body is not in memory only because it
//! was sent.

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

/// Largest body that is read from anybody at once, in bytes. Nearly all deliveries are smaller.
const SMALL_MAX: usize = 64 * 1024;

/// How many larger bodies are in memory at once in this process: 16 of them are 80 MiB.
static LARGE_ROOM: Semaphore = Semaphore::const_new(16);

/// How long a larger body waits for its room; a forge gives up after ten seconds.
const ROOM_TIMEOUT: Duration = Duration::from_secs(5);

/// After how many seconds it is worth trying again where there was none.
const ROOM_AGAIN: u32 = 5;

/// The body of a delivery, and the room that it takes.
pub(super) struct DeliveryBody {
    /// The body.
    pub(super) bytes: Bytes,
    _room: Option<SemaphorePermit<'static>>,
}

/// Reads the body of a delivery, at most 5 MiB.
///
/// Of more than 64 KiB, nothing is read where what the delivery shows cannot be right, or the client has been refused as often as
/// it may be: that is answered as it is after reading. Nothing here depends on the repository, so that nobody learns
/// which there are. What cannot be read is counted for the client.
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

/// Whether the body says that it is small. One that comes in chunks does not say how long it is.
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
