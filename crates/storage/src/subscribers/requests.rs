//! Requests to subscribe, to change or to leave: noted by the API, decided and mailed by a job, used by a click.

use chrono::Duration;
use diesel::{dsl::max, prelude::*};
use releasepage_domain::{
    environment::Environment,
    fault::Fault,
    job::JobPayload,
    subscriber::{Following, Preferences, SubscriberAddress},
    subscription::{
        RequestCaps, RequestFacts, RequestLink, RequestMail, RequestState, SubscriptionOp, request_link,
        subscription_decide, subscription_mail_is_wanted,
    },
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        schema::{components, subscription_requests as requests},
        stored::following_text,
    },
    jobs::row::{JobTicket, job_enqueue, job_is_held},
    subscribers::{
        addresses::{address_is_suppressed, address_mail_note, address_mails_since, address_reached, address_standing},
        changes::{subscriber_apply, subscriber_pending},
        request_row::{Request, request_load},
        row::{subscriber_find, subscriber_scope},
    },
};

/// A request as somebody makes it.
#[derive(Clone, Debug)]
pub struct RequestNew {
    /// The page.
    pub page_id: String,
    /// The environment of the key that was used; `Live` for the form on the page.
    pub environment: Environment,
    /// Subscribe, change or leave.
    pub op: SubscriptionOp,
    /// The address of the subscription.
    pub address: SubscriberAddress,
    /// The bumps to hear of.
    pub preferences: Preferences,
    /// The components to follow, by their `repo` on the page; `None` for all.
    pub components: Option<Vec<String>>,
}

/// Notes a request and the job that decides it, and answers its number. The same statements run whatever is known of
/// the address.
///
/// Faults name `data.components` where one of them is not on the page.
pub async fn request_note(store: &Store, new: RequestNew, now: UtcTime) -> Result<i64, StoreError> {
    store
        .write(&[], move |connection| {
            let following = match &new.components {
                None => Following::All,
                Some(repos) => Following::Only(component_ids(connection, &new.page_id, repos)?),
            };
            let asked = RequestRecord {
                page_id: &new.page_id,
                environment: new.environment,
                op: new.op,
                address: &new.address,
                preferences: &new.preferences,
                following: &following,
            };
            request_record(connection, &asked, now)
        })
        .await
}

/// A request as it is stored.
pub(crate) struct RequestRecord<'a> {
    pub(crate) page_id: &'a str,
    pub(crate) environment: Environment,
    pub(crate) op: SubscriptionOp,
    pub(crate) address: &'a SubscriberAddress,
    pub(crate) preferences: &'a Preferences,
    pub(crate) following: &'a Following,
}

/// Writes a request and the job that decides it, in the caller's transaction.
pub(crate) fn request_record(
    connection: &mut AnyConnection,
    asked: &RequestRecord<'_>,
    now: UtcTime,
) -> QueryResult<i64> {
    let request: i64 = diesel::insert_into(requests::table)
        .values((
            requests::page_id.eq(asked.page_id),
            requests::environment.eq(asked.environment.as_str()),
            requests::op.eq(asked.op.as_str()),
            requests::address.eq(asked.address.as_str()),
            requests::address_folded.eq(asked.address.folded()),
            requests::preferences.eq(asked.preferences.stored()),
            requests::components.eq(following_text(asked.following)),
            requests::state.eq(RequestState::Noted.as_str()),
            requests::created_at.eq(now),
        ))
        .returning(requests::id)
        .get_result(connection)?;
    job_enqueue(connection, &JobPayload::SubscriptionAnswer { request }, asked.page_id, now, now)?;
    Ok(request)
}

/// The ids of a page's components, ascending.
fn component_ids(connection: &mut AnyConnection, page_id: &str, repos: &[String]) -> QueryResult<Vec<i64>> {
    let folded: Vec<String> = repos.iter().map(|repo| repo.to_ascii_lowercase()).collect();
    let found: Vec<(i64, String)> = components::table
        .filter(components::page_id.eq(page_id).and(components::repo_folded.eq_any(&folded)))
        .order(components::id)
        .select((components::id, components::repo_folded))
        .load(connection)?;
    if folded.is_empty() || folded.iter().any(|repo| !found.iter().any(|(_, known)| known == repo)) {
        return Err(Fault::invalid("data.components", "must be a list of repo values of this page").into());
    }
    Ok(found.into_iter().map(|(id, _)| id).collect())
}

/// Loads a request.
pub async fn request_get(store: &Store, id: i64) -> Result<Request, StoreError> {
    store.read(move |connection| request_load(connection, id)).await
}

/// Decides a request, once: every later call answers the same. The mail is to be sent where the answer has one and is
/// not yet sent.
///
/// `address_key` makes the keyed hash under which an address is counted and suppressed.
pub async fn request_decide(
    store: &Store,
    id: i64,
    caps: RequestCaps,
    address_key: impl Fn(&str) -> String + Send + 'static,
    now: UtcTime,
) -> Result<Request, StoreError> {
    store
        .write(&[], move |connection| {
            let before = request_load(connection, id)?;
            let person = address_key(&before.address.counted());
            connection.lock(&subscriber_scope(&before.page.id, before.environment, &before.address))?;
            connection.lock(&Scope::Address(person.clone()))?;
            let request = request_load(connection, id)?;
            if request.state != RequestState::Noted {
                return Ok(request);
            }
            let facts = request_facts(connection, &request, &person, &address_key(&request.address.folded()), now)?;
            let mail = subscription_decide(request.op, &facts, &caps, now);
            if mail == Some(RequestMail::Confirm) {
                subscriber_pending(connection, &request, now)?;
            }
            // What a test key asks for reaches nobody.
            if mail.is_some() && request.environment == Environment::Live {
                address_mail_note(connection, &person, now)?;
            }
            let state = if mail.is_some() { RequestState::Mailed } else { RequestState::Ignored };
            diesel::update(requests::table.find(id))
                .set((
                    requests::state.eq(state.as_str()),
                    requests::mail.eq(mail.map(RequestMail::as_str)),
                    requests::decided_at.eq(now),
                ))
                .execute(connection)?;
            request_load(connection, id)
        })
        .await
}

fn request_facts(
    connection: &mut AnyConnection,
    request: &Request,
    person: &str,
    address_key: &str,
    now: UtcTime,
) -> QueryResult<RequestFacts> {
    let day = now - Duration::hours(24);
    let mailed = requests::table.filter(
        requests::page_id
            .eq(&request.page.id)
            .and(requests::environment.eq(request.environment.as_str()))
            .and(requests::mail.is_not_null())
            .and(requests::decided_at.gt(day)),
    );
    let to_subscriber = mailed.filter(requests::address_folded.eq(request.address.folded()));
    Ok(RequestFacts {
        subscriber: subscriber_find(connection, &request.page.id, request.environment, &request.address)?
            .map(|known| known.state),
        suppressed: address_is_suppressed(connection, address_key)?,
        page_open: request.page.published,
        last_mail_at: to_subscriber.clone().select(max(requests::decided_at)).first(connection)?,
        subscriber_mails: to_subscriber.count().get_result(connection)?,
        address_mails: match request.environment {
            Environment::Live => address_mails_since(connection, person, day)?,
            Environment::Test => 0,
        },
        page_mails: mailed.count().get_result(connection)?,
    })
}

/// The decision on a request's mail at the moment of sending.
#[derive(Clone, Debug)]
pub enum RequestTurn {
    /// It is sent.
    Send {
        /// The request as it is now.
        request: Box<Request>,
        /// The mail that was decided.
        mail: RequestMail,
        /// A message to the address was refused without a clear reason, and none was taken since. False for a test, of
        /// which no mail server takes anything.
        doubted: bool,
    },
    /// It is no longer wanted, or was sent.
    Over,
    /// The job that sends it is no longer this worker's.
    Lost,
}

/// Looks at a decided request, its address and page once more, and at the lease of the job that answers it.
pub async fn request_look(
    store: &Store,
    id: i64,
    ticket: JobTicket,
    address_key: impl Fn(&str) -> String + Send + 'static,
    now: UtcTime,
) -> Result<RequestTurn, StoreError> {
    store
        .read(move |connection| {
            if !job_is_held(connection, ticket, now)? {
                return Ok(RequestTurn::Lost);
            }
            let request = match request_load(connection, id) {
                Err(crate::QueryError::Store(StoreError::NotFound)) => return Ok(RequestTurn::Over),
                request => request?,
            };
            let standing = address_standing(connection, &address_key(&request.address.folded()))?;
            let open = request.state == RequestState::Mailed && !request.is_sent;
            let wanted = request.mail.filter(|mail| {
                let (state, published) = (request.subscriber_state, request.page.published);
                open && subscription_mail_is_wanted(*mail, state, standing.suppressed, published)
            });
            let doubted = standing.doubted && request.environment == Environment::Live;
            Ok(wanted.map_or(RequestTurn::Over, |mail| RequestTurn::Send { request: Box::new(request), mail, doubted }))
        })
        .await
}

/// Notes that a request's mail was accepted by the mail server, written, or captured. `reached` is the keyed hash of an
/// address that was doubted: the doubt ends with this mail.
pub async fn request_sent(store: &Store, id: i64, reached: Option<String>, now: UtcTime) -> Result<(), StoreError> {
    let scopes: Vec<Scope> = reached.iter().cloned().map(Scope::Address).collect();
    store
        .write(&scopes, move |connection| {
            if let Some(address_key) = &reached {
                address_reached(connection, address_key)?;
            }
            diesel::update(requests::table.find(id)).set(requests::sent_at.eq(now)).execute(connection)?;
            Ok(())
        })
        .await
}

/// Does what a click on a request's link asks for. Answers what the click met, and the request as it is now.
///
/// Fails with a conflict where mail to the address was refused meanwhile.
pub async fn request_use(store: &Store, id: i64, now: UtcTime) -> Result<(RequestLink, Request), StoreError> {
    store
        .write(&[], move |connection| {
            let before = request_load(connection, id)?;
            connection.lock(&subscriber_scope(&before.page.id, before.environment, &before.address))?;
            let request = request_load(connection, id)?;
            let link = request_link(request.state, request.created_at, now);
            if link == RequestLink::Open {
                subscriber_apply(connection, &request, now)?;
                diesel::update(requests::table.find(id))
                    .set((requests::state.eq(RequestState::Used.as_str()), requests::used_at.eq(now)))
                    .execute(connection)?;
            }
            Ok((link, request_load(connection, id)?))
        })
        .await
}
