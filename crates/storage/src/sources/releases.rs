//! Releases as their forges tell of them: each event is ranked among those before it, and what it changes is stored as
//! any other change of a release is.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    release::{Platforms, ReleaseEvent, ReleaseInput, ReleaseState},
    source_event::{SourceEvent, SourceMark, SourceStage, SourceStanding, SourceStep, SourceText, source_step},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::{schema::source_releases, stored::stored},
    releases::{
        changes::{release_add, release_change},
        row::{Release, ReleaseContext, ReleaseOwner, release_find, release_owned},
    },
    sources::hook_deliveries::{hook_delivery_finish, hook_delivery_take},
};

/// A row of `source_releases` without its key.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = source_releases, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct SourceRow {
    pub(crate) release_id: Option<String>,
    stage: String,
    stage_at: Option<UtcTime>,
    stage_rank: i32,
    text_at: Option<UtcTime>,
    text_rank: Option<i32>,
    made_at: Option<UtcTime>,
}

impl SourceRow {
    pub(crate) fn of(release_id: Option<String>, standing: &SourceStanding) -> Self {
        Self {
            release_id,
            stage: standing.stage.as_str().to_owned(),
            stage_at: standing.stage_mark.at,
            stage_rank: standing.stage_mark.rank,
            text_at: standing.text_mark.and_then(|mark| mark.at),
            text_rank: standing.text_mark.map(|mark| mark.rank),
            made_at: standing.made_at,
        }
    }

    pub(crate) fn standing(&self) -> QueryResult<SourceStanding> {
        Ok(SourceStanding {
            made_at: self.made_at,
            stage: stored(&self.stage, "stage")?,
            stage_mark: SourceMark { at: self.stage_at, rank: self.stage_rank },
            text_mark: self.text_rank.map(|rank| SourceMark { at: self.text_at, rank }),
        })
    }
}

/// Processes a delivery: does with its release what the event comes to, writes what must follow, and notes that it was
/// processed, in one transaction. Does nothing where that was done before.
///
/// `ids` makes candidates for a new release's id.
pub async fn source_event_apply(
    store: &Store,
    delivery: i64,
    ids: impl Fn() -> String + Send + 'static,
    context: ReleaseContext,
) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            let Some(delivery) = hook_delivery_take(connection, delivery)? else { return Ok(()) };
            let release = event_apply(connection, delivery.repository_id, &delivery.event, &ids, context)?;
            let message = release.map_or_else(
                || "readers see nothing of the release".to_owned(),
                |release| format!("release {} ({}) is {}", release.id, release.input.tag, release.state),
            );
            hook_delivery_finish(connection, &delivery, &message)
        })
        .await
}

/// Does what an event comes to. Answers the release, where there is one.
fn event_apply(
    connection: &mut AnyConnection,
    repository_id: i64,
    event: &SourceEvent,
    ids: &impl Fn() -> String,
    context: ReleaseContext,
) -> QueryResult<Option<Release>> {
    let row = source_releases::table.find((repository_id, &event.release_id));
    let before: Option<SourceRow> = row.select(SourceRow::as_select()).first(connection).optional()?;
    let standing = before.as_ref().map(SourceRow::standing).transpose()?;
    let Some(step) = source_step(standing.as_ref(), event) else {
        return source_release_own(connection, repository_id, before.as_ref());
    };
    let release =
        source_step_apply(connection, repository_id, before, &SourceTold::by_event(event, step), ids, context)?;
    diesel::update(row).set(source_releases::heard_at.eq(context.now)).execute(connection)?;
    Ok(release)
}

/// The release that is remembered under an id of a source, where there is one.
fn source_release_own(
    connection: &mut AnyConnection,
    repository_id: i64,
    row: Option<&SourceRow>,
) -> QueryResult<Option<Release>> {
    match row.and_then(|row| row.release_id.as_deref()) {
        Some(id) => release_owned(connection, ReleaseOwner::Repository(repository_id), id).map(Some),
        None => Ok(None),
    }
}

/// Does what was told of a release, of which `before` is remembered, and remembers where it stands now. Answers the
/// release, where there is one.
pub(crate) fn source_step_apply(
    connection: &mut AnyConnection,
    repository_id: i64,
    before: Option<SourceRow>,
    told: &SourceTold<'_>,
    ids: &impl Fn() -> String,
    context: ReleaseContext,
) -> QueryResult<Option<Release>> {
    let (event, step) = (told.event, told.step);
    let own = source_release_own(connection, repository_id, before.as_ref())?;
    let release = match &event.shown {
        Some(text) if step.standing.stage.is_shown() => {
            let standing = before.as_ref().map(SourceRow::standing).transpose()?;
            let was_shown = standing.is_some_and(|before| before.stage.is_shown());
            Some(release_show(connection, repository_id, own, &Shown { told, text, was_shown }, ids, context)?)
        }
        // An event from before the publication, such as the creation as a draft: readers go on to see what they see.
        None if step.standing.stage.is_shown() => own,
        _ => release_hide(connection, own, context)?,
    };
    let after = SourceRow::of(release.as_ref().map(|release| release.id.clone()), &step.standing);
    if let Some(release) = &release {
        // Deleted and made anew with the same tag, it is the same release to readers, and the new id's.
        let others = source_releases::release_id.eq(&release.id).and(source_releases::source_id.ne(&event.release_id));
        diesel::update(source_releases::table.filter(others))
            .set(source_releases::release_id.eq(None::<String>))
            .execute(connection)?;
    }
    let row = source_releases::table.find((repository_id, &event.release_id));
    match before {
        Some(_) => diesel::update(row).set(after).execute(connection)?,
        None => diesel::insert_into(source_releases::table)
            .values((
                source_releases::repository_id.eq(repository_id),
                source_releases::source_id.eq(&event.release_id),
                after,
            ))
            .execute(connection)?,
    };
    Ok(release)
}

/// Takes a release back, where readers see it.
pub(crate) fn release_hide(
    connection: &mut AnyConnection,
    own: Option<Release>,
    context: ReleaseContext,
) -> QueryResult<Option<Release>> {
    match own {
        Some(own) if own.state != ReleaseState::Withdrawn => {
            let input = own.input.clone();
            release_change(connection, own, input, ReleaseEvent::Withdraw, context).map(Some)
        }
        own => Ok(own),
    }
}

/// A source's word of a release, and what it comes to.
pub(crate) struct SourceTold<'a> {
    event: &'a SourceEvent,
    step: SourceStep,
    /// Says whether it was found in a listing, which tells what is and not what happened.
    is_listed: bool,
}

impl<'a> SourceTold<'a> {
    /// Told by an event.
    fn by_event(event: &'a SourceEvent, step: SourceStep) -> Self {
        Self { event, step, is_listed: false }
    }

    /// Found in a listing.
    pub(crate) fn by_listing(event: &'a SourceEvent, step: SourceStep) -> Self {
        Self { event, step, is_listed: true }
    }
}

/// The word of a release that readers are to see.
struct Shown<'a> {
    told: &'a SourceTold<'a>,
    text: &'a SourceText,
    /// Says whether they were to see it before.
    was_shown: bool,
}

/// Shows a release as its source tells of it.
///
/// A new one may have the tag of one that was deleted, made by hand or sent by a pipeline: it is that release then. So
/// it is where the tag was changed to that of another release, and what had the tag before is withdrawn.
fn release_show(
    connection: &mut AnyConnection,
    repository_id: i64,
    own: Option<Release>,
    shown: &Shown<'_>,
    ids: &impl Fn() -> String,
    context: ReleaseContext,
) -> QueryResult<Release> {
    let prerelease = shown.text.prerelease_at(shown.told.step.standing.stage);
    let own = match own {
        Some(own) if !shown.told.step.takes_text => {
            let input = ReleaseInput { prerelease, ..own.input.clone() };
            return release_change(connection, own, input, shown.release_event(true), context);
        }
        own => own,
    };
    let platforms = own.as_ref().map_or_else(Platforms::default, |own| own.input.platforms.clone());
    let of_tag = release_find(connection, repository_id, &shown.text.tag, &platforms)?;
    let (before, is_own) = match (own, of_tag) {
        (Some(own), Some(other)) if other.id != own.id => {
            release_hide(connection, Some(own), context)?;
            (Some(other), false)
        }
        (Some(own), _) => (Some(own), true),
        (None, of_tag) => (of_tag, false),
    };
    let input = shown.text.input(before.as_ref().map(|before| &before.input), prerelease, context.now);
    match before {
        Some(before) => {
            let event = match before.state {
                ReleaseState::Draft => ReleaseEvent::Publish,
                ReleaseState::Withdrawn
                    if shown.told.is_listed && !is_own && !release_is_gone_at_source(connection, &before.id)? =>
                {
                    ReleaseEvent::Edit
                }
                _ => shown.release_event(is_own),
            };
            release_change(connection, before, input, event, context)
        }
        None => {
            // Readers knew it under a tag that another release has taken over: it is no news.
            let notify = shown.was_shown.then_some(false);
            release_add(connection, repository_id, ReleaseInput { notify, ..input }, ids, context)
        }
    }
}

impl Shown<'_> {
    /// The event that it is to a release that is known. An edit does not bring back what its team withdrew here, and
    /// neither does being listed, which it was before too.
    fn release_event(&self, is_own: bool) -> ReleaseEvent {
        let is_edit = self.told.is_listed || (is_own && self.told.event.kind.is_edit());
        if is_edit && self.was_shown { ReleaseEvent::Edit } else { ReleaseEvent::Arrive }
    }
}

/// Tells whether it was its source that took a release back, under whatever id, and not its team here.
fn release_is_gone_at_source(connection: &mut AnyConnection, release_id: &str) -> QueryResult<bool> {
    let gone = [SourceStage::Draft.as_str(), SourceStage::Deleted.as_str()];
    let told = source_releases::release_id.eq(release_id).and(source_releases::stage.eq_any(gone));
    Ok(diesel::select(exists(source_releases::table.filter(told))).get_result(connection)?)
}
