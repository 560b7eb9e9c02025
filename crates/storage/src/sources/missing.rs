//! Releases that their forge lists no longer, although nobody said that they were deleted.

use diesel::prelude::*;
use releasepage_domain::{release::ReleaseState, source_event::SourceStage, time::UtcTime};

use crate::{
    AnyConnection, QueryResult,
    database::schema::source_releases,
    releases::row::{ReleaseContext, ReleaseOwner, release_owned},
    sources::releases::release_hide,
};

/// The number of releases gone from their source that are withdrawn at the end of one walk; the rest at the next.
const MISSING_MAX: i64 = 200;

/// Withdraws the releases that readers see and that neither the walk that ends nor the one before it found, which began
/// at `walked_at`; nor did a webhook tell of them since. Two walks, since a listing can shift while it is walked. They
/// are remembered as drafts: a forge that lists or publishes them again shows them again.
pub(crate) fn missing_withdraw(
    connection: &mut AnyConnection,
    repository_id: i64,
    walked_at: UtcTime,
    context: ReleaseContext,
) -> QueryResult<()> {
    let shown = [SourceStage::Prerelease.as_str(), SourceStage::Release.as_str()];
    let missing: Vec<(String, Option<String>)> = source_releases::table
        .filter(source_releases::repository_id.eq(repository_id).and(source_releases::stage.eq_any(shown)))
        .filter(source_releases::listed_at.is_null().or(source_releases::listed_at.lt(walked_at)))
        .filter(source_releases::heard_at.is_null().or(source_releases::heard_at.lt(walked_at)))
        .order(source_releases::source_id)
        .limit(MISSING_MAX)
        .select((source_releases::source_id, source_releases::release_id))
        .load(connection)?;
    for (source_id, release_id) in missing {
        if let Some(id) = release_id {
            let own = release_owned(connection, ReleaseOwner::Repository(repository_id), &id)?;
            if own.state != ReleaseState::Draft {
                release_hide(connection, Some(own), context)?;
            }
        }
        diesel::update(source_releases::table.find((repository_id, source_id)))
            .set((
                source_releases::stage.eq(SourceStage::Draft.as_str()),
                source_releases::text_at.eq(None::<UtcTime>),
                source_releases::text_rank.eq(None::<i32>),
            ))
            .execute(connection)?;
    }
    Ok(())
}
