//! The slugs that pages had before: links that stand in mails and elsewhere go on leading somewhere, and never to a
//! page of another organization.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{fault::Fault, time::UtcTime};

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::schema::{page_slugs, pages, slug_owners},
    pages::row::Page,
};

/// The page at an address `/p/{slug}`, published or not; where no page has the slug, the one that had it last.
pub async fn page_by_slug(store: &Store, slug: String) -> Result<Option<Page>, StoreError> {
    store
        .read(move |connection| {
            let current = pages::table.filter(pages::slug.eq(&slug)).select(Page::as_select());
            if let Some(page) = current.first(connection).optional()? {
                return Ok(Some(page));
            }
            let former = pages::table.inner_join(page_slugs::table).filter(page_slugs::slug.eq(&slug));
            Ok(former.select(Page::as_select()).first(connection).optional()?)
        })
        .await
}

/// Lets the slug that a page gives up lead to it, in the caller's transaction under the server's scope.
pub(crate) fn page_slug_forward(connection: &mut AnyConnection, page: &Page, now: UtcTime) -> QueryResult<()> {
    // A server of an older version may have made the page, and noted nobody as the slug's owner.
    page_slug_claim(connection, page.organization_id, &page.slug)?;
    let row = (page_slugs::slug.eq(&page.slug), page_slugs::page_id.eq(&page.id), page_slugs::replaced_at.eq(now));
    diesel::insert_into(page_slugs::table).values(row).execute(connection)?;
    Ok(())
}

/// Tells whether a slug leads to a page that had it before.
pub(crate) fn page_slug_is_former(connection: &mut AnyConnection, slug: &str) -> QueryResult<bool> {
    Ok(diesel::select(exists(page_slugs::table.find(slug))).get_result(connection)?)
}

/// The slug, or a fault where a page of the server has it, or where it once was another organization's. The caller
/// holds the server's scope.
pub(crate) fn slug_free(connection: &mut AnyConnection, organization_id: i64, slug: &str) -> QueryResult<String> {
    if slug_is_taken(connection, slug)? || slug_is_of_others(connection, organization_id, slug)? {
        return Err(Fault::taken("slug", "must be one that no other page has").into());
    }
    Ok(slug.to_owned())
}

/// Tells whether a page of the server has the slug.
pub(crate) fn slug_is_taken(connection: &mut AnyConnection, slug: &str) -> QueryResult<bool> {
    Ok(diesel::select(exists(pages::table.filter(pages::slug.eq(slug)))).get_result(connection)?)
}

/// Tells whether another organization has the slug, or was the last to have it.
pub(crate) fn slug_is_of_others(connection: &mut AnyConnection, organization_id: i64, slug: &str) -> QueryResult<bool> {
    let others = slug_owners::table.find(slug).filter(slug_owners::organization_id.ne(organization_id));
    Ok(diesel::select(exists(others)).get_result(connection)?)
}

/// Ends what a slug led to before: a page takes it, and from now on it stays with the page's organization.
pub(crate) fn page_slug_claim(connection: &mut AnyConnection, organization_id: i64, slug: &str) -> QueryResult<()> {
    diesel::delete(page_slugs::table.find(slug)).execute(connection)?;
    diesel::delete(slug_owners::table.find(slug)).execute(connection)?;
    let row = (slug_owners::slug.eq(slug), slug_owners::organization_id.eq(organization_id));
    diesel::insert_into(slug_owners::table).values(row).execute(connection)?;
    Ok(())
}

/// Forgets where the former slugs of a page led that is deleted. They stay its organization's.
pub(crate) fn page_slugs_forget(connection: &mut AnyConnection, page_id: &str) -> QueryResult<()> {
    diesel::delete(page_slugs::table.filter(page_slugs::page_id.eq(page_id))).execute(connection)?;
    Ok(())
}
