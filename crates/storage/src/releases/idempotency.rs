//! Answers that an `Idempotency-Key` replays (`amplitude-2.md`, POST /api/2/release).

use std::{fmt, sync::Arc};

use chrono::Duration;
use diesel::prelude::*;
use releasepage_domain::time::UtcTime;

use crate::{AnyConnection, QueryResult, database::schema::idempotency_keys, releases::row::Release};

/// The time that an answer is replayed.
pub const IDEMPOTENCY_VALID: Duration = Duration::hours(24);

/// A request that names an idempotency key.
#[derive(Clone)]
pub struct Idempotency {
    /// The key as it was sent.
    pub key: String,
    /// The fingerprint of the request's fields: equal exactly where they are.
    pub fingerprint: String,
    /// Makes the answer that is kept. It must not fail and must not do anything else: it runs inside the transaction.
    pub answer: Arc<dyn Fn(&Release) -> String + Send + Sync>,
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Idempotency").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The outcome of a request with an idempotency key.
#[derive(Clone, Debug, PartialEq)]
pub enum Replay<T> {
    /// It was done now.
    Fresh(T),
    /// It was done before: the answer of then.
    Before(String),
    /// The key was used for a request with other fields.
    Other,
}

/// Looks a key up under its repository's scope.
pub(crate) fn idempotency_find<T>(
    connection: &mut AnyConnection,
    repository_id: i64,
    idempotency: &Idempotency,
    now: UtcTime,
) -> QueryResult<Option<Replay<T>>> {
    let row = idempotency_keys::table.find((repository_id, &idempotency.key));
    let found: Option<(String, String, UtcTime)> = row
        .select((idempotency_keys::fingerprint, idempotency_keys::answer, idempotency_keys::created_at))
        .first(connection)
        .optional()?;
    match found {
        None => Ok(None),
        Some((_, _, created_at)) if now - created_at > IDEMPOTENCY_VALID => {
            diesel::delete(row).execute(connection)?;
            Ok(None)
        }
        Some((fingerprint, answer, _)) if fingerprint == idempotency.fingerprint => Ok(Some(Replay::Before(answer))),
        Some(_) => Ok(Some(Replay::Other)),
    }
}

/// Keeps the answer, in the release's own transaction.
pub(crate) fn idempotency_store(
    connection: &mut AnyConnection,
    repository_id: i64,
    idempotency: &Idempotency,
    release: &Release,
    now: UtcTime,
) -> QueryResult<()> {
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::repository_id.eq(repository_id),
            idempotency_keys::idempotency_key.eq(&idempotency.key),
            idempotency_keys::fingerprint.eq(&idempotency.fingerprint),
            idempotency_keys::answer.eq((idempotency.answer)(release)),
            idempotency_keys::created_at.eq(now),
        ))
        .execute(connection)?;
    Ok(())
}
