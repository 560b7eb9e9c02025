//! The categories of a project's annotations (`amplitude-2.md`, Chart annotations v3).

use std::collections::BTreeSet;

use diesel::prelude::*;
use releasepage_domain::{
    annotation::{CATEGORY_TAKEN, CategoryName},
    fault::Fault,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    annotations::row::{Annotation, AnnotationCategory, category_find, category_load},
    database::{
        cursor::{IdCursor, ListPart},
        schema::{annotation_categories, annotations},
    },
};

/// Makes a category.
///
/// Fails with [`StoreError::Conflict`] where the project has one of that name, in whatever case.
pub async fn category_create(
    store: &Store,
    repository_id: i64,
    name: CategoryName,
    now: UtcTime,
) -> Result<AnnotationCategory, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            name_is_free(connection, repository_id, &name, None)?;
            let id = diesel::insert_into(annotation_categories::table)
                .values((
                    annotation_categories::repository_id.eq(repository_id),
                    annotation_categories::name.eq(name.as_str()),
                    annotation_categories::name_folded.eq(name.folded()),
                    annotation_categories::created_at.eq(now),
                ))
                .returning(annotation_categories::id)
                .get_result(connection)?;
            category_load(connection, repository_id, id)
        })
        .await
}

/// Refuses a name that another category than `own` of the project has.
fn name_is_free(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &CategoryName,
    own: Option<i64>,
) -> QueryResult<()> {
    let holder = category_find(connection, repository_id, name)?;
    if holder.is_some_and(|holder| own != Some(holder)) {
        return Err(CATEGORY_TAKEN.into());
    }
    Ok(())
}

/// One category of a project, or [`StoreError::NotFound`].
pub async fn category_get(store: &Store, repository_id: i64, id: i64) -> Result<AnnotationCategory, StoreError> {
    store.read(move |connection| category_load(connection, repository_id, id)).await
}

/// The categories of a project, oldest first, at most `limit` after the cursor; with `name`, the one that has it, in
/// whatever case.
pub async fn category_list(
    store: &Store,
    repository_id: i64,
    name: Option<CategoryName>,
    after: IdCursor,
    limit: u32,
) -> Result<ListPart<AnnotationCategory>, StoreError> {
    store
        .read(move |connection| {
            let mut query = annotation_categories::table
                .filter(annotation_categories::repository_id.eq(repository_id))
                .filter(annotation_categories::id.gt(after.0))
                .into_boxed();
            if let Some(name) = &name {
                query = query.filter(annotation_categories::name_folded.eq(name.folded()));
            }
            let rows = query
                .order(annotation_categories::id)
                .limit(i64::from(limit) + 1)
                .select(AnnotationCategory::as_select())
                .load(connection)?;
            Ok(ListPart::cut(rows, limit, |last: &AnnotationCategory| IdCursor(last.id).to_string()))
        })
        .await
}

/// Gives a category another name; its annotations stay in it.
///
/// Fails with [`StoreError::NotFound`] where the project has no such category, and with [`StoreError::Conflict`] where
/// another one has the name, in whatever case.
pub async fn category_rename(
    store: &Store,
    repository_id: i64,
    id: i64,
    name: CategoryName,
) -> Result<AnnotationCategory, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            category_load(connection, repository_id, id)?;
            name_is_free(connection, repository_id, &name, Some(id))?;
            diesel::update(annotation_categories::table.find(id))
                .set((
                    annotation_categories::name.eq(name.as_str()),
                    annotation_categories::name_folded.eq(name.folded()),
                ))
                .execute(connection)?;
            category_load(connection, repository_id, id)
        })
        .await
}

/// Deletes a category. Its annotations stay, without a category.
///
/// Fails with [`StoreError::NotFound`] where the project has no such category.
pub async fn category_delete(store: &Store, repository_id: i64, id: i64) -> Result<(), StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            category_load(connection, repository_id, id)?;
            diesel::update(annotations::table.filter(annotations::category_id.eq(id)))
                .set(annotations::category_id.eq(None::<i64>))
                .execute(connection)?;
            diesel::delete(annotation_categories::table.find(id)).execute(connection)?;
            Ok(())
        })
        .await
}

/// Puts annotations into a category, all of them or none, and answers them, newest first.
///
/// Fails with [`StoreError::NotFound`] where the project has no such category, and with [`StoreError::Faults`] on
/// `annotation_ids`, which names those that the project does not have.
pub async fn category_assign(
    store: &Store,
    repository_id: i64,
    id: i64,
    annotation_ids: BTreeSet<i64>,
) -> Result<Vec<Annotation>, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            category_load(connection, repository_id, id)?;
            let named = annotations::id.eq_any(annotation_ids.iter().copied().collect::<Vec<i64>>());
            let own = annotations::repository_id.eq(repository_id).and(named);
            let known: Vec<i64> = annotations::table.filter(own.clone()).select(annotations::id).load(connection)?;
            let known: BTreeSet<i64> = known.into_iter().collect();
            let unknown: Vec<String> = annotation_ids.difference(&known).map(ToString::to_string).collect();
            if !unknown.is_empty() {
                let expected = format!("must be annotations of this project; it has none of {}", unknown.join(", "));
                return Err(Fault::invalid("annotation_ids", expected).into());
            }
            diesel::update(annotations::table.filter(own.clone()))
                .set(annotations::category_id.eq(id))
                .execute(connection)?;
            Ok(annotations::table
                .left_join(annotation_categories::table)
                .filter(own)
                .order((annotations::starts_at.desc(), annotations::id.desc()))
                .select(Annotation::as_select())
                .load(connection)?)
        })
        .await
}
