//! Lists of deliveries: what was sent to whom, when, and with which result.

use std::{collections::HashMap, fmt};

use diesel::{
    dsl::{count_star, exists},
    prelude::*,
};
use releasepage_domain::{
    announcement::DeliveryState, bump::Bump, environment::Environment, fault::Fault, reply::ReplyMeaning, time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::{
        cursor::{IdCursor, ListPart},
        schema::{announcements, deliveries, group_members, groups, releases, repositories, subscribers},
        stored::stored,
    },
    pages::row::page_load,
};

/// The owner of the deliveries that are asked for.
#[derive(Clone, Debug)]
pub enum DeliveriesOf {
    /// Those about a page, by its id.
    Page(String),
    /// Those about a release, by its id: by itself or with a group.
    Release(String),
}

/// One message of an announcement to one subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryEntry {
    /// The delivery.
    pub id: i64,
    /// The announcement.
    pub announcement_id: i64,
    /// The page that was told.
    pub page_id: String,
    /// The release.
    pub release_id: String,
    /// The release's whole tag.
    pub tag: String,
    /// The group that was told of; the release is the one of its members that mattered most then.
    pub group: Option<DeliveryGroup>,
    /// The bump of the release, or of the group, to its readers.
    pub bump: Option<Bump>,
    /// The subscriber; `None` where they were erased.
    pub subscriber: Option<DeliverySubscriber>,
    /// The state of the message.
    pub state: DeliveryState,
    /// The number of times that it was tried.
    pub attempts: i32,
    /// The time of the next try; `None` where it is over.
    pub next_attempt_at: Option<UtcTime>,
    /// The time at which it was queued.
    pub created_at: UtcTime,
    /// The time at which it was sent, refused or cancelled.
    pub finished_at: Option<UtcTime>,
    /// The last words of the mail server, or the reason why the message was cancelled.
    pub result: Option<String>,
    /// The subject of the last refusal; `None` where there was none.
    pub fault: Option<ReplyMeaning>,
}

/// A group that was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryGroup {
    /// The group.
    pub id: i64,
    /// Its version.
    pub version: String,
}

/// The subscriber whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliverySubscriber {
    /// The subscriber.
    pub id: i64,
    /// Their address as it is now.
    pub address: String,
    /// Live or test.
    pub environment: Environment,
}

/// A place in a list of deliveries: newest announcements first, in each the newest deliveries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryCursor {
    announcement: i64,
    delivery: i64,
}

impl DeliveryCursor {
    /// Before the first row.
    const START: Self = Self { announcement: i64::MAX, delivery: i64::MAX };

    /// Reads a cursor that a client handed back.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (announcement, delivery) = text.split_at_checked(text.len() / 2).unwrap_or((text, ""));
        Ok(Self { announcement: IdCursor::parse(announcement)?.0, delivery: IdCursor::parse(delivery)?.0 })
    }
}

impl fmt::Display for DeliveryCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", IdCursor(self.announcement), IdCursor(self.delivery))
    }
}

/// The announcements of a page or of a release.
macro_rules! announcements_of {
    ($of:expr) => {
        match $of {
            DeliveriesOf::Page(id) => announcements::table.filter(announcements::page_id.eq(id.clone())).into_boxed(),
            DeliveriesOf::Release(id) => announcements::table.filter(of_release!(id.clone())).into_boxed(),
        }
    };
}

/// The announcements of a release: by itself, or with the others of a group that it is or was a member of.
macro_rules! of_release {
    ($id:expr) => {
        (announcements::release_id.eq($id).and(announcements::group_id.is_null())).or(announcements::group_id.eq_any(
            group_members::table.filter(group_members::release_id.eq($id)).select(group_members::group_id.nullable()),
        ))
    };
}

/// Refuses what another organization has.
fn owner_check(connection: &mut AnyConnection, organization_id: i64, of: &DeliveriesOf) -> QueryResult<()> {
    match of {
        DeliveriesOf::Page(id) => page_load(connection, organization_id, id).map(|_| ()),
        DeliveriesOf::Release(id) => {
            let own = releases::table
                .inner_join(repositories::table)
                .filter(releases::id.eq(id).and(repositories::organization_id.eq(organization_id)));
            let is_own: bool = diesel::select(exists(own)).get_result(connection)?;
            if is_own { Ok(()) } else { Err(StoreError::NotFound.into()) }
        }
    }
}

/// The deliveries about a page or a release, newest announcements first and in each the newest deliveries first, at
/// most `limit` after the cursor; with `state`, those which stand there.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such page or release.
pub async fn delivery_list(
    store: &Store,
    organization_id: i64,
    of: DeliveriesOf,
    state: Option<DeliveryState>,
    after: Option<DeliveryCursor>,
    limit: u32,
) -> Result<ListPart<DeliveryEntry>, StoreError> {
    store
        .read(move |connection| {
            owner_check(connection, organization_id, &of)?;
            let after = after.unwrap_or(DeliveryCursor::START);
            let wanted = i64::from(limit) + 1;
            let told = announcements_told(connection, &of, state, after.announcement, wanted)?;
            // The announcement in which the last part ended by itself: what was listed of it is not read again.
            let (begun, others): (Vec<i64>, Vec<i64>) = told.keys().partition(|id| **id == after.announcement);
            let mut rows = deliveries_load(connection, &begun, state, after.delivery, wanted)?;
            let missing = wanted - i64::try_from(rows.len()).unwrap_or(wanted);
            if missing > 0 {
                rows.extend(deliveries_load(connection, &others, state, i64::MAX, missing)?);
            }
            let rows = rows.into_iter().map(|row| entry(&told, row)).collect::<QueryResult<Vec<_>>>()?;
            let cursor =
                |last: &DeliveryEntry| DeliveryCursor { announcement: last.announcement_id, delivery: last.id };
            Ok(ListPart::cut(rows, limit, |last| cursor(last).to_string()))
        })
        .await
}

/// The news of an announcement.
struct Told {
    page_id: String,
    release_id: String,
    tag: String,
    group: Option<DeliveryGroup>,
    bump: Option<String>,
}

/// The newest announcements, from one on, that have deliveries: as many as can be needed for `wanted` of these, since
/// only the first may have none after the cursor.
fn announcements_told(
    connection: &mut AnyConnection,
    of: &DeliveriesOf,
    state: Option<DeliveryState>,
    from: i64,
    wanted: i64,
) -> QueryResult<HashMap<i64, Told>> {
    let of_announcement = deliveries::announcement_id.eq(announcements::id);
    let told = announcements_of!(of)
        .filter(announcements::id.le(from))
        .order(announcements::id.desc())
        .limit(wanted + 1)
        .select((
            announcements::id,
            announcements::page_id,
            announcements::release_id,
            announcements::group_id,
            announcements::bump,
        ));
    type Row = (i64, String, String, Option<i64>, Option<String>);
    let rows: Vec<Row> = match state {
        None => told.filter(exists(deliveries::table.filter(of_announcement))).load(connection)?,
        Some(state) => {
            let such = deliveries::table.filter(of_announcement.and(deliveries::state.eq(state.as_str())));
            told.filter(exists(such)).load(connection)?
        }
    };
    let ids: Vec<&String> = rows.iter().map(|(_, _, release, ..)| release).collect();
    let tags: HashMap<String, String> = releases::table
        .filter(releases::id.eq_any(ids))
        .select((releases::id, releases::tag))
        .load::<(String, String)>(connection)?
        .into_iter()
        .collect();
    let group_ids: Vec<i64> = rows.iter().filter_map(|(_, _, _, group, _)| *group).collect();
    let versions: HashMap<i64, Option<String>> = groups::table
        .filter(groups::id.eq_any(group_ids))
        .select((groups::id, groups::version))
        .load::<(i64, Option<String>)>(connection)?
        .into_iter()
        .collect();
    Ok(rows
        .into_iter()
        .map(|(id, page_id, release_id, group_id, bump)| {
            let tag = tags.get(&release_id).cloned().unwrap_or_default();
            let version = |id: &i64| versions.get(id).cloned().flatten().unwrap_or_default();
            let group = group_id.map(|id| DeliveryGroup { version: version(&id), id });
            (id, Told { page_id, release_id, tag, group, bump })
        })
        .collect())
}

/// The columns that are read of a delivery and its subscriber.
#[derive(Queryable)]
struct Row {
    id: i64,
    announcement_id: i64,
    state: String,
    attempts: i32,
    next_attempt_at: UtcTime,
    created_at: UtcTime,
    finished_at: Option<UtcTime>,
    result: Option<String>,
    fault: Option<String>,
    subscriber: Option<(i64, String, String)>,
}

/// The newest deliveries of some announcements, those of the newest announcement first: at most `limit` whose id is
/// below another.
fn deliveries_load(
    connection: &mut AnyConnection,
    announcement_ids: &[i64],
    state: Option<DeliveryState>,
    below: i64,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    if announcement_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = deliveries::table
        .left_join(subscribers::table.on(subscribers::id.eq(deliveries::subscriber_id)))
        .filter(deliveries::announcement_id.eq_any(announcement_ids).and(deliveries::id.lt(below)))
        .order((deliveries::announcement_id.desc(), deliveries::id.desc()))
        .limit(limit)
        .select((
            deliveries::id,
            deliveries::announcement_id,
            deliveries::state,
            deliveries::attempts,
            deliveries::next_attempt_at,
            deliveries::created_at,
            deliveries::finished_at,
            deliveries::result,
            deliveries::fault,
            (subscribers::id, subscribers::address, subscribers::environment).nullable(),
        ))
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(deliveries::state.eq(state.as_str()));
    }
    Ok(query.load(connection)?)
}

fn entry(told: &HashMap<i64, Told>, row: Row) -> QueryResult<DeliveryEntry> {
    let told = told.get(&row.announcement_id).ok_or_else(|| StoreError::corrupt("announcement"))?;
    let subscriber = row.subscriber.map(|(id, address, environment)| {
        Ok::<_, crate::QueryError>(DeliverySubscriber {
            id,
            address,
            environment: stored(&environment, "environment")?,
        })
    });
    let state: DeliveryState = stored(&row.state, "delivery")?;
    Ok(DeliveryEntry {
        id: row.id,
        announcement_id: row.announcement_id,
        page_id: told.page_id.clone(),
        release_id: told.release_id.clone(),
        tag: told.tag.clone(),
        group: told.group.clone(),
        bump: told.bump.as_deref().map(|bump| stored(bump, "bump")).transpose()?,
        subscriber: subscriber.transpose()?,
        state,
        attempts: row.attempts,
        next_attempt_at: Some(row.next_attempt_at).filter(|_| state == DeliveryState::Queued),
        created_at: row.created_at,
        finished_at: row.finished_at,
        result: row.result,
        fault: row.fault.as_deref().map(|fault| stored(fault, "fault")).transpose()?,
    })
}

/// Counts the deliveries about a page or a release in each state: every state, in the order of [`DeliveryState::ALL`].
///
/// Fails with [`StoreError::NotFound`] where the organization has no such page or release.
pub async fn delivery_counts(
    store: &Store,
    organization_id: i64,
    of: DeliveriesOf,
) -> Result<Vec<(DeliveryState, i64)>, StoreError> {
    store
        .read(move |connection| {
            owner_check(connection, organization_id, &of)?;
            // What is boxed cannot be a subquery of a query for either database.
            macro_rules! counts {
                ($of:expr) => {
                    deliveries::table
                        .filter(
                            deliveries::announcement_id
                                .eq_any(announcements::table.filter($of).select(announcements::id)),
                        )
                        .group_by(deliveries::state)
                        .select((deliveries::state, count_star()))
                        .load(connection)?
                };
            }
            let found: Vec<(String, i64)> = match &of {
                DeliveriesOf::Page(id) => counts!(announcements::page_id.eq(id)),
                DeliveriesOf::Release(id) => counts!(of_release!(id)),
            };
            let count = |state: DeliveryState| {
                found.iter().find(|(name, _)| name == state.as_str()).map_or(0, |(_, count)| *count)
            };
            Ok(DeliveryState::ALL.iter().map(|&state| (state, count(state))).collect())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back() {
        for cursor in [DeliveryCursor::START, DeliveryCursor { announcement: 1, delivery: 0 }] {
            assert_eq!(DeliveryCursor::parse(&cursor.to_string()), Ok(cursor));
        }
        for text in ["", "1", "ü", "0000000000000001", "000000000000000100000000000000010", &"ü".repeat(16)] {
            assert!(DeliveryCursor::parse(text).is_err(), "{text}");
        }
    }
}
