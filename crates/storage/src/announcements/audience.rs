//! The audience of an announcement: the confirmed subscribers of a page whose preferences hold what a release, or a
//! group, is to them.

use diesel::{
    dsl::{exists, not},
    prelude::*,
};
use releasepage_domain::{
    announcement::{DeliveryState, ToldRelease},
    bump::Bump,
    group::group_bump,
    subscriber::SubscriberState,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult,
    database::schema::{deliveries, subscriber_components, subscribers},
};

/// The news, as far as it decides who hears of it: one release, or those of a group.
#[derive(Clone, Debug)]
pub(crate) struct Audience {
    /// The bump to those who follow the whole page.
    pub(crate) bump: Bump,
    /// The components with a release of each bump, which decide for those who follow only some: the highest of theirs
    /// counts.
    major: Vec<i64>,
    minor: Vec<i64>,
    patch: Vec<i64>,
    prerelease: Vec<i64>,
}

impl Audience {
    /// The audience of these releases; `None` of none.
    pub(crate) fn of(releases: &[ToldRelease]) -> Option<Self> {
        let with = |bump| {
            let components = releases.iter().filter(|release| release.bump == bump);
            components.map(|release| release.component).collect::<Vec<i64>>()
        };
        Some(Self {
            bump: group_bump(releases.iter().map(|release| release.bump))?,
            major: with(Bump::Major),
            minor: with(Bump::Minor),
            patch: with(Bump::Patch),
            prerelease: with(Bump::Prerelease),
        })
    }
}

/// Says whether a subscriber follows one of these components by name.
macro_rules! follows {
    ($components:expr) => {
        exists(
            subscriber_components::table.filter(
                subscriber_components::subscriber_id
                    .eq(subscribers::id)
                    .and(subscriber_components::component_id.eq_any($components)),
            ),
        )
    };
}

/// The confirmed subscribers of a page who want to hear of it.
macro_rules! audience {
    ($page_id:expr, $audience:expr) => {{
        let Audience { bump, major, minor, patch, prerelease } = $audience;
        let above_patch = [major.as_slice(), minor.as_slice()].concat();
        let above_prerelease = [above_patch.as_slice(), patch.as_slice()].concat();
        let some = (subscribers::wants_major.eq(true).and(follows!(major.clone())))
            .or(subscribers::wants_minor.eq(true).and(follows!(minor.clone())).and(not(follows!(major.clone()))))
            .or(subscribers::wants_patch.eq(true).and(follows!(patch.clone())).and(not(follows!(above_patch))))
            .or(subscribers::wants_prerelease
                .eq(true)
                .and(follows!(prerelease.clone()))
                .and(not(follows!(above_prerelease))));
        let some = subscribers::all_components.eq(false).and(some);
        let all = subscribers::all_components.eq(true);
        let confirmed = subscribers::table
            .filter(subscribers::page_id.eq($page_id).and(subscribers::state.eq(SubscriberState::Confirmed.as_str())))
            .into_boxed();
        match bump {
            Bump::Major => confirmed.filter(all.and(subscribers::wants_major.eq(true)).or(some)),
            Bump::Minor => confirmed.filter(all.and(subscribers::wants_minor.eq(true)).or(some)),
            Bump::Patch => confirmed.filter(all.and(subscribers::wants_patch.eq(true)).or(some)),
            Bump::Prerelease => confirmed.filter(all.and(subscribers::wants_prerelease.eq(true)).or(some)),
        }
    }};
}

/// The subscribers of a page who come after one of them.
#[derive(Clone, Copy)]
pub(crate) struct Readers<'a> {
    pub(crate) page_id: &'a str,
    pub(crate) audience: &'a Audience,
    /// The last subscriber of the batch before.
    pub(crate) after: i64,
}

/// The last of the next `limit` readers; `None` where nobody is left.
pub(crate) fn batch_end(connection: &mut AnyConnection, readers: Readers<'_>, limit: i64) -> QueryResult<Option<i64>> {
    let batch: Vec<i64> = audience!(readers.page_id, readers.audience)
        .filter(subscribers::id.gt(readers.after))
        .order(subscribers::id)
        .limit(limit)
        .select(subscribers::id)
        .load(connection)?;
    Ok(batch.last().copied())
}

/// Writes the deliveries of an announcement to its readers, up to the subscriber `last`. Answers how many there are.
pub(crate) fn deliveries_write(
    connection: &mut AnyConnection,
    announcement: i64,
    readers: Readers<'_>,
    last: i64,
    now: UtcTime,
) -> QueryResult<i64> {
    use diesel::sql_types::{BigInt, Integer, Text, Timestamp};
    let rows = audience!(readers.page_id, readers.audience)
        .filter(subscribers::id.gt(readers.after).and(subscribers::id.le(last)))
        .order(subscribers::id)
        .select((
            announcement.into_sql::<BigInt>(),
            subscribers::id,
            DeliveryState::Queued.as_str().into_sql::<Text>(),
            0.into_sql::<Integer>(),
            now.into_sql::<Timestamp>(),
            now.into_sql::<Timestamp>(),
        ));
    let written = diesel::insert_into(deliveries::table)
        .values(rows)
        .into_columns((
            deliveries::announcement_id,
            deliveries::subscriber_id,
            deliveries::state,
            deliveries::attempts,
            deliveries::next_attempt_at,
            deliveries::created_at,
        ))
        .execute(connection)?;
    Ok(i64::try_from(written).unwrap_or(i64::MAX))
}
