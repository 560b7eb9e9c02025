//! The words of each release, for search.

use diesel::prelude::*;
use releasepage_domain::search::tokens;

use crate::{
    QueryResult,
    backend::{AnyConnection, on_each_backend},
    releases::Release,
    schema::release_tokens,
};

/// Rewrites the words of a release, in the caller's transaction.
pub(crate) fn release_tokens_write(connection: &mut AnyConnection, release: &Release) -> QueryResult<()> {
    let input = &release.input;
    diesel::delete(release_tokens::table.filter(release_tokens::release_id.eq(&release.id))).execute(connection)?;
    let text = format!("{}\n{}\n{}", input.tag, input.title, input.notes.as_deref().unwrap_or_default());
    let words: Vec<String> = tokens(&text).into_iter().collect();
    let rows: Vec<_> = words
        .iter()
        .map(|word| (release_tokens::token.eq(word.as_str()), release_tokens::release_id.eq(release.id.as_str())))
        .collect();
    for chunk in rows.chunks(200) {
        on_each_backend!(connection, connection => diesel::insert_into(release_tokens::table).values(chunk).execute(connection))?;
    }
    Ok(())
}
