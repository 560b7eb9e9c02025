//! What each release is to the readers of each component, kept in the transaction of whatever changes it.

use std::collections::HashMap;

use diesel::prelude::*;
use releasepage_domain::{
    bump::Bump,
    history::{HistoryRelease, VERSION_RULES, component_history},
    release::ReleaseState,
    tag::{Tag, tag_component},
    time::UtcTime,
    version::VersionRule,
};

use crate::{
    AnyConnection, QueryResult,
    database::{
        backend::on_each_backend,
        schema::{component_releases, components, pages, releases, repositories},
        stored::stored,
    },
    pages::row::{groups_lock, page_generation_raise},
    releases::row::prerelease_flag,
};

/// How many places go in one statement.
const ROWS_MAX: usize = 500;

/// A component with what its history depends on.
struct Component {
    id: i64,
    page_id: String,
    tag_prefix: Option<String>,
    versions: VersionRule,
    unversioned_as: Bump,
}

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
#[derive(Clone, PartialEq, Queryable, AsChangeset, Insertable)]
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

/// Brings `component_releases` up to date for every component that the repository has, on any page, and raises the
/// generation of those pages. The caller holds the repository's scope; those of the pages' groups are taken here, or by a
/// caller that writes rows of them before.
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

/// The repository's components, those of one page beside each other.
fn repository_components(connection: &mut AnyConnection, repository_id: i64) -> QueryResult<Vec<Component>> {
    components::table
        .inner_join(pages::table)
        .filter(components::repository_id.eq(repository_id))
        .order((components::page_id, components::id))
        .select((
            components::id,
            components::page_id,
            components::tag_prefix,
            components::versions,
            pages::unversioned_as,
        ))
        .load::<(i64, String, Option<String>, String, String)>(connection)?
        .into_iter()
        .map(|(id, page_id, tag_prefix, versions, unversioned_as)| {
            let (versions, unversioned_as) = (stored(&versions, "versions")?, stored(&unversioned_as, "bump")?);
            Ok(Component { id, page_id, tag_prefix, versions, unversioned_as })
        })
        .collect()
}

fn component_recompute(connection: &mut AnyConnection, component: &Component, members: &[&Visible]) -> QueryResult<()> {
    let mut before: HashMap<String, Place> = component_releases::table
        .filter(component_releases::component_id.eq(component.id))
        .select((
            component_releases::release_id,
            (
                component_releases::version,
                component_releases::version_key,
                component_releases::bump,
                component_releases::prerelease,
                component_releases::bump_fixed,
                component_releases::visible,
                component_releases::published_at,
            ),
        ))
        .load::<(String, Place)>(connection)?
        .into_iter()
        .collect();
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
        let after = Place {
            version: Tag::parse(place.release.tag, prefix).shown().to_owned(),
            version_key: place.version_key,
            bump: place.bump.as_str().to_owned(),
            prerelease: place.prerelease,
            bump_fixed: place.release.fixed.is_some(),
            visible: true,
            published_at: place.release.published_at,
        };
        match before.remove(place.release.id) {
            Some(same) if same == after => {}
            Some(_) => {
                diesel::update(component_releases::table.find((component.id, place.release.id)))
                    .set(&after)
                    .execute(connection)?;
            }
            None => added.push((
                component_releases::component_id.eq(component.id),
                component_releases::release_id.eq(place.release.id),
                after,
            )),
        }
    }
    for rows in added.chunks(ROWS_MAX) {
        on_each_backend!(connection, connection => diesel::insert_into(component_releases::table).values(rows).execute(connection))?;
    }
    for (release_id, gone) in before {
        let row = component_releases::table.find((component.id, release_id));
        if !gone.bump_fixed {
            diesel::delete(row).execute(connection)?;
        } else if gone.visible {
            // What was announced keeps its bump, should the release come back.
            diesel::update(row).set(component_releases::visible.eq(false)).execute(connection)?;
        }
    }
    Ok(())
}
