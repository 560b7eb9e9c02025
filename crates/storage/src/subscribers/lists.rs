//! Subscribers as those see them who manage a page.

use std::collections::HashMap;

use diesel::prelude::*;
use releasepage_domain::{
    consent::{CONSENT_BY_MAIL, Consent},
    environment::Environment,
    subscriber::{Preferences, SubscriberAddress, SubscriberState},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::{
        cursor::{IdCursor, ListPart},
        schema::{components, subscriber_components, subscribers},
        stored::stored,
    },
    pages::row::page_load,
};

/// A subscriber as those see them who manage the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberEntry {
    /// The subscriber.
    pub id: i64,
    /// The page.
    pub page_id: String,
    /// Live or test.
    pub environment: Environment,
    /// The address that mail goes to.
    pub address: String,
    /// Their state.
    pub state: SubscriberState,
    /// The bumps they hear of.
    pub preferences: Preferences,
    /// The components they follow, by their `repo`; `None` for all that the page has and will have.
    pub components: Option<Vec<String>>,
    /// The source and the time of their consent; `None` for who never agreed.
    pub consent: Option<Consent>,
    /// The time at which the address was first handed in.
    pub created_at: UtcTime,
    /// The time at which they were confirmed last.
    pub confirmed_at: Option<UtcTime>,
    /// The time at which they left, if they did.
    pub unsubscribed_at: Option<UtcTime>,
}

/// A filter of a page's subscribers; `None` means any.
#[derive(Clone, Debug, Default)]
pub struct SubscribersFilter {
    /// Those in this state.
    pub state: Option<SubscriberState>,
    /// Of live or of test keys.
    pub environment: Option<Environment>,
    /// With this address, however it is written.
    pub address: Option<SubscriberAddress>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = subscribers)]
struct EntryRow {
    id: i64,
    page_id: String,
    environment: String,
    address: String,
    state: String,
    preferences: String,
    all_components: bool,
    created_at: UtcTime,
    confirmed_at: Option<UtcTime>,
    unsubscribed_at: Option<UtcTime>,
    consent_source: Option<String>,
    consent_at: Option<UtcTime>,
}

impl EntryRow {
    /// The source and the time of their consent. Nothing is stored of who pressed the button in a confirmation mail but
    /// that they did.
    fn consent(&self) -> Option<Consent> {
        match (&self.consent_source, self.consent_at) {
            (Some(source), Some(time)) => Some(Consent { source: source.clone(), time }),
            _ => self.confirmed_at.map(|time| Consent { source: CONSENT_BY_MAIL.to_owned(), time }),
        }
    }

    fn entry(self, followed: &mut HashMap<i64, Vec<String>>) -> QueryResult<SubscriberEntry> {
        Ok(SubscriberEntry {
            consent: self.consent(),
            environment: stored(&self.environment, "environment")?,
            state: stored(&self.state, "subscriber")?,
            preferences: Preferences::from_stored(&self.preferences)
                .ok_or_else(|| StoreError::corrupt("preferences"))?,
            components: (!self.all_components).then(|| followed.remove(&self.id).unwrap_or_default()),
            id: self.id,
            page_id: self.page_id,
            address: self.address,
            created_at: self.created_at,
            confirmed_at: self.confirmed_at,
            unsubscribed_at: self.unsubscribed_at,
        })
    }
}

/// The rows with the components that their subscribers follow.
fn entries(connection: &mut AnyConnection, rows: Vec<EntryRow>) -> QueryResult<Vec<SubscriberEntry>> {
    let choosy: Vec<i64> = rows.iter().filter(|row| !row.all_components).map(|row| row.id).collect();
    let mut followed: HashMap<i64, Vec<String>> = HashMap::new();
    if !choosy.is_empty() {
        let pairs: Vec<(i64, String)> = subscriber_components::table
            .inner_join(components::table)
            .filter(subscriber_components::subscriber_id.eq_any(choosy))
            .order(components::id)
            .select((subscriber_components::subscriber_id, components::repo))
            .load(connection)?;
        for (subscriber, repo) in pairs {
            followed.entry(subscriber).or_default().push(repo);
        }
    }
    rows.into_iter().map(|row| row.entry(&mut followed)).collect()
}

/// The subscribers of a page, oldest first, at most `limit` after the cursor. Fails with [`StoreError::NotFound`] where
/// the organization has no such page.
pub async fn subscriber_list(
    store: &Store,
    organization_id: i64,
    page_id: String,
    filter: SubscribersFilter,
    after: IdCursor,
    limit: u32,
) -> Result<ListPart<SubscriberEntry>, StoreError> {
    store
        .read(move |connection| {
            page_load(connection, organization_id, &page_id)?;
            let mut query = subscribers::table
                .filter(subscribers::page_id.eq(&page_id).and(subscribers::id.gt(after.0)))
                .order(subscribers::id)
                .limit(i64::from(limit) + 1)
                .select(EntryRow::as_select())
                .into_boxed();
            if let Some(state) = filter.state {
                query = query.filter(subscribers::state.eq(state.as_str()));
            }
            if let Some(environment) = filter.environment {
                query = query.filter(subscribers::environment.eq(environment.as_str()));
            }
            if let Some(address) = &filter.address {
                query = query.filter(subscribers::address_folded.eq(address.folded()));
            }
            let rows = query.load(connection)?;
            let rows = entries(connection, rows)?;
            Ok(ListPart::cut(rows, limit, |last: &SubscriberEntry| IdCursor(last.id).to_string()))
        })
        .await
}

/// One subscriber of a page. Fails with [`StoreError::NotFound`] where the organization has no such page, or the page
/// no such subscriber.
pub async fn subscriber_entry(
    store: &Store,
    organization_id: i64,
    page_id: String,
    id: i64,
) -> Result<SubscriberEntry, StoreError> {
    store
        .read(move |connection| {
            page_load(connection, organization_id, &page_id)?;
            subscriber_entry_load(connection, &page_id, id)
        })
        .await
}

/// One subscriber of a page, in the caller's transaction.
pub(crate) fn subscriber_entry_load(
    connection: &mut AnyConnection,
    page_id: &str,
    id: i64,
) -> QueryResult<SubscriberEntry> {
    let row: EntryRow = subscribers::table
        .filter(subscribers::id.eq(id).and(subscribers::page_id.eq(page_id)))
        .select(EntryRow::as_select())
        .first(connection)
        .optional()?
        .ok_or(StoreError::NotFound)?;
    Ok(entries(connection, vec![row])?.pop().ok_or(StoreError::NotFound)?)
}
