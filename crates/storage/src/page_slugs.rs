//! The slugs that pages had before: links that stand in mails and elsewhere go on leading somewhere.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::time::UtcTime;

use crate::{
    QueryResult, Store, StoreError,
    backend::AnyConnection,
    pages::Page,
    schema::{page_slugs, pages},
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

/// Lets a slug that a page gives up lead to it, in the caller's transaction under the server's scope.
pub(crate) fn page_slug_forward(
    connection: &mut AnyConnection,
    page_id: &str,
    slug: &str,
    now: UtcTime,
) -> QueryResult<()> {
    page_slug_claim(connection, slug)?;
    let row = (page_slugs::slug.eq(slug), page_slugs::page_id.eq(page_id), page_slugs::replaced_at.eq(now));
    diesel::insert_into(page_slugs::table).values(row).execute(connection)?;
    Ok(())
}

/// Whether a slug leads to a page that had it before.
pub(crate) fn page_slug_is_former(connection: &mut AnyConnection, slug: &str) -> QueryResult<bool> {
    Ok(diesel::select(exists(page_slugs::table.find(slug))).get_result(connection)?)
}

/// Ends what a slug led to before: a page takes it.
pub(crate) fn page_slug_claim(connection: &mut AnyConnection, slug: &str) -> QueryResult<()> {
    diesel::delete(page_slugs::table.find(slug)).execute(connection)?;
    Ok(())
}

/// Forgets the former slugs of a page that is deleted.
pub(crate) fn page_slugs_forget(connection: &mut AnyConnection, page_id: &str) -> QueryResult<()> {
    diesel::delete(page_slugs::table.filter(page_slugs::page_id.eq(page_id))).execute(connection)?;
    Ok(())
}
