//! Limits on strangers who use forms, and on simultaneous password hashes.

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

/// The factor between the attempts on an account from unknown browsers and those of one client address. One stranger
/// alone cannot use up an account's attempts.
const ACCOUNT_FACTOR: u32 = 5;

/// Counts a request to subscribe. The limit is per hour and client address.
pub(super) fn subscribe_allow(state: &AppState, request: &HttpRequest) -> Result<(), PageError> {
    let subject = Subject::Client(client_address(request).bucket());
    take(state, Quota { bucket: Bucket::SubscribeHourly, subject, limit: state.settings.subscribe_per_hour })
}

/// Counts an attempt to sign in.
///
/// A browser from which the account's owner has signed in before (`device`) has its own count, so that strangers who
/// guess cannot lock the owner out. All other attempts count for their client address and for the account.
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

/// Takes a place in the queue for hashing, or refuses if it is full, so that nobody waits for long.
pub(super) fn hashing_place(state: &AppState) -> Result<Place, PageError> {
    state.passwords.place().ok_or(PageError::RateLimited { retry_after: QUEUE_SECONDS })
}

/// Returns a number for the name of an account, even if the account does not exist. It differs after each start.
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
