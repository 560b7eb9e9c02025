//! Pages: what readers see, and who may change it.

use diesel::{
    dsl::{auto_type, exists},
    prelude::*,
};
use releasepage_domain::{
    bump::Bump,
    conflict::revision_check,
    group::{GroupVersion, Grouping},
    page::{CountedBy, RATE_LIMIT_DEFAULT},
    text::slug_of,
    time::UtcTime,
};

use crate::{
    Scope, Store, StoreError,
    database::{
        change::Change,
        cursor::{ListPart, TimeCursor},
        name::name_first_free,
        schema::pages,
    },
    groups::switching::grouping_switch,
    pages::{
        component_releases::repository_recompute,
        row::{Page, PageGrouping, groups_lock, page_load, repositories_lock},
        slugs::{page_slug_claim, page_slug_forward, page_slug_is_former, slug_free, slug_is_of_others, slug_is_taken},
    },
};

/// Longest slug of a page, in characters.
const SLUG_MAX: usize = 60;

/// A page that is to be made. Whoever parses the fields checks them, with `slug_check`, `name_check` and
/// `description_check` of the rules.
pub struct PageNew {
    /// The last part of its address; where there is none, one is made of the title that no page has, nor had before.
    pub slug: Option<String>,
    /// Its title.
    pub title: String,
    /// Its description, plain text.
    pub description: String,
    /// Says whether readers can see it from the start.
    pub published: bool,
    /// The bump that a release without a version counts as; `minor` where there is none.
    pub unversioned_as: Option<Bump>,
    /// The way in which it puts releases together.
    pub grouping: PageGrouping,
}

/// An edit of a page, checked as a [`PageNew`] is.
#[derive(Clone, Debug, Default)]
pub struct PageChange {
    /// The revision that was edited, where the client names it.
    pub revision: Option<i64>,
    /// The last part of its address.
    pub slug: Change<String>,
    /// Its title.
    pub title: Change<String>,
    /// Its description, plain text; empty for none.
    pub description: Change<String>,
    /// Says whether readers can see it.
    pub published: Change<bool>,
    /// The bump that a release without a version counts as.
    pub unversioned_as: Change<Bump>,
    /// The mode: off, or by whom groups are made.
    pub grouping: Change<Grouping>,
    /// The minutes that a group stays open after a release joined it: from the next release on.
    pub group_window_minutes: Change<i32>,
    /// The version of the first group; of those after it, whether they have a `v`.
    pub group_initial_version: Change<GroupVersion>,
}

impl PageChange {
    /// Applies the edit to a page.
    fn applied(self, page: Page) -> Page {
        Page {
            slug: self.slug.or(page.slug),
            title: self.title.or(page.title),
            description: self.description.or(page.description),
            published: self.published.or(page.published),
            unversioned_as: self.unversioned_as.or(page.unversioned_as),
            grouping: PageGrouping {
                mode: self.grouping.or(page.grouping.mode),
                window_minutes: self.group_window_minutes.or(page.grouping.window_minutes),
                initial_version: self.group_initial_version.or(page.grouping.initial_version),
            },
            ..page
        }
    }
}

/// Makes a page. `ids` makes candidates for its id: 12 random lower-case hex digits.
///
/// Fails with [`StoreError::Faults`] on `slug` where it was given and another page of the server has it, or where a
/// page of another organization had it last.
pub async fn page_create(
    store: &Store,
    organization_id: i64,
    new: PageNew,
    ids: impl Fn() -> String + Send + 'static,
    now: UtcTime,
) -> Result<Page, StoreError> {
    store
        .write(&[Scope::Server], move |connection| {
            let slug = match &new.slug {
                Some(slug) => slug_free(connection, organization_id, slug)?,
                None => {
                    let wanted = slug_of(&new.title, "page");
                    // Links to another page stand under its former slugs: only who asks for one takes it over.
                    name_first_free(&wanted, SLUG_MAX, |slug| {
                        Ok(slug_is_taken(connection, slug)?
                            || page_slug_is_former(connection, slug)?
                            || slug_is_of_others(connection, organization_id, slug)?)
                    })?
                }
            };
            page_slug_claim(connection, organization_id, &slug)?;
            let mut id = ids();
            while diesel::select(exists(pages::table.find(&id))).get_result(connection)? {
                id = ids();
            }
            diesel::insert_into(pages::table)
                .values((
                    pages::id.eq(&id),
                    pages::organization_id.eq(organization_id),
                    pages::slug.eq(slug),
                    pages::title.eq(&new.title),
                    pages::description.eq(&new.description),
                    pages::published.eq(new.published),
                    pages::unversioned_as.eq(new.unversioned_as.unwrap_or(Bump::Minor).as_str()),
                    pages::api_enabled.eq(false),
                    pages::rate_limit.eq(RATE_LIMIT_DEFAULT),
                    pages::counted_by.eq(CountedBy::Key.as_str()),
                    pages::generation.eq(1),
                    pages::revision.eq(1),
                    pages::created_at.eq(now),
                    pages::updated_at.eq(now),
                    grouping_columns(&new.grouping),
                ))
                .execute(connection)?;
            page_load(connection, organization_id, &id)
        })
        .await
}

/// The columns of a page's grouping.
#[auto_type(no_type_alias)]
fn grouping_columns(grouping: &PageGrouping) -> _ {
    let (mode, window, version): (&'static str, i32, String) =
        (grouping.mode.as_str(), grouping.window_minutes, grouping.initial_version.to_string());
    (pages::grouping.eq(mode), pages::group_window_minutes.eq(window), pages::group_initial_version.eq(version))
}

/// One page of an organization, or [`StoreError::NotFound`].
pub async fn page_get(store: &Store, organization_id: i64, page_id: String) -> Result<Page, StoreError> {
    store.read(move |connection| page_load(connection, organization_id, &page_id)).await
}

/// The pages of an organization, oldest first, at most `limit` after the cursor.
pub async fn page_list(
    store: &Store,
    organization_id: i64,
    after: TimeCursor,
    limit: u32,
) -> Result<ListPart<Page>, StoreError> {
    store
        .read(move |connection| {
            let later =
                pages::created_at.gt(after.time).or(pages::created_at.eq(after.time).and(pages::id.gt(&after.id)));
            let rows = pages::table
                .filter(pages::organization_id.eq(organization_id).and(later))
                .order((pages::created_at, pages::id))
                .limit(i64::from(limit) + 1)
                .select(Page::as_select())
                .load(connection)?;
            Ok(ListPart::cut(rows, limit, |last: &Page| {
                TimeCursor { time: last.created_at, id: last.id.clone() }.to_string()
            }))
        })
        .await
}

/// Edits a page. Whatever changes raises its revision and its generation; an edit that changes nothing does not. Where
/// the grouping is switched, its groups are brought up to date with it: see `docs/groups.md`.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such page, with [`StoreError::Conflict`] where
/// the edit names a revision that is no longer current, and with [`StoreError::Faults`] as [`page_create`] does.
pub async fn page_update(
    store: &Store,
    organization_id: i64,
    page_id: String,
    change: PageChange,
    now: UtcTime,
) -> Result<Page, StoreError> {
    let mut scopes = vec![Scope::Page(page_id.clone())];
    if matches!(change.slug, Change::Set(_)) {
        scopes.push(Scope::Server);
    }
    store
        .write(&scopes, move |connection| {
            let before = page_load(connection, organization_id, &page_id)?;
            revision_check(before.revision, change.revision)?;
            let after = change.clone().applied(before.clone());
            if after == before {
                return Ok(before);
            }
            if after.slug != before.slug {
                slug_free(connection, organization_id, &after.slug)?;
                page_slug_claim(connection, organization_id, &after.slug)?;
                page_slug_forward(connection, &before, now)?;
            }
            let is_recomputed = after.unversioned_as != before.unversioned_as;
            let is_switched = after.grouping.mode != before.grouping.mode;
            // Locked before the page's row is, as a release that arrives does it: the two never wait for each other.
            let mut repository_ids = Vec::new();
            if is_recomputed || is_switched {
                repository_ids = repositories_lock(connection, &page_id)?;
                groups_lock(connection, &repository_ids)?;
                // Its own are among them, unless it has no components (any more).
                connection.lock(&Scope::Groups(page_id.clone()))?;
            }
            diesel::update(pages::table.find(&page_id))
                .set((
                    pages::slug.eq(&after.slug),
                    pages::title.eq(&after.title),
                    pages::description.eq(&after.description),
                    pages::published.eq(after.published),
                    pages::unversioned_as.eq(after.unversioned_as.as_str()),
                    pages::generation.eq(pages::generation + 1),
                    pages::revision.eq(pages::revision + 1),
                    pages::updated_at.eq(now),
                    grouping_columns(&after.grouping),
                ))
                .execute(connection)?;
            if is_recomputed {
                for repository_id in repository_ids {
                    repository_recompute(connection, repository_id)?;
                }
            }
            grouping_switch(connection, &page_id, before.grouping.mode, &after.grouping, now)?;
            page_load(connection, organization_id, &page_id)
        })
        .await
}
