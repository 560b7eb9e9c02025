//! What an event makes of a release, and what must follow it, in the caller's transaction under the repository's scope.

use diesel::prelude::*;
use releasepage_domain::{
    bump::Bump,
    group::{Grouping, release_joins_group},
    job::JobPayload,
    release::{
        ReleaseEffect, ReleaseEvent, ReleaseInput, ReleaseState, promotion_is_announced, release_is_announced,
        release_next,
    },
};

use crate::{
    AnyConnection, QueryResult,
    announcements::row::{announcement_create, announcements_cancel, prerelease_cancel},
    database::schema::{component_releases, release_tokens, releases},
    groups::members::group_join,
    jobs::row::{job_enqueue, repository_turn},
    pages::{
        component_releases::{repository_pages_raise, repository_recompute},
        release_row::release_components,
        row::page_groupings,
    },
    releases::{
        row::{Release, ReleaseContext, ReleaseRow},
        tokens::release_tokens_write,
    },
};

/// Stores a release under an id that no other one has, and writes what must follow.
pub(crate) fn release_add(
    connection: &mut AnyConnection,
    repository_id: i64,
    input: ReleaseInput,
    ids: &impl Fn() -> String,
    context: ReleaseContext,
) -> QueryResult<Release> {
    let mut id = ids();
    while diesel::select(diesel::dsl::exists(releases::table.find(&id))).get_result(connection)? {
        id = ids();
    }
    let due = input.published_at <= context.now;
    let event = if input.draft { ReleaseEvent::Edit } else { ReleaseEvent::Publish };
    let (state, effect) = release_next(ReleaseState::Draft, event, due);
    let release = Release {
        id,
        repository_id,
        revision: 1,
        state,
        updated_by: input.author.clone(),
        input,
        created_at: context.now,
        updated_at: context.now,
    };
    diesel::insert_into(releases::table).values(ReleaseRow::of(&release)).execute(connection)?;
    release_tokens_write(connection, &release)?;
    release_follow_up(connection, None, &release, effect, context)?;
    Ok(release)
}

/// Removes a draft. It was never published, so that nothing but its words refers to it.
fn release_remove(connection: &mut AnyConnection, draft: &Release) -> QueryResult<()> {
    diesel::delete(release_tokens::table.filter(release_tokens::release_id.eq(&draft.id))).execute(connection)?;
    diesel::delete(releases::table.find(&draft.id)).execute(connection)?;
    Ok(())
}

/// Writes what an event makes of a release, and what must follow. An edit that changes nothing
/// writes nothing.
pub(crate) fn release_change(
    connection: &mut AnyConnection,
    before: Release,
    input: ReleaseInput,
    event: ReleaseEvent,
    context: ReleaseContext,
) -> QueryResult<Release> {
    let due = input.published_at <= context.now;
    let promoted = before.input.prerelease != input.prerelease
        && before.input.is_prerelease()
        && !input.is_prerelease()
        && !input.draft;
    let is_repeated = event == ReleaseEvent::Arrive;
    let event = match event {
        ReleaseEvent::Edit | ReleaseEvent::Arrive if promoted => ReleaseEvent::Promote,
        _ => event,
    };
    let (state, effect) = release_next(before.state, event, due);
    if effect == ReleaseEffect::Forget {
        release_remove(connection, &before)?;
        return Ok(before);
    }
    let mut release = Release {
        id: before.id.clone(),
        repository_id: before.repository_id,
        revision: before.revision,
        state,
        created_at: before.created_at,
        updated_at: before.updated_at,
        updated_by: input.author.clone().or_else(|| before.updated_by.clone()),
        input: ReleaseInput {
            // Who made a release stays, whoever sends it again.
            author: if is_repeated { before.input.author.clone().or(input.author) } else { input.author },
            draft: state == ReleaseState::Draft,
            ..input
        },
    };
    if release == before {
        if is_repeated {
            // It was sent again, and that is all that is new.
            release.updated_at = context.now;
            diesel::update(releases::table.find(&release.id))
                .set(releases::updated_at.eq(context.now))
                .execute(connection)?;
        }
        return Ok(release);
    }
    release.revision += 1;
    release.updated_at = context.now;
    diesel::update(releases::table.find(&release.id)).set(ReleaseRow::of(&release)).execute(connection)?;
    if ReleaseText::of(&before.input) != ReleaseText::of(&release.input) {
        release_tokens_write(connection, &release)?;
    }
    if state == ReleaseState::Withdrawn {
        diesel::update(releases::table.find(&release.id)).set(releases::quiet.eq(true)).execute(connection)?;
    }
    if promoted {
        // What was told of the pre-release does not bind the release.
        let told =
            component_releases::release_id.eq(&release.id).and(component_releases::bump.eq(Bump::Prerelease.as_str()));
        diesel::update(component_releases::table.filter(told))
            .set(component_releases::bump_fixed.eq(false))
            .execute(connection)?;
    }
    release_follow_up(connection, Some(&before), &release, effect, context)?;
    Ok(release)
}

/// The text of a release that search looks at.
#[derive(PartialEq)]
struct ReleaseText<'a>(&'a str, &'a str, Option<&'a str>);

impl<'a> ReleaseText<'a> {
    fn of(input: &'a ReleaseInput) -> Self {
        Self(&input.tag, &input.title, input.notes.as_deref())
    }
}

/// Writes what follows from a release's new state: what readers see, the job of its time to come, and what is told.
fn release_follow_up(
    connection: &mut AnyConnection,
    before: Option<&Release>,
    release: &Release,
    effect: ReleaseEffect,
    context: ReleaseContext,
) -> QueryResult<()> {
    let now = context.now;
    let was_visible = before.is_some_and(|before| before.state == ReleaseState::Published);
    let is_visible = release.state == ReleaseState::Published;
    let shown_before = if was_visible { pages_showing(connection, &release.id)? } else { Vec::new() };
    if was_visible && is_visible && before.is_some_and(|before| has_same_place(&before.input, &release.input)) {
        repository_pages_raise(connection, release.repository_id)?;
    } else if was_visible || is_visible {
        repository_recompute(connection, release.repository_id)?;
    }
    if release.state == ReleaseState::Scheduled {
        let payload = JobPayload::ReleasePublish { release: release.id.clone() };
        let turn = repository_turn(release.repository_id);
        job_enqueue(connection, &payload, &turn, release.input.published_at, now)?;
    }
    match effect {
        // What readers come to see again, or as a release now, belongs to a group as any other, though nobody is told.
        ReleaseEffect::Quiet if is_visible && context.is_news => {
            let news = ReleaseNews { release, promoted: false, is_told: false, shown_before };
            release_groups_join(connection, &news, context)
        }
        ReleaseEffect::Quiet | ReleaseEffect::Forget => Ok(()),
        ReleaseEffect::Cancel => announcements_cancel(connection, &release.id, now),
        ReleaseEffect::Announce if !context.is_news => release_silence(connection, &release.id),
        ReleaseEffect::Announce => release_announce(connection, (was_visible, shown_before), release, context),
    }
}

/// Whether a change leaves every release of the repository where it is in its component's history.
fn has_same_place(before: &ReleaseInput, after: &ReleaseInput) -> bool {
    before.tag == after.tag
        && before.published_at == after.published_at
        && before.prerelease == after.prerelease
        && before.platforms.key() == after.platforms.key()
}

/// The pages that show a release, and not as a pre-release.
fn pages_showing(connection: &mut AnyConnection, release_id: &str) -> QueryResult<Vec<String>> {
    let shown = release_components(connection, release_id)?;
    Ok(shown.into_iter().filter(|(_, _, prerelease)| !prerelease).map(|(_, page_id, _)| page_id).collect())
}

/// A release that readers have come to see, on some pages perhaps.
struct ReleaseNews<'a> {
    release: &'a Release,
    /// Whether it was a published pre-release until now.
    promoted: bool,
    /// Whether subscribers are told of it.
    is_told: bool,
    /// The pages on which readers saw it before.
    shown_before: Vec<String>,
}

/// Lets a release join a group on each `auto` page that shows it anew.
fn release_groups_join(
    connection: &mut AnyConnection,
    news: &ReleaseNews<'_>,
    context: ReleaseContext,
) -> QueryResult<()> {
    let input = &news.release.input;
    if !release_joins_group(news.promoted, input.notify, input.published_at, context.now) {
        return Ok(());
    }
    let mut page_ids = pages_showing(connection, &news.release.id)?;
    page_ids.retain(|page_id| !news.shown_before.contains(page_id));
    let ids: Vec<&str> = page_ids.iter().map(String::as_str).collect();
    let groupings = page_groupings(connection, &ids)?;
    for page_id in &page_ids {
        if let Some(grouping) = groupings.get(page_id).filter(|grouping| grouping.mode == Grouping::Auto) {
            group_join(connection, (page_id, grouping), (&news.release.id, news.is_told), context)?;
        }
    }
    Ok(())
}

/// Announces a release that was just published, or one that was `promoted`: a published pre-release until now. On pages
/// that put releases together, its group is announced instead.
fn release_announce(
    connection: &mut AnyConnection,
    (promoted, shown_before): (bool, Vec<String>),
    release: &Release,
    context: ReleaseContext,
) -> QueryResult<()> {
    let now = context.now;
    let notify = release.input.notify;
    let is_told = if promoted {
        promotion_is_announced(notify)
    } else {
        release_is_announced(notify, release.input.published_at, now) && !release_is_quiet(connection, &release.id)?
    };
    let shown = release_components(connection, &release.id)?;
    let page_ids: Vec<&str> = shown.iter().map(|(_, page_id, _)| page_id.as_str()).collect();
    let groupings = page_groupings(connection, &page_ids)?;
    for (component, page, prerelease) in shown {
        if !prerelease {
            prerelease_cancel(connection, &page, &release.id, now)?;
            if groupings.get(&page).is_some_and(|grouping| grouping.mode != Grouping::Off) {
                continue;
            }
        }
        // Where the tag says pre-release, nothing was promoted.
        if is_told && !(promoted && prerelease) {
            let told = (&*release.id, prerelease);
            announcement_create(connection, (component, &page), told, context.notify_delay, now)?;
        }
    }
    release_groups_join(connection, &ReleaseNews { release, promoted, is_told, shown_before }, context)
}

/// Sees to it that a release is no news, whatever is made of it later.
fn release_silence(connection: &mut AnyConnection, release_id: &str) -> QueryResult<()> {
    diesel::update(releases::table.find(release_id)).set(releases::quiet.eq(true)).execute(connection)?;
    Ok(())
}

/// Whether a release was withdrawn once, or came in as history. One that comes back for a time to come is as scheduled as any other, so that
/// its state does not say it.
fn release_is_quiet(connection: &mut AnyConnection, release_id: &str) -> QueryResult<bool> {
    Ok(releases::table.find(release_id).select(releases::quiet).first(connection)?)
}
