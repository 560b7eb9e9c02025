//! The place of each release in the history of each component, kept in the transaction of whatever changes it.

use std::collections::HashMap;

use diesel::prelude::*;
use releasepage_domain::{
    history::{ComponentRelease, HistoryRelease, VERSION_RULES, component_history},
    release::ReleaseState,
    release_consequences::RepositoryComponent,
    tag::{Tag, tag_component},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult,
    database::{
        backend::on_each_backend,
        schema::{component_releases, components, releases, repositories},
        stored::stored,
    },
    pages::row::{groups_lock, page_generation_raise, repository_components},
    releases::row::prerelease_flag,
};

/// The number of places that go in one statement.
const ROWS_MAX: usize = 500;

/// A release that readers can see.
#[derive(Queryable)]
struct Visible {
    id: String,
    tag: String,
    platforms_key: String,
    published_at: UtcTime,
    prerelease: bool,
    prerelease_said: bool,
}

/// A row of `component_releases` without its key.
#[derive(Clone, PartialEq, Queryable, Selectable, AsChangeset, Insertable)]
#[diesel(table_name = component_releases, treat_none_as_default_value = false)]
struct Place {
    version: String,
    version_key: String,
    bump: String,
    prerelease: bool,
    bump_fixed: bool,
    visible: bool,
    published_at: UtcTime,
}

impl Place {
    fn of(place: ComponentRelease<'_>, tag_prefix: Option<&str>) -> Self {
        Self {
            version: Tag::parse(place.release.tag, tag_prefix).shown().to_owned(),
            version_key: place.version_key,
            bump: place.bump.as_str().to_owned(),
            prerelease: place.prerelease,
            bump_fixed: place.release.fixed.is_some(),
            visible: true,
            published_at: place.release.published_at,
        }
    }
}

/// Brings `component_releases` up to date for every component that the repository has, on any page, and raises the
/// generation of those pages. The caller holds the repository's scope; those of the pages' groups are taken here, or by
/// a caller that writes rows of them before.
pub(crate) fn repository_recompute(connection: &mut AnyConnection, repository_id: i64) -> QueryResult<()> {
    groups_lock(connection, &[repository_id])?;
    let repository = repositories::table.find(repository_id).filter(repositories::version_rules.ne(VERSION_RULES));
    diesel::update(repository).set(repositories::version_rules.eq(VERSION_RULES)).execute(connection)?;
    let components = repository_components(connection, repository_id)?;
    if components.is_empty() {
        return Ok(());
    }
    let releases: Vec<Visible> = releases::table
        .filter(releases::repository_id.eq(repository_id).and(releases::state.eq(ReleaseState::Published.as_str())))
        .select((
            releases::id,
            releases::tag,
            releases::platforms_key,
            releases::published_at,
            releases::prerelease,
            releases::prerelease_said,
        ))
        .load(connection)?;
    // A page's components share a repository by their prefixes; other pages cut it in their own way.
    for siblings in components.chunk_by(|one, other| one.page_id == other.page_id) {
        let prefixes: Vec<Option<&str>> = siblings.iter().map(|sibling| sibling.tag_prefix.as_deref()).collect();
        let mut members: Vec<Vec<&Visible>> = vec![Vec::new(); siblings.len()];
        for release in &releases {
            if let Some(own) = tag_component(&release.tag, &prefixes) {
                members[own].push(release);
            }
        }
        for (component, members) in siblings.iter().zip(&members) {
            component_recompute(connection, component, members)?;
        }
    }
    repository_pages_raise(connection, repository_id)
}

/// Raises the generation of every page that shows the repository.
pub(crate) fn repository_pages_raise(connection: &mut AnyConnection, repository_id: i64) -> QueryResult<()> {
    let page_ids: Vec<String> = components::table
        .filter(components::repository_id.eq(repository_id))
        .select(components::page_id)
        .distinct()
        // So that two repositories on the same pages do not wait for each other.
        .order(components::page_id)
        .load(connection)?;
    for page_id in &page_ids {
        page_generation_raise(connection, page_id)?;
    }
    Ok(())
}

/// Brings the places of a component's releases up to date.
fn component_recompute(
    connection: &mut AnyConnection,
    component: &RepositoryComponent,
    members: &[&Visible],
) -> QueryResult<()> {
    let mut before = places_load(connection, component.id)?;
    let mut history = Vec::with_capacity(members.len());
    for member in members {
        let fixed = match before.get(&member.id) {
            Some(place) if place.bump_fixed => Some(stored(&place.bump, "bump")?),
            _ => None,
        };
        history.push(HistoryRelease {
            id: &member.id,
            tag: &member.tag,
            platforms: &member.platforms_key,
            published_at: member.published_at,
            prerelease: prerelease_flag(member.prerelease, member.prerelease_said),
            fixed,
        });
    }
    let mut added = Vec::new();
    let (prefix, rule) = (component.tag_prefix.as_deref(), component.versions);
    for place in component_history(&history, prefix, rule, component.unversioned_as) {
        let release = place.release;
        let after = Place::of(place, prefix);
        match before.remove(release.id) {
            Some(same) if same == after => {}
            Some(_) => {
                diesel::update(component_releases::table.find((component.id, release.id)))
                    .set(&after)
                    .execute(connection)?;
            }
            None => added.push((
                component_releases::component_id.eq(component.id),
                component_releases::release_id.eq(release.id),
                after,
            )),
        }
    }
    for rows in added.chunks(ROWS_MAX) {
        on_each_backend!(connection, connection => diesel::insert_into(component_releases::table).values(rows).execute(connection))?;
    }
    places_leave(connection, component.id, before)
}

/// The places of a component's releases, by the releases' ids.
fn places_load(connection: &mut AnyConnection, component_id: i64) -> QueryResult<HashMap<String, Place>> {
    let places = component_releases::table
        .filter(component_releases::component_id.eq(component_id))
        .select((component_releases::release_id, Place::as_select()))
        .load::<(String, Place)>(connection)?;
    Ok(places.into_iter().collect())
}

/// Removes the places of releases that a component no longer shows.
fn places_leave(connection: &mut AnyConnection, component_id: i64, gone: HashMap<String, Place>) -> QueryResult<()> {
    for (release_id, gone) in gone {
        let row = component_releases::table.find((component_id, release_id));
        if !gone.bump_fixed {
            diesel::delete(row).execute(connection)?;
        } else if gone.visible {
            // What was announced keeps its bump, should the release come back.
            diesel::update(row).set(component_releases::visible.eq(false)).execute(connection)?;
        }
    }
    Ok(())
}
