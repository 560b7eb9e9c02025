//! Repositories by their names, whoever has them: for whoever runs the server.

use diesel::prelude::*;

use crate::{
    Store, StoreError,
    database::schema::{organizations, repositories},
};

/// A repository, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct RepositoryFound {
    /// The repository.
    pub id: i64,
    /// Its name, `owner/name`.
    pub name: String,
    /// The name of its organization.
    pub organization: String,
    /// The slug of its organization, which no other one has.
    pub organization_slug: String,
}

/// The repositories of all organizations, by name and slug of the organization; those alone whose name compares as
/// `folded` (see `RepositoryName::folded`), where one is given. At most `limit`.
pub async fn repositories_search(
    store: &Store,
    folded: Option<String>,
    limit: i64,
) -> Result<Vec<RepositoryFound>, StoreError> {
    store
        .read(move |connection| {
            let mut query = repositories::table
                .inner_join(organizations::table)
                .select((repositories::id, repositories::name, organizations::name, organizations::slug))
                .order((repositories::name_folded, organizations::slug))
                .limit(limit)
                .into_boxed();
            if let Some(folded) = &folded {
                query = query.filter(repositories::name_folded.eq(folded.clone()));
            }
            Ok(query.load(connection)?)
        })
        .await
}
