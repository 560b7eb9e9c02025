//! How often a stranger may use the forms, and how many may at once.

use std::{
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
};

use actix_web::HttpRequest;
use releasepage_http::{
    limits::{Bucket, Quota, Subject},
    passwords::{Place, QUEUE_SECONDS},
    request::client_address,
    state::AppState,
};

use crate::error::PageError;

/// Attempts from unknown browsers that an account takes for each one that a client address has: one stranger alone
/// cannot use them up.
const ACCOUNT_FACTOR: u32 = 5;

/// Counts a request to subscribe: so many an hour for each client address.
pub(super) fn subscribe_allow(state: &AppState, request: &HttpRequest) -> Result<(), PageError> {
    let subject = Subject::Client(client_address(request).bucket());
    take(state, Quota { bucket: Bucket::SubscribeHourly, subject, limit: state.settings.subscribe_per_hour })
}

/// Counts an attempt to sign in.
///
/// A browser from which the account's owner has signed in before (`device`) has a count of its own, so that strangers
/// who guess never lock the owner out. All others are counted for their address, and for the account.
pub(super) fn sign_in_allow(
    state: &AppState,
    request: &HttpRequest,
    account: &str,
    device: Option<i64>,
) -> Result<(), PageError> {
    let limit = state.settings.sign_in_per_quarter;
    let bucket = Bucket::SignIn;
    if let Some(user_id) = device {
        return take(state, Quota { bucket, subject: Subject::Device(user_id), limit });
    }
    take(state, Quota { bucket, subject: Subject::Client(client_address(request).bucket()), limit })?;
    let limit = limit.saturating_mul(ACCOUNT_FACTOR);
    take(state, Quota { bucket, subject: Subject::Account(account_number(account)), limit })
}

/// A place in the queue for hashing, or the refusal where it is full: nobody waits for long.
pub(super) fn hashing_place(state: &AppState) -> Result<Place, PageError> {
    state.passwords.place().ok_or(PageError::RateLimited { retry_after: QUEUE_SECONDS })
}

/// A number for the name of an account, whether there is one or not; another one after each start.
fn account_number(account: &str) -> u64 {
    static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    HASHER.hash_one(account)
}

fn take(state: &AppState, quota: Quota) -> Result<(), PageError> {
    let status = state.limits.take(quota, state.now());
    if status.refused {
        return Err(PageError::RateLimited { retry_after: status.seconds.into() });
    }
    Ok(())
}
