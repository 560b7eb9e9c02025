//! Changes of a release by an event, and what follows, in the caller's transaction under the repository's scope.
//!
//! The rule lists what follows; here what it depends on is loaded, and the list carried out.

use diesel::prelude::*;
use releasepage_domain::{
    bump::Bump,
    job::JobPayload,
    release::{ReleaseEffect, ReleaseEvent, ReleaseInput, ReleaseState, release_next},
    release_consequences::{
        ReleaseChange, ReleaseConsequence, ReleaseStep, RepositoryComponent, release_consequences, release_step,
    },
};

use crate::{
    AnyConnection, QueryResult,
    announcements::row::{AnnouncementNew, announcement_create, announcements_cancel, prerelease_cancel},
    database::schema::{component_releases, release_tokens, releases},
    groups::{member_row::MemberNew, members::group_join},
    jobs::row::{job_enqueue, repository_turn},
    pages::{
        component_releases::{repository_pages_raise, repository_recompute},
        row::repository_components,
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
    let turn = Turn { before: None, release: &release, effect, is_promoted: false };
    consequences_carry_out(connection, &turn, context)?;
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
    let told_by = input.author.clone();
    let ReleaseStep { state, input, effect, is_promoted } = release_step(before.view(), input, event, context.now);
    if effect == ReleaseEffect::Forget {
        release_remove(connection, &before)?;
        return Ok(before);
    }
    let updated_by = told_by.or_else(|| before.updated_by.clone());
    let mut release = Release { state, input, updated_by, ..before.clone() };
    if release == before {
        if event == ReleaseEvent::Arrive {
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
    let turn = Turn { before: Some(&before), release: &release, effect, is_promoted };
    consequences_carry_out(connection, &turn, context)?;
    Ok(release)
}

/// A release that was just written.
struct Turn<'a> {
    /// The release as it was; `None` for a new one.
    before: Option<&'a Release>,
    release: &'a Release,
    effect: ReleaseEffect,
    is_promoted: bool,
}

impl Turn<'_> {
    /// Tells that readers see the release, or saw it until now.
    fn is_visible(&self) -> bool {
        let is_published = |release: &Release| release.state == ReleaseState::Published;
        is_published(self.release) || self.before.is_some_and(is_published)
    }

    /// Loads what the consequences depend on, once.
    fn facts(&self, connection: &mut AnyConnection) -> QueryResult<Facts> {
        if !self.is_visible() {
            return Ok(Facts::default());
        }
        Ok(Facts {
            is_quiet: releases::table.find(&self.release.id).select(releases::quiet).first(connection)?,
            components: repository_components(connection, self.release.repository_id)?,
        })
    }
}

/// Facts that the consequences of a change depend on besides the release.
#[derive(Default)]
struct Facts {
    /// Says whether the release was withdrawn once or came in as history. One that comes back for a time to come is as
    /// scheduled as any other, so that its state does not say it.
    is_quiet: bool,
    components: Vec<RepositoryComponent>,
}

/// Carries out what follows the change of a release.
fn consequences_carry_out(connection: &mut AnyConnection, turn: &Turn<'_>, context: ReleaseContext) -> QueryResult<()> {
    let facts = turn.facts(connection)?;
    let consequences = release_consequences(&ReleaseChange {
        before: turn.before.map(Release::view),
        after: turn.release.view(),
        effect: turn.effect,
        is_promoted: turn.is_promoted,
        is_quiet: facts.is_quiet,
        is_news: context.is_news,
        components: &facts.components,
        now: context.now,
    });
    for consequence in consequences {
        consequence_carry_out(connection, turn.release, consequence, context)?;
    }
    Ok(())
}

fn consequence_carry_out(
    connection: &mut AnyConnection,
    release: &Release,
    consequence: ReleaseConsequence,
    context: ReleaseContext,
) -> QueryResult<()> {
    let now = context.now;
    match consequence {
        ReleaseConsequence::Index => release_tokens_write(connection, release),
        ReleaseConsequence::Silence => release_silence(connection, &release.id),
        ReleaseConsequence::BumpFree => bumps_free(connection, &release.id),
        ReleaseConsequence::PagesRaise => repository_pages_raise(connection, release.repository_id),
        ReleaseConsequence::Recompute => repository_recompute(connection, release.repository_id),
        ReleaseConsequence::Schedule(at) => {
            let payload = JobPayload::ReleasePublish { release: release.id.clone() };
            job_enqueue(connection, &payload, &repository_turn(release.repository_id), at, now)
        }
        ReleaseConsequence::Cancel => announcements_cancel(connection, &release.id, now),
        ReleaseConsequence::PrereleaseCancel { page_id } => prerelease_cancel(connection, &page_id, &release.id, now),
        ReleaseConsequence::Announce { component_id, page_id, prerelease } => {
            let (page_id, release_id) = (&*page_id, &*release.id);
            let new = AnnouncementNew { page_id, component_id, release_id, prerelease, group_id: None };
            announcement_create(connection, &new, context.notify_delay, now)
        }
        ReleaseConsequence::GroupJoin { page_id, notify } => {
            group_join(connection, &page_id, MemberNew { release_id: &release.id, notify }, context)
        }
    }
}

/// Sees to it that a release is no news, whatever is made of it later.
fn release_silence(connection: &mut AnyConnection, release_id: &str) -> QueryResult<()> {
    diesel::update(releases::table.find(release_id)).set(releases::quiet.eq(true)).execute(connection)?;
    Ok(())
}

/// Frees the bumps of a pre-release that were told.
fn bumps_free(connection: &mut AnyConnection, release_id: &str) -> QueryResult<()> {
    let told =
        component_releases::release_id.eq(release_id).and(component_releases::bump.eq(Bump::Prerelease.as_str()));
    diesel::update(component_releases::table.filter(told))
        .set(component_releases::bump_fixed.eq(false))
        .execute(connection)?;
    Ok(())
}
