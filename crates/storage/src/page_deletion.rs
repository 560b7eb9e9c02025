//! Deleting a page, and everything that belongs to it alone.

use diesel::prelude::*;

use crate::{
    QueryResult, Scope, Store, StoreError,
    backend::AnyConnection,
    page_slugs::page_slugs_forget,
    pages::{page_load, repositories_lock},
    schema::{
        announcements, component_releases, components, deliveries, job_turns, jobs, mailbox, page_keys, pages,
        subscriber_components, subscribers, subscription_requests,
    },
};

/// How many records of messages go in one transaction.
const BATCH: i64 = 1_000;

/// Deletes a page with its components, keys, subscribers, announcements and captured messages, and the jobs that wait
/// for it: nobody is mailed any more. Its repositories keep their releases. A suppressed address stays suppressed on
/// the server.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such page, and with [`StoreError::Conflict`] where
/// readers still see it: one call shall not end what they rely on.
pub async fn page_delete(store: &Store, organization_id: i64, page_id: String) -> Result<(), StoreError> {
    // There can be millions of these records, and no transaction shall be long. Where a server ends in the middle, the
    // page is still there, and its deletion is asked for again.
    loop {
        let page_id = page_id.clone();
        let more = store
            .write(&[Scope::Page(page_id.clone())], move |connection| {
                page_hidden(connection, organization_id, &page_id)?;
                deliveries_forget(connection, &page_id)
            })
            .await?;
        if !more {
            break;
        }
    }
    store
        .write(&[Scope::Page(page_id.clone())], move |connection| {
            page_hidden(connection, organization_id, &page_id)?;
            // No release is announced on the page meanwhile.
            repositories_lock(connection, &page_id)?;
            while deliveries_forget(connection, &page_id)? {}
            page_erase(connection, &page_id)
        })
        .await
}

/// Makes sure that the organization has the page, and that no reader sees it.
fn page_hidden(connection: &mut AnyConnection, organization_id: i64, page_id: &str) -> QueryResult<()> {
    if page_load(connection, organization_id, page_id)?.published {
        return Err(StoreError::Conflict("the page is published: set published to false before deleting it").into());
    }
    Ok(())
}

/// Removes a batch of the records of a page's messages, sent or not. Answers whether there may be more.
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

/// Removes all that refers to the page, what refers to something else of it first.
fn page_erase(connection: &mut AnyConnection, page_id: &str) -> QueryResult<()> {
    diesel::delete(jobs::table.filter(jobs::turn.eq(page_id))).execute(connection)?;
    diesel::delete(job_turns::table.filter(job_turns::turn.eq(page_id))).execute(connection)?;
    diesel::delete(announcements::table.filter(announcements::page_id.eq(page_id))).execute(connection)?;
    diesel::delete(mailbox::table.filter(mailbox::page_id.eq(page_id))).execute(connection)?;
    diesel::delete(subscription_requests::table.filter(subscription_requests::page_id.eq(page_id)))
        .execute(connection)?;
    let own_subscribers = subscribers::table.filter(subscribers::page_id.eq(page_id));
    let followed = subscriber_components::subscriber_id.eq_any(own_subscribers.select(subscribers::id));
    diesel::delete(subscriber_components::table.filter(followed)).execute(connection)?;
    diesel::delete(own_subscribers).execute(connection)?;
    let own_components = components::table.filter(components::page_id.eq(page_id));
    let shown = component_releases::component_id.eq_any(own_components.select(components::id));
    diesel::delete(component_releases::table.filter(shown)).execute(connection)?;
    diesel::delete(own_components).execute(connection)?;
    page_slugs_forget(connection, page_id)?;
    diesel::delete(page_keys::table.filter(page_keys::page_id.eq(page_id))).execute(connection)?;
    diesel::delete(pages::table.find(page_id)).execute(connection)?;
    Ok(())
}
