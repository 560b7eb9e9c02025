//! Personal access tokens of the management API (`management-v1.md`).

use chrono::Duration;
use diesel::prelude::*;
use releasepage_domain::{account::Role, time::UtcTime};

use crate::{
    Store, StoreError,
    accounts::row::{AccessTokenNew, access_token_insert},
    database::{
        cursor::{IdCursor, ListPart},
        schema::{access_tokens, memberships, organizations, users},
        stored::stored,
    },
};

/// A token in use: whose it is and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUser {
    /// The token.
    pub token_id: i64,
    /// The name that its owner gave it.
    pub token_name: String,
    /// Its scopes, names separated by blanks. They hold no more than the role allows: the caller looks at both.
    pub scopes: String,
    /// The time at which it stops working; `None` for never.
    pub expires_at: Option<UtcTime>,
    /// The time at which it was last used, within a minute.
    pub last_used_at: Option<UtcTime>,
    /// Its user.
    pub user_id: i64,
    /// The user's address as it was given.
    pub email: String,
    /// The organization that it is for.
    pub organization_id: i64,
    /// The organization's display name.
    pub organization_name: String,
    /// The role of the user in it now.
    pub role: Role,
}

/// A stored token as it is shown; the token itself is not known any more.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct AccessToken {
    /// The token.
    pub id: i64,
    /// The name that its owner gave it.
    pub name: String,
    /// Its scopes, names separated by blanks.
    pub scopes: String,
    /// Its user.
    pub user_id: i64,
    /// The user's address as it was given.
    pub email: String,
    /// The time at which it was made.
    pub created_at: UtcTime,
    /// The time at which it stops working; `None` for never.
    pub expires_at: Option<UtcTime>,
    /// The time at which it was last used, within a minute.
    pub last_used_at: Option<UtcTime>,
}

/// The columns of an [`AccessToken`], in the order of its fields.
macro_rules! token_columns {
    () => {
        (
            access_tokens::id,
            access_tokens::name,
            access_tokens::scopes,
            users::id,
            users::email,
            access_tokens::created_at,
            access_tokens::expires_at,
            access_tokens::last_used_at,
        )
    };
}

impl TokenUser {
    /// Tells whether [`access_token_touch`] is due: a use is noted at most once a minute, so that reading does not
    /// write.
    pub fn touch_is_due(&self, now: UtcTime) -> bool {
        self.last_used_at.is_none_or(|last| now - last >= Duration::minutes(1))
    }
}

/// Stores a token of a member. Returns its id. Fails with [`StoreError::NotFound`] where the user is no member.
pub async fn access_token_create(
    store: &Store,
    organization_id: i64,
    user_id: i64,
    new: AccessTokenNew,
    now: UtcTime,
) -> Result<i64, StoreError> {
    store
        .write(&[], move |connection| {
            let member = memberships::table.find((organization_id, user_id)).select(memberships::user_id);
            member.first::<i64>(connection).optional()?.ok_or(StoreError::NotFound)?;
            access_token_insert(connection, organization_id, user_id, &new, now)
        })
        .await
}

/// Finds the user of a token, or `None` where it is unknown or expired, or its user is no longer a member.
pub async fn access_token_user(
    store: &Store,
    token_hash: String,
    now: UtcTime,
) -> Result<Option<TokenUser>, StoreError> {
    store
        .read(move |connection| {
            let membership = memberships::user_id
                .eq(access_tokens::user_id)
                .and(memberships::organization_id.eq(access_tokens::organization_id));
            type Token = (i64, String, String, Option<UtcTime>, Option<UtcTime>);
            type Row = (Token, (i64, String), (i64, String), String);
            let row: Option<Row> = access_tokens::table
                .inner_join(users::table)
                .inner_join(organizations::table)
                .inner_join(memberships::table.on(membership))
                .filter(access_tokens::token_hash.eq(&token_hash))
                .filter(access_tokens::expires_at.is_null().or(access_tokens::expires_at.gt(now)))
                .select((
                    (
                        access_tokens::id,
                        access_tokens::name,
                        access_tokens::scopes,
                        access_tokens::expires_at,
                        access_tokens::last_used_at,
                    ),
                    (users::id, users::email),
                    (organizations::id, organizations::name),
                    memberships::role,
                ))
                .first(connection)
                .optional()?;
            let Some((token, (user_id, email), (organization_id, organization_name), role)) = row else {
                return Ok(None);
            };
            let (token_id, token_name, scopes, expires_at, last_used_at) = token;
            let role = stored(&role, "role")?;
            Ok(Some(TokenUser {
                token_id,
                token_name,
                scopes,
                expires_at,
                last_used_at,
                user_id,
                email,
                organization_id,
                organization_name,
                role,
            }))
        })
        .await
}

/// Notes that a token was used. The caller asks [`TokenUser::touch_is_due`] first.
pub async fn access_token_touch(store: &Store, token_id: i64, now: UtcTime) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            let earlier = access_tokens::last_used_at.is_null().or(access_tokens::last_used_at.lt(now));
            diesel::update(access_tokens::table.find(token_id))
                .filter(earlier)
                .set(access_tokens::last_used_at.eq(now))
                .execute(connection)?;
            Ok(())
        })
        .await
}

/// The tokens for an organization, of all its members, expired ones too; oldest first, at most `limit` after the
/// cursor.
pub async fn access_token_list(
    store: &Store,
    organization_id: i64,
    after: IdCursor,
    limit: u32,
) -> Result<ListPart<AccessToken>, StoreError> {
    store
        .read(move |connection| {
            let tokens: Vec<AccessToken> = access_tokens::table
                .inner_join(users::table)
                .filter(access_tokens::organization_id.eq(organization_id).and(access_tokens::id.gt(after.0)))
                .order(access_tokens::id)
                .limit(i64::from(limit) + 1)
                .select(token_columns!())
                .load(connection)?;
            Ok(ListPart::cut(tokens, limit, |last: &AccessToken| IdCursor(last.id).to_string()))
        })
        .await
}

/// One token for an organization, or [`StoreError::NotFound`].
pub async fn access_token_get(store: &Store, organization_id: i64, id: i64) -> Result<AccessToken, StoreError> {
    store
        .read(move |connection| {
            let token: Option<AccessToken> = access_tokens::table
                .inner_join(users::table)
                .filter(access_tokens::organization_id.eq(organization_id).and(access_tokens::id.eq(id)))
                .select(token_columns!())
                .first(connection)
                .optional()?;
            Ok(token.ok_or(StoreError::NotFound)?)
        })
        .await
}

/// Revokes a token for an organization: no request that comes later is answered with it. Fails with
/// [`StoreError::NotFound`] where there is none.
pub async fn access_token_revoke(store: &Store, organization_id: i64, id: i64) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            let token = access_tokens::table
                .filter(access_tokens::organization_id.eq(organization_id).and(access_tokens::id.eq(id)));
            if diesel::delete(token).execute(connection)? == 0 {
                return Err(StoreError::NotFound.into());
            }
            Ok(())
        })
        .await
}
