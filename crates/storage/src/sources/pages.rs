//! Pages of a forge's listing: each stored in one transaction, with how far its walk is.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use releasepage_domain::{
    release::{Platforms, ReleaseInput},
    repository_source::{BackfillState, REFUSALS_MAX, SourceRefusal, SourceResult, SourceWalk, walk_tells_missing},
    source_event::{SourceEvent, SourceStep},
    source_listing::listing_step,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        backend::on_each_backend,
        schema::{repositories, repository_sources, source_releases},
    },
    pages::component_releases::repository_recompute,
    releases::{
        batch::releases_add_quietly,
        row::{ReleaseContext, ReleaseOwner, release_owned, releases_of_tags},
    },
    sources::{
        missing::missing_withdraw,
        releases::{SourceRow, SourceTold, source_step_apply},
        walks::{SourceWork, walk_is_current},
    },
};

/// A page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePage {
    /// The releases on it, newest first; at most some hundreds.
    pub releases: Vec<SourceEvent>,
    /// Those on it that cannot be used.
    pub refused: Vec<SourceRefused>,
    /// The page after it, as its forge names it.
    pub next: Option<String>,
    /// Its version.
    pub etag: Option<String>,
    /// The time at which it was asked for.
    pub asked_at: UtcTime,
    /// The time until which its forge wants to be left alone.
    pub wait_until: Option<UtcTime>,
}

/// A release on a page that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRefused {
    /// The id of the release at its source, as in [`SourceEvent::release_id`], where that can be told.
    pub release_id: Option<String>,
    /// The sentence for the owner.
    pub refusal: SourceRefusal,
}

/// The state of a walk after a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceProgress {
    /// It goes on with this.
    Next(Box<SourceWork>),
    /// It is at its end.
    Done,
    /// Another worker went on with it, or the source was edited: nothing was stored.
    Overtaken,
}

/// The result of a page.
#[derive(Clone, Copy, Debug, Default)]
struct PageCount {
    added: i64,
    changed: i64,
}

/// Stores a page of a walk, and how far the walk is, in one transaction. What the webhook told later than the page was
/// asked for stays, what was withdrawn here too. New releases are told of as any other; of a backfill those alone that
/// were published after the repository was made, or after the walk before it began: the others are history.
///
/// At the end of a walk through all of the listing, releases are withdrawn that neither it nor the one before found.
/// `ids` makes candidates for new releases' ids; `next_poll_at` is when the repository is polled next, once its
/// backfill is done.
pub async fn source_page_store(
    store: &Store,
    work: &SourceWork,
    page: SourcePage,
    ids: impl Fn() -> String + Send + 'static,
    context: ReleaseContext,
    next_poll_at: UtcTime,
) -> Result<SourceProgress, StoreError> {
    let work = work.clone();
    store
        .write(&[Scope::Repository(work.repository_id)], move |connection| {
            if !walk_is_current(connection, &work)? {
                return Ok(SourceProgress::Overtaken);
            }
            let count = releases_take(connection, &work, &page, &ids, context)?;
            page_note(connection, &work, &page, count, context.now)?;
            let is_new = count.added + count.changed > 0;
            match &page.next {
                Some(next) if work.walk.is_full() || is_new => {
                    diesel::update(repository_sources::table.find(work.repository_id))
                        .set(repository_sources::next_page.eq(next))
                        .execute(connection)?;
                    let work = SourceWork { next_page: Some(next.clone()), etag: None, ..work.clone() };
                    Ok(SourceProgress::Next(Box::new(work)))
                }
                next => {
                    walk_finish(connection, &work, next.is_none(), context, next_poll_at)?;
                    Ok(SourceProgress::Done)
                }
            }
        })
        .await
}

/// Takes what a page says of its releases.
fn releases_take(
    connection: &mut AnyConnection,
    work: &SourceWork,
    page: &SourcePage,
    ids: &impl Fn() -> String,
    context: ReleaseContext,
) -> QueryResult<PageCount> {
    let repository_id = work.repository_id;
    let history_end = history_end(connection, repository_id)?;
    let mut known = rows_known(connection, repository_id, &page.releases)?;
    let mut seen = HashSet::new();
    let mut news = Vec::new();
    // Oldest first, as they happened.
    for listed in page.releases.iter().rev().filter(|listed| seen.insert(listed.release_id.as_str())) {
        let before = known.remove(&listed.release_id);
        let standing = before.as_ref().map(|(row, _)| row.standing()).transpose()?;
        let is_heard_since =
            before.as_ref().and_then(|(_, heard_at)| *heard_at).is_some_and(|heard_at| heard_at >= page.asked_at);
        if let Some(step) = listing_step(standing.as_ref(), is_heard_since, listed) {
            let published_at = listed.shown.as_ref().and_then(|text| text.published_at);
            let is_news = work.walk.is_news(published_at, history_end);
            news.push(News { listed, step, row: before.map(|(row, _)| row), is_news });
        }
    }
    let (fresh, others) = news_split(connection, repository_id, news, context.now)?;
    let mut count = PageCount { added: i64::try_from(fresh.len()).unwrap_or(i64::MAX), changed: 0 };
    fresh_add(connection, repository_id, fresh, ids, context)?;
    for news in others {
        let context = ReleaseContext { is_news: news.is_news, ..context };
        news_apply(connection, repository_id, news, &mut count, ids, context)?;
    }
    let listed = page.releases.iter().map(|listed| Some(&listed.release_id));
    let refused = page.refused.iter().map(|refused| refused.release_id.as_ref());
    let seen: Vec<&String> = listed.chain(refused).flatten().collect();
    diesel::update(source_releases::table)
        .filter(source_releases::repository_id.eq(repository_id).and(source_releases::source_id.eq_any(seen)))
        .set(source_releases::listed_at.eq(work.started_at))
        .execute(connection)?;
    Ok(count)
}

/// A listed release of which the listing is news.
struct News<'a> {
    listed: &'a SourceEvent,
    step: SourceStep,
    row: Option<SourceRow>,
    /// Says whether somebody is told, by the usual rule; else it is history.
    is_news: bool,
}

/// A release that is new in every respect, and what is to be stored of it.
struct Fresh<'a> {
    news: News<'a>,
    input: ReleaseInput,
}

/// The time at which the history of a repository ended: when it was made, or when the last walk through all of the
/// listing began.
fn history_end(connection: &mut AnyConnection, repository_id: i64) -> QueryResult<UtcTime> {
    let (walked_at, created_at): (Option<UtcTime>, UtcTime) = repository_sources::table
        .inner_join(repositories::table)
        .filter(repository_sources::repository_id.eq(repository_id))
        .select((repository_sources::walked_at, repositories::created_at))
        .first(connection)?;
    Ok(walked_at.unwrap_or(created_at))
}

/// Loads what is remembered of the releases of a page, with when an event of each was last processed.
fn rows_known(
    connection: &mut AnyConnection,
    repository_id: i64,
    listed: &[SourceEvent],
) -> QueryResult<HashMap<String, (SourceRow, Option<UtcTime>)>> {
    let ids: Vec<&String> = listed.iter().map(|listed| &listed.release_id).collect();
    let rows: Vec<(String, SourceRow, Option<UtcTime>)> = source_releases::table
        .filter(source_releases::repository_id.eq(repository_id).and(source_releases::source_id.eq_any(ids)))
        .select((source_releases::source_id, SourceRow::as_select(), source_releases::heard_at))
        .load(connection)?;
    Ok(rows.into_iter().map(|(id, row, heard_at)| (id, (row, heard_at))).collect())
}

/// Parts what can be stored as a whole from what must be looked at one by one: a history that is new in every respect,
/// since neither its ids nor its tags are known.
fn news_split<'a>(
    connection: &mut AnyConnection,
    repository_id: i64,
    news: Vec<News<'a>>,
    now: UtcTime,
) -> QueryResult<(Vec<Fresh<'a>>, Vec<News<'a>>)> {
    if news.iter().all(|news| news.is_news) {
        return Ok((Vec::new(), news));
    }
    let tags = |news: &[News<'_>]| -> HashSet<String> {
        news.iter().filter_map(|news| news.listed.shown.as_ref()).map(|text| text.tag.clone()).collect()
    };
    let there = releases_of_tags(connection, repository_id, &tags(&news))?;
    let plain = Platforms::default().key();
    let there = there.into_iter().filter(|release| release.input.platforms.key() == plain);
    let mut taken: HashSet<String> = there.map(|release| release.input.tag).collect();
    let (mut fresh, mut others) = (Vec::new(), Vec::new());
    for news in news {
        match &news.listed.shown {
            Some(text) if !news.is_news && news.row.is_none() && taken.insert(text.tag.clone()) => {
                let prerelease = text.prerelease_at(news.step.standing.stage);
                fresh.push(Fresh { news, input: text.input(None, prerelease, now) });
            }
            _ => others.push(news),
        }
    }
    Ok((fresh, others))
}

/// Does what a listed release comes to, and counts it.
fn news_apply(
    connection: &mut AnyConnection,
    repository_id: i64,
    news: News<'_>,
    count: &mut PageCount,
    ids: &impl Fn() -> String,
    context: ReleaseContext,
) -> QueryResult<()> {
    let News { listed, step, row, .. } = news;
    let owner = ReleaseOwner::Repository(repository_id);
    let before = match row.as_ref().and_then(|row| row.release_id.as_deref()) {
        Some(id) => Some(release_owned(connection, owner, id)?.revision),
        None => None,
    };
    let is_new = row.is_none();
    let told = SourceTold::by_listing(listed, step);
    let after = source_step_apply(connection, repository_id, row, &told, ids, context)?;
    if is_new && after.is_some() {
        count.added += 1;
    } else if after.map(|release| release.revision) != before {
        count.changed += 1;
    }
    Ok(())
}

/// Stores releases that are new, and remembers them under their ids at their source.
fn fresh_add(
    connection: &mut AnyConnection,
    repository_id: i64,
    fresh: Vec<Fresh<'_>>,
    ids: &impl Fn() -> String,
    context: ReleaseContext,
) -> QueryResult<()> {
    if fresh.is_empty() {
        return Ok(());
    }
    let (news, inputs): (Vec<_>, Vec<_>) = fresh.into_iter().map(|fresh| (fresh.news, fresh.input)).unzip();
    let added = releases_add_quietly(connection, repository_id, inputs, ids, context.now)?;
    let rows: Vec<_> = news
        .iter()
        .zip(&added)
        .map(|(news, release)| {
            (
                source_releases::repository_id.eq(repository_id),
                source_releases::source_id.eq(&news.listed.release_id),
                SourceRow::of(Some(release.id.clone()), &news.step.standing),
            )
        })
        .collect();
    on_each_backend!(connection, connection => diesel::insert_into(source_releases::table).values(rows).execute(connection))?;
    repository_recompute(connection, repository_id)
}

/// Notes on the repository what a page came to.
fn page_note(
    connection: &mut AnyConnection,
    work: &SourceWork,
    page: &SourcePage,
    count: PageCount,
    now: UtcTime,
) -> QueryResult<()> {
    let row = repository_sources::table.find(work.repository_id);
    let number = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let (fetched, refused) = (number(page.releases.len()), number(page.refused.len()));
    diesel::update(row)
        .set((
            repository_sources::walk_fetched.eq(repository_sources::walk_fetched + fetched + refused),
            repository_sources::last_poll_at.eq(now),
            repository_sources::last_result.eq(SourceResult::Ok.as_str()),
            repository_sources::last_message.eq(message(work.walk, count)),
            repository_sources::wait_until.eq(page.wait_until),
        ))
        .execute(connection)?;
    if work.next_page.is_none() {
        diesel::update(row).set(repository_sources::walk_etag.eq(page.etag.as_deref())).execute(connection)?;
    }
    if work.walk == SourceWalk::Backfill {
        diesel::update(row)
            .set((
                repository_sources::fetched.eq(repository_sources::fetched + fetched + refused),
                repository_sources::added.eq(repository_sources::added + count.added),
                repository_sources::refused.eq(repository_sources::refused + refused),
            ))
            .execute(connection)?;
    }
    refusals_note(connection, work, page)
}

/// Notes for the owner what came of a page.
fn message(walk: SourceWalk, count: PageCount) -> String {
    match (walk, count.added, count.changed) {
        (SourceWalk::Backfill, ..) => "the history is being fetched".to_owned(),
        (_, 0, 0) => "nothing is new".to_owned(),
        (_, added, changed) => format!("of the last page, {added} releases are new and {changed} were changed"),
    }
}

/// Keeps the releases that cannot be used for the owner to see, each once, the newest first: those that were listed
/// last are left out where they are too many.
fn refusals_note(connection: &mut AnyConnection, work: &SourceWork, page: &SourcePage) -> QueryResult<()> {
    let row = repository_sources::table.find(work.repository_id);
    let stored: String = row.select(repository_sources::refusals).first(connection)?;
    let mut refusals: Vec<SourceRefusal> =
        serde_json::from_str(&stored).map_err(|_| StoreError::corrupt("refusals"))?;
    let before = refusals.clone();
    let usable = |refusal: &SourceRefusal| {
        let shown = page.releases.iter().filter_map(|listed| listed.shown.as_ref());
        shown.into_iter().any(|text| text.tag == refusal.release)
    };
    let mut seen = HashSet::new();
    let listed = page.refused.iter().map(|refused| &refused.refusal);
    let listed: Vec<SourceRefusal> = listed.filter(|refusal| seen.insert(&refusal.release)).cloned().collect();
    refusals.retain(|refusal| !usable(refusal) && !seen.contains(&refusal.release));
    // A walk through all of the listing began with none and goes from the newest release to the oldest. A poll finds
    // what is newer than that.
    let at = if work.walk.is_full() { refusals.len() } else { 0 };
    refusals.splice(at..at, listed);
    refusals.truncate(REFUSALS_MAX);
    if refusals != before {
        let text = serde_json::to_string(&refusals).map_err(|_| StoreError::corrupt("refusals"))?;
        diesel::update(row).set(repository_sources::refusals.eq(text)).execute(connection)?;
    }
    Ok(())
}

/// Ends a walk; `is_at_end` says whether it came to the end of the listing.
fn walk_finish(
    connection: &mut AnyConnection,
    work: &SourceWork,
    is_at_end: bool,
    context: ReleaseContext,
    next_poll_at: UtcTime,
) -> QueryResult<()> {
    let row = repository_sources::table.find(work.repository_id);
    let (walk_etag, walk_fetched, walked_at, refusals): (Option<String>, i64, Option<UtcTime>, String) = row
        .select((
            repository_sources::walk_etag,
            repository_sources::walk_fetched,
            repository_sources::walked_at,
            repository_sources::refusals,
        ))
        .first(connection)?;
    diesel::update(row)
        .set((
            repository_sources::walk.eq(None::<String>),
            repository_sources::next_page.eq(None::<String>),
            repository_sources::etag.eq(walk_etag),
        ))
        .execute(connection)?;
    if work.walk.is_full() && is_at_end {
        // One that cannot be read may be one that is known, under whatever name.
        if let Some(walked_at) = walked_at
            && walk_tells_missing(walk_fetched)
            && refusals == "[]"
        {
            missing_withdraw(connection, work.repository_id, walked_at, context)?;
        }
        diesel::update(row).set(repository_sources::walked_at.eq(work.started_at)).execute(connection)?;
    }
    if work.walk == SourceWalk::Backfill {
        diesel::update(row)
            .set((
                repository_sources::backfill.eq(BackfillState::Done.as_str()),
                repository_sources::last_message.eq("the history is here"),
                repository_sources::next_poll_at.eq(next_poll_at),
            ))
            .execute(connection)?;
    }
    Ok(())
}
