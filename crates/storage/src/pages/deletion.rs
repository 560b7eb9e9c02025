//! Deleting a page, and everything that belongs to it alone.

use diesel::prelude::*;
use releasepage_domain::page::page_deletion_check;

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::schema::{
        announcements, component_releases, components, deliveries, group_members, groups, job_turns, jobs, mailbox,
        page_keys, pages, subscriber_components, subscribers, subscription_requests,
    },
    pages::{
        row::{page_load, repositories_lock},
        slugs::page_slugs_forget,
    },
};

/// The number of rows of a table that go in one transaction.
const BATCH: i64 = 1_000;

/// Removes a batch of what there can be very much of. Answers whether there may be more.
type Forget = fn(&mut AnyConnection, &str) -> QueryResult<bool>;

/// Steps that go in batches: first the jobs, so that nobody works on what goes after them.
const IN_BATCHES: [Forget; 5] = [jobs_forget, deliveries_forget, mailbox_forget, requests_forget, subscribers_forget];

/// Deletes a page with its components, keys, subscribers, announcements and captured messages, and the jobs that wait
/// for it: nobody is mailed any more. Its repositories keep their releases. A suppressed address stays suppressed on
/// the server.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such page, and with [`StoreError::Conflict`] where
/// readers still see it: one call shall not end what they rely on.
pub async fn page_delete(store: &Store, organization_id: i64, page_id: String) -> Result<(), StoreError> {
    // There can be millions of these rows, and no transaction shall be long. Where a server ends in the middle, the
    // page is still there without some of them, and its deletion is asked for again.
    for forget in IN_BATCHES {
        loop {
            let page_id = page_id.clone();
            let more = store
                .write(&[Scope::Page(page_id.clone())], move |connection| {
                    page_hidden(connection, organization_id, &page_id)?;
                    forget(connection, &page_id)
                })
                .await?;
            if !more {
                break;
            }
        }
    }
    store
        .write(&[Scope::Page(page_id.clone())], move |connection| {
            page_hidden(connection, organization_id, &page_id)?;
            // No release is announced on the page meanwhile.
            repositories_lock(connection, &page_id)?;
            connection.lock(&Scope::Groups(page_id.clone()))?;
            // What came since.
            for forget in IN_BATCHES {
                while forget(connection, &page_id)? {}
            }
            page_erase(connection, &page_id)
        })
        .await
}

/// Makes sure that the organization has the page, and that no reader sees it.
fn page_hidden(connection: &mut AnyConnection, organization_id: i64, page_id: &str) -> QueryResult<()> {
    Ok(page_deletion_check(page_load(connection, organization_id, page_id)?.published)?)
}

/// Removes a batch of the rows of a table, which has an `id`, that fulfil a condition.
macro_rules! batch_delete {
    ($connection:expr, $table:ident, $condition:expr) => {{
        let batch: Vec<i64> = $table::table.filter($condition).limit(BATCH).select($table::id).load($connection)?;
        diesel::delete($table::table.filter($table::id.eq_any(&batch))).execute($connection)?;
        Ok(!batch.is_empty())
    }};
}

/// The jobs that wait for the page.
fn jobs_forget(connection: &mut AnyConnection, page_id: &str) -> QueryResult<bool> {
    batch_delete!(connection, jobs, jobs::turn.eq(page_id))
}

/// The records of its messages, sent or not.
fn deliveries_forget(connection: &mut AnyConnection, page_id: &str) -> QueryResult<bool> {
    let batch: Vec<i64> = deliveries::table
        .inner_join(announcements::table)
        .filter(announcements::page_id.eq(page_id))
        .limit(BATCH)
        .select(deliveries::id)
        .load(connection)?;
    diesel::delete(deliveries::table.filter(deliveries::id.eq_any(&batch))).execute(connection)?;
    Ok(!batch.is_empty())
}

/// Its captured messages.
fn mailbox_forget(connection: &mut AnyConnection, page_id: &str) -> QueryResult<bool> {
    batch_delete!(connection, mailbox, mailbox::page_id.eq(page_id))
}

/// Removes what was asked for on it.
fn requests_forget(connection: &mut AnyConnection, page_id: &str) -> QueryResult<bool> {
    batch_delete!(connection, subscription_requests, subscription_requests::page_id.eq(page_id))
}

/// Its subscribers, and what each of them follows.
fn subscribers_forget(connection: &mut AnyConnection, page_id: &str) -> QueryResult<bool> {
    let own = subscribers::table.filter(subscribers::page_id.eq(page_id));
    let batch: Vec<i64> = own.limit(BATCH).select(subscribers::id).load(connection)?;
    let followed = subscriber_components::subscriber_id.eq_any(&batch);
    diesel::delete(subscriber_components::table.filter(followed)).execute(connection)?;
    diesel::delete(subscribers::table.filter(subscribers::id.eq_any(&batch))).execute(connection)?;
    Ok(!batch.is_empty())
}

/// Removes all else that refers to the page, what refers to something else of it first.
fn page_erase(connection: &mut AnyConnection, page_id: &str) -> QueryResult<()> {
    diesel::delete(job_turns::table.filter(job_turns::turn.eq(page_id))).execute(connection)?;
    diesel::delete(announcements::table.filter(announcements::page_id.eq(page_id))).execute(connection)?;
    diesel::delete(group_members::table.filter(group_members::page_id.eq(page_id))).execute(connection)?;
    diesel::delete(groups::table.filter(groups::page_id.eq(page_id))).execute(connection)?;
    let own_components = components::table.filter(components::page_id.eq(page_id));
    let shown = component_releases::component_id.eq_any(own_components.select(components::id));
    diesel::delete(component_releases::table.filter(shown)).execute(connection)?;
    diesel::delete(own_components).execute(connection)?;
    page_slugs_forget(connection, page_id)?;
    diesel::delete(page_keys::table.filter(page_keys::page_id.eq(page_id))).execute(connection)?;
    diesel::delete(pages::table.find(page_id)).execute(connection)?;
    Ok(())
}
