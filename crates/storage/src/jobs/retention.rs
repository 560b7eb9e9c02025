//! Removing what is past its time.

use chrono::Duration;
use diesel::prelude::*;
use releasepage_domain::{
    hook_delivery::{HOOK_DELIVERY_REMEMBERED, HookStanding},
    subscriber::SubscriberState,
    time::UtcTime,
};

use crate::{
    Store, StoreError,
    database::schema::{
        address_mails, deliveries, hook_deliveries, idempotency_keys, mailbox, sessions, subscribers,
        subscription_requests,
    },
    releases::idempotency::IDEMPOTENCY_VALID,
};

/// The time for which rows are kept, by their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Subscription requests, and subscribers who never confirmed.
    pub unconfirmed: Duration,
    /// The records of messages sent.
    pub deliveries: Duration,
    /// Captured messages.
    pub mailbox: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { unconfirmed: Duration::days(7), deliveries: Duration::days(400), mailbox: Duration::days(7) }
    }
}

/// The number of rows that go in one transaction: the writers of SQLite wait for it, and Postgres' statements have a
/// time limit.
const BATCH: i64 = 1_000;

/// Removes the rows of a table, which has an `id`, that fulfil a condition, a batch at a time.
macro_rules! prune_batches {
    ($store:expr, $table:ident, $condition:expr) => {
        while $store
            .write(&[], move |connection| {
                let past: Vec<i64> =
                    $table::table.filter($condition).limit(BATCH).select($table::id).load(connection)?;
                // Once more the condition: one of them may have been confirmed meanwhile.
                diesel::delete($table::table.filter($table::id.eq_any(&past).and($condition))).execute(connection)?;
                Ok(!past.is_empty())
            })
            .await?
        {}
    };
}

/// Removes what is past its retention, in batches, each in a transaction of its own.
pub async fn prune(store: &Store, retention: Retention, now: UtcTime) -> Result<(), StoreError> {
    let unconfirmed = now - retention.unconfirmed;
    prune_batches!(store, subscription_requests, subscription_requests::created_at.lt(unconfirmed));
    let pending = SubscriberState::Pending.as_str();
    prune_batches!(store, subscribers, subscribers::state.eq(pending).and(subscribers::created_at.lt(unconfirmed)));
    prune_batches!(store, deliveries, deliveries::created_at.lt(now - retention.deliveries));
    prune_batches!(store, mailbox, mailbox::created_at.lt(now - retention.mailbox));
    // One that was not processed stays for as long as its job does: whoever has that tried again needs its event.
    let processed = hook_deliveries::standing.eq(HookStanding::Done.as_str());
    prune_batches!(
        store,
        hook_deliveries,
        processed.and(hook_deliveries::received_at.lt(now - HOOK_DELIVERY_REMEMBERED))
    );
    prune_batches!(store, address_mails, address_mails::sent_at.lt(now - Duration::hours(24)));
    store
        .write(&[], move |connection| {
            let old = idempotency_keys::created_at.lt(now - IDEMPOTENCY_VALID);
            diesel::delete(idempotency_keys::table.filter(old)).execute(connection)?;
            diesel::delete(sessions::table.filter(sessions::expires_at.lt(now))).execute(connection)?;
            Ok(())
        })
        .await
}
