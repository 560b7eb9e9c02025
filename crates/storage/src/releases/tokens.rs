//! The words of each release, for search.

use diesel::prelude::*;
use releasepage_domain::search::tokens;

use crate::{
    AnyConnection, QueryResult,
    database::{backend::on_each_backend, schema::release_tokens},
    releases::row::Release,
};

/// The number of words that go in one statement.
const ROWS_MAX: usize = 500;

/// Rewrites the words of a release, in the caller's transaction.
pub(crate) fn release_tokens_write(connection: &mut AnyConnection, release: &Release) -> QueryResult<()> {
    diesel::delete(release_tokens::table.filter(release_tokens::release_id.eq(&release.id))).execute(connection)?;
    release_tokens_add(connection, std::slice::from_ref(release))
}

/// Writes the words of releases that have none yet, in the caller's transaction.
pub(crate) fn release_tokens_add(connection: &mut AnyConnection, releases: &[Release]) -> QueryResult<()> {
    let words: Vec<(&str, String)> = releases.iter().flat_map(release_words).collect();
    let rows: Vec<_> = words
        .iter()
        .map(|(id, word)| (release_tokens::token.eq(word.as_str()), release_tokens::release_id.eq(*id)))
        .collect();
    for chunk in rows.chunks(ROWS_MAX) {
        on_each_backend!(connection, connection => diesel::insert_into(release_tokens::table).values(chunk).execute(connection))?;
    }
    Ok(())
}

/// The words of a release, each once.
fn release_words(release: &Release) -> impl Iterator<Item = (&str, String)> {
    let input = &release.input;
    let text = format!("{}\n{}\n{}", input.tag, input.title, input.notes.as_deref().unwrap_or_default());
    tokens(&text).into_iter().map(|word| (release.id.as_str(), word))
}
