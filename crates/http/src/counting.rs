//! Counting requests against their limits.

use actix_web::HttpRequest;

use crate::{
    error::{ErrorCode, V1Error},
    limits::{Bucket, Quota, RateLimitStatus, Subject},
    request::{client_address, rate_limit_note},
    state::AppState,
};

/// Returns the quota of a client without a valid key.
pub fn client_quota(request: &HttpRequest, state: &AppState, bucket: Bucket) -> Quota {
    let subject = Subject::Client(client_address(request).bucket());
    Quota { bucket, subject, limit: state.settings.anonymous_per_minute }
}

/// Counts a request without a valid key.
pub fn client_count(request: &HttpRequest, state: &AppState, bucket: Bucket) -> Result<(), V1Error> {
    count(request, state, client_quota(request, state, bucket))
}

/// Counts a request and records the caller's status for the headers of the answer.
pub fn count(request: &HttpRequest, state: &AppState, quota: Quota) -> Result<(), V1Error> {
    let status = state.limits.take(quota, state.now());
    rate_limit_note(request, status);
    if status.refused { Err(refusal(status)) } else { Ok(()) }
}

/// Counts a request against a second limit, after it was counted for its key. The headers of the answer show this limit
/// only if it is exceeded.
pub fn count_beside(request: &HttpRequest, state: &AppState, quota: Quota) -> Result<(), V1Error> {
    let status = state.limits.take(quota, state.now());
    if !status.refused {
        return Ok(());
    }
    rate_limit_note(request, status);
    Err(refusal(status))
}

fn refusal(status: RateLimitStatus) -> V1Error {
    let seconds = status.seconds;
    let description = format!("{}: try again in {seconds} seconds", ErrorCode::RATE_LIMITED.description);
    V1Error::new(ErrorCode::RATE_LIMITED).with_description(description).with_retry_after(seconds)
}
