//! Sessions of people who signed in.

use diesel::prelude::*;
use releasepage_domain::{account::Role, time::UtcTime};

use crate::{
    Store, StoreError,
    database::{
        schema::{memberships, organizations, sessions, users},
        stored::stored,
    },
};

/// The user who is signed in, and the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionUser {
    /// The user.
    pub user_id: i64,
    /// The user's address as it was given.
    pub email: String,
    /// The organization: the user's first one.
    pub organization_id: i64,
    /// Its display name.
    pub organization_name: String,
    /// The role of the user in it.
    pub role: Role,
}

/// Notes a session. `token_hash` is the SHA-256 of the cookie's token, as hexadecimal digits.
pub async fn session_create(
    store: &Store,
    user_id: i64,
    token_hash: String,
    now: UtcTime,
    expires_at: UtcTime,
) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            diesel::insert_into(sessions::table)
                .values((
                    sessions::token_hash.eq(&token_hash),
                    sessions::user_id.eq(user_id),
                    sessions::created_at.eq(now),
                    sessions::expires_at.eq(expires_at),
                ))
                .execute(connection)?;
            Ok(())
        })
        .await
}

/// Finds the user of a session, or `None` where it has ended, expired or never been.
pub async fn session_user(store: &Store, token_hash: String, now: UtcTime) -> Result<Option<SessionUser>, StoreError> {
    store
        .read(move |connection| {
            let row: Option<(i64, String, i64, String, String)> = sessions::table
                .inner_join(users::table.inner_join(memberships::table.inner_join(organizations::table)))
                .filter(sessions::token_hash.eq(&token_hash).and(sessions::expires_at.gt(now)))
                .order(organizations::id)
                .select((users::id, users::email, organizations::id, organizations::name, memberships::role))
                .first(connection)
                .optional()?;
            let Some((user_id, email, organization_id, organization_name, role)) = row else { return Ok(None) };
            let role = stored(&role, "role")?;
            Ok(Some(SessionUser { user_id, email, organization_id, organization_name, role }))
        })
        .await
}

/// Ends a session. One that is unknown is none already.
pub async fn session_end(store: &Store, token_hash: String) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            diesel::delete(sessions::table.find(&token_hash)).execute(connection)?;
            Ok(())
        })
        .await
}
