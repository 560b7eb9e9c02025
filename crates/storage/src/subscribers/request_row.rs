//! Requests as they are stored, with what their mail and the page of their link need.

use diesel::prelude::*;
use releasepage_domain::{
    environment::Environment,
    subscriber::{Following, Preferences, SubscriberAddress, SubscriberState},
    subscription::{RequestMail, RequestState, SubscriptionOp},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, StoreError,
    database::{
        schema::{components, subscription_requests as requests},
        stored::{following_stored, stored},
    },
    pages::row::{PageIdentity, page_identity},
    subscribers::row::subscriber_find,
};

/// A request with everything that its mail and its link's page need.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request.
    pub id: i64,
    /// The page.
    pub page: PageIdentity,
    /// Live or test.
    pub environment: Environment,
    /// The operation that is asked for.
    pub op: SubscriptionOp,
    /// The address of the subscription.
    pub address: SubscriberAddress,
    /// The bumps to hear of.
    pub preferences: Preferences,
    /// The components to follow.
    pub following: Following,
    /// The names of those components; empty for all.
    pub component_names: Vec<String>,
    /// Its state.
    pub state: RequestState,
    /// The mail that answers it, once decided.
    pub mail: Option<RequestMail>,
    /// The time at which it was made.
    pub created_at: UtcTime,
    /// Says whether its mail was accepted.
    pub is_sent: bool,
    /// The subscriber, where there is one.
    pub subscriber_id: Option<i64>,
    /// The subscriber's own address, which may be written otherwise than the request's.
    pub subscriber_address: Option<SubscriberAddress>,
    /// The state of the subscriber now.
    pub subscriber_state: Option<SubscriberState>,
    /// The generation of the subscriber's links.
    pub link_generation: i32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = requests)]
struct RequestRow {
    id: i64,
    page_id: String,
    environment: String,
    op: String,
    address: String,
    preferences: String,
    components: Option<String>,
    state: String,
    mail: Option<String>,
    created_at: UtcTime,
    sent_at: Option<UtcTime>,
}

pub(crate) fn request_load(connection: &mut AnyConnection, id: i64) -> QueryResult<Request> {
    let row: RequestRow = requests::table
        .find(id)
        .select(RequestRow::as_select())
        .first(connection)
        .optional()?
        .ok_or(StoreError::NotFound)?;
    let page = page_identity(connection, &row.page_id)?;
    let following = following_stored(row.components.as_deref())?;
    let component_names = match &following {
        Following::All => Vec::new(),
        Following::Only(ids) => components::table
            .filter(components::id.eq_any(ids))
            .order(components::id)
            .select(components::name)
            .load(connection)?,
    };
    let environment: Environment = stored(&row.environment, "environment")?;
    let address = SubscriberAddress::parse("address", &row.address).map_err(|_| StoreError::corrupt("address"))?;
    let subscriber = subscriber_find(connection, &row.page_id, environment, &address)?;
    Ok(Request {
        id: row.id,
        page,
        environment,
        op: stored(&row.op, "op")?,
        address,
        preferences: Preferences::from_stored(&row.preferences).ok_or_else(|| StoreError::corrupt("preferences"))?,
        following,
        component_names,
        state: stored(&row.state, "request")?,
        mail: row.mail.map(|mail| stored(&mail, "mail")).transpose()?,
        created_at: row.created_at,
        is_sent: row.sent_at.is_some(),
        subscriber_id: subscriber.as_ref().map(|known| known.id),
        subscriber_state: subscriber.as_ref().map(|known| known.state),
        link_generation: subscriber.as_ref().map_or(0, |known| known.link_generation),
        subscriber_address: subscriber.map(|known| known.address),
    })
}
