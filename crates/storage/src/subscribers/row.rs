//! Subscribers as they are stored.

use diesel::prelude::*;
use releasepage_domain::{
    bump::Bump,
    environment::Environment,
    subscriber::{Following, Preferences, SubscriberAddress, SubscriberState},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, StoreError,
    database::{
        schema::{subscriber_components, subscribers},
        stored::stored,
    },
    pages::row::{PageComponent, PageIdentity, page_components, page_identity},
};

/// The scope that two decisions on one subscription depend on.
pub(crate) fn subscriber_scope(page_id: &str, environment: Environment, address: &SubscriberAddress) -> Scope {
    Scope::Subscriber(format!("{page_id} {environment} {}", address.folded()))
}

/// A subscriber as their own preferences page shows them.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// The subscriber.
    pub id: i64,
    /// The page.
    pub page: PageIdentity,
    /// The components that the page has.
    pub components: Vec<PageComponent>,
    /// Live or test.
    pub environment: Environment,
    /// The address.
    pub address: SubscriberAddress,
    /// Their state.
    pub state: SubscriberState,
    /// The bumps they hear of.
    pub preferences: Preferences,
    /// The components they follow.
    pub following: Following,
    /// The generation of their links.
    pub link_generation: i32,
}

/// A subscriber, as far as a request must know.
pub(crate) struct KnownSubscriber {
    pub(crate) id: i64,
    /// The address as it was given by whoever confirmed it, or by whoever asked first.
    pub(crate) address: SubscriberAddress,
    pub(crate) state: SubscriberState,
    pub(crate) link_generation: i32,
}

/// The subscriber with an address on a page.
pub(crate) fn subscriber_find(
    connection: &mut AnyConnection,
    page_id: &str,
    environment: Environment,
    address: &SubscriberAddress,
) -> QueryResult<Option<KnownSubscriber>> {
    let found: Option<(i64, String, String, i32)> = subscribers::table
        .filter(
            subscribers::page_id
                .eq(page_id)
                .and(subscribers::environment.eq(environment.as_str()))
                .and(subscribers::address_folded.eq(address.folded())),
        )
        .select((subscribers::id, subscribers::address, subscribers::state, subscribers::link_generation))
        .first(connection)
        .optional()?;
    let Some((id, address, state, link_generation)) = found else { return Ok(None) };
    let address = address_stored(&address)?;
    Ok(Some(KnownSubscriber { id, address, state: stored(&state, "subscriber")?, link_generation }))
}

/// Reads a stored address.
pub(crate) fn address_stored(address: &str) -> QueryResult<SubscriberAddress> {
    Ok(SubscriberAddress::parse("address", address).map_err(|_| StoreError::corrupt("address"))?)
}

/// A subscriber who is to be stored.
#[derive(Insertable)]
// Without defaults, so that SQLite too takes several rows in one statement.
#[diesel(table_name = subscribers, treat_none_as_default_value = false)]
pub(crate) struct SubscriberInsert {
    pub(crate) page_id: String,
    pub(crate) environment: &'static str,
    pub(crate) address: String,
    pub(crate) address_folded: String,
    pub(crate) state: &'static str,
    pub(crate) preferences: String,
    pub(crate) wants_major: bool,
    pub(crate) wants_minor: bool,
    pub(crate) wants_patch: bool,
    pub(crate) wants_prerelease: bool,
    pub(crate) all_components: bool,
    pub(crate) link_generation: i32,
    pub(crate) created_at: UtcTime,
    pub(crate) confirmed_at: Option<UtcTime>,
    pub(crate) unsubscribed_at: Option<UtcTime>,
    pub(crate) consent_source: Option<String>,
    pub(crate) consent_at: Option<UtcTime>,
}

impl SubscriberInsert {
    /// One who did not confirm yet. The components of one who follows only some are stored apart.
    pub(crate) fn pending(
        page_id: &str,
        environment: Environment,
        address: &SubscriberAddress,
        preferences: &Preferences,
        following: &Following,
        now: UtcTime,
    ) -> Self {
        Self {
            page_id: page_id.to_owned(),
            environment: environment.as_str(),
            address: address.as_str().to_owned(),
            address_folded: address.folded(),
            state: SubscriberState::Pending.as_str(),
            preferences: preferences.stored(),
            wants_major: preferences.holds(Bump::Major),
            wants_minor: preferences.holds(Bump::Minor),
            wants_patch: preferences.holds(Bump::Patch),
            wants_prerelease: preferences.holds(Bump::Prerelease),
            all_components: *following == Following::All,
            link_generation: 0,
            created_at: now,
            confirmed_at: None,
            unsubscribed_at: None,
            consent_source: None,
            consent_at: None,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = subscribers)]
struct SubscriberRow {
    page_id: String,
    environment: String,
    address: String,
    state: String,
    preferences: String,
    all_components: bool,
    link_generation: i32,
}

pub(crate) fn subscriber_load(connection: &mut AnyConnection, id: i64) -> QueryResult<Subscriber> {
    let row: SubscriberRow = subscribers::table
        .find(id)
        .select(SubscriberRow::as_select())
        .first(connection)
        .optional()?
        .ok_or(StoreError::NotFound)?;
    let page = page_identity(connection, &row.page_id)?;
    let following = if row.all_components {
        Following::All
    } else {
        let components = subscriber_components::table
            .filter(subscriber_components::subscriber_id.eq(id))
            .order(subscriber_components::component_id)
            .select(subscriber_components::component_id)
            .load(connection)?;
        Following::Only(components)
    };
    let components = page_components(connection, &row.page_id)?;
    Ok(Subscriber {
        id,
        page,
        components,
        environment: stored(&row.environment, "environment")?,
        address: address_stored(&row.address)?,
        state: stored(&row.state, "subscriber")?,
        preferences: Preferences::from_stored(&row.preferences).ok_or_else(|| StoreError::corrupt("preferences"))?,
        following,
        link_generation: row.link_generation,
    })
}
