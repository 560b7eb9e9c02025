//! Rows that the making of people and the links and tokens for them share.

use diesel::prelude::*;
use releasepage_domain::time::UtcTime;

use crate::{
    AnyConnection, QueryResult,
    database::schema::{access_tokens, organizations, setup_links},
};

/// Tells whether an organization is the server's first: the one whose owner set the server up.
pub(crate) fn runs_the_server(connection: &mut AnyConnection, organization: i64) -> QueryResult<bool> {
    let first: Option<i64> =
        organizations::table.order(organizations::id).select(organizations::id).first(connection).optional()?;
    Ok(first == Some(organization))
}

/// A link under which its holder sets a user's password, once.
pub struct SetupLinkNew {
    /// The SHA-256 of the token in the link, as hexadecimal digits.
    pub token_hash: String,
    /// The time at which the link stops working.
    pub expires_at: UtcTime,
}

pub(crate) fn setup_link_insert(connection: &mut AnyConnection, user_id: i64, link: &SetupLinkNew) -> QueryResult<()> {
    diesel::insert_into(setup_links::table)
        .values((
            setup_links::token_hash.eq(&link.token_hash),
            setup_links::user_id.eq(user_id),
            setup_links::expires_at.eq(link.expires_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// A token that is to be stored.
pub struct AccessTokenNew {
    /// The SHA-256 of the token, as hexadecimal digits.
    pub token_hash: String,
    /// The name that its owner gave it.
    pub name: String,
    /// The scopes that it has at most: names separated by blanks.
    pub scopes: String,
    /// The time at which it stops working; `None` for never.
    pub expires_at: Option<UtcTime>,
}

/// Writes a token in the caller's transaction.
pub(crate) fn access_token_insert(
    connection: &mut AnyConnection,
    organization_id: i64,
    user_id: i64,
    new: &AccessTokenNew,
    now: UtcTime,
) -> QueryResult<i64> {
    Ok(diesel::insert_into(access_tokens::table)
        .values((
            access_tokens::token_hash.eq(&new.token_hash),
            access_tokens::user_id.eq(user_id),
            access_tokens::organization_id.eq(organization_id),
            access_tokens::name.eq(&new.name),
            access_tokens::scopes.eq(&new.scopes),
            access_tokens::created_at.eq(now),
            access_tokens::expires_at.eq(new.expires_at),
        ))
        .returning(access_tokens::id)
        .get_result(connection)?)
}
