//! Help of an operator for people who cannot sign in, or shall not: who they are, another link, another password, the
//! end of their sessions. Whoever may call this has the server's database and needs no proof.

use std::collections::BTreeMap;

use diesel::{
    dsl::{count_star, max},
    prelude::*,
};
use releasepage_domain::{account::Role, time::UtcTime};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    accounts::row::{SetupLinkNew, setup_link_insert},
    database::{
        schema::{access_tokens, memberships, organizations, sessions, setup_links, users},
        stored::stored,
    },
};

/// A person's place in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user_id: i64,
    /// The user's address as it was given.
    pub email: String,
    /// Says whether a password was ever set.
    pub has_password: bool,
    /// The organization.
    pub organization_id: i64,
    /// Its display name.
    pub organization_name: String,
    /// The role of the user in it.
    pub role: Role,
}

/// A person's place in an organization, and the last trace of the person on this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSeen {
    /// The member: the person and the organization.
    pub member: Member,
    /// The later of the start of the newest session that was not ended, and the last use of a token.
    pub seen_at: Option<UtcTime>,
}

type MemberRow = (i64, String, Option<String>, i64, String, String);

impl Member {
    fn of_row(row: MemberRow) -> QueryResult<Self> {
        let (user_id, email, password_hash, organization_id, organization_name, role) = row;
        let (has_password, role) = (password_hash.is_some(), stored(&role, "role")?);
        Ok(Self { user_id, email, has_password, organization_id, organization_name, role })
    }
}

/// The columns of [`MemberRow`].
macro_rules! member_columns {
    () => {
        (users::id, users::email, users::password_hash, organizations::id, organizations::name, memberships::role)
    };
}

/// Everybody, the organization that was made first before the others.
pub async fn member_list(store: &Store) -> Result<Vec<MemberSeen>, StoreError> {
    store
        .read(|connection| {
            let rows: Vec<MemberRow> = memberships::table
                .inner_join(users::table)
                .inner_join(organizations::table)
                .order((organizations::id, users::id))
                .select(member_columns!())
                .load(connection)?;
            let of_sessions: Vec<(i64, Option<UtcTime>)> = sessions::table
                .group_by(sessions::user_id)
                .select((sessions::user_id, max(sessions::created_at)))
                .load(connection)?;
            let of_tokens: Vec<(i64, Option<UtcTime>)> = access_tokens::table
                .group_by(access_tokens::user_id)
                .select((access_tokens::user_id, max(access_tokens::last_used_at)))
                .load(connection)?;
            let mut seen = BTreeMap::new();
            for (user_id, time) in of_sessions.into_iter().chain(of_tokens) {
                let latest: &mut Option<UtcTime> = seen.entry(user_id).or_default();
                *latest = (*latest).max(time);
            }
            let of_row = |row| {
                let member = Member::of_row(row)?;
                let seen_at = seen.get(&member.user_id).copied().flatten();
                Ok(MemberSeen { member, seen_at })
            };
            rows.into_iter().map(of_row).collect()
        })
        .await
}

/// The person with an address, given in its folded form, in the organization that the portal shows: the first one.
pub async fn member_by_email(store: &Store, email_folded: String) -> Result<Option<Member>, StoreError> {
    store
        .read(move |connection| {
            let row: Option<MemberRow> = memberships::table
                .inner_join(users::table)
                .inner_join(organizations::table)
                .filter(users::email_folded.eq(&email_folded))
                .order(organizations::id)
                .select(member_columns!())
                .first(connection)
                .optional()?;
            row.map(Member::of_row).transpose()
        })
        .await
}

/// Gives a user a link under which a password is set, which takes the place of the ones before. The password that the
/// user has, and the sessions, go on until the link is used.
///
/// Fails with [`StoreError::NotFound`] where nobody has the address, given in its folded form.
pub async fn setup_link_replace(store: &Store, email_folded: String, link: SetupLinkNew) -> Result<(), StoreError> {
    store
        .write(&[Scope::Server], move |connection| {
            let user_id = user_id_of(connection, &email_folded)?;
            diesel::delete(setup_links::table.filter(setup_links::user_id.eq(user_id))).execute(connection)?;
            setup_link_insert(connection, user_id, &link)
        })
        .await
}

/// Sets a user's password, to its argon2id text form. Sessions and links of the user end with it: whoever had one is
/// not trusted with the new password.
///
/// Fails with [`StoreError::NotFound`] where nobody has the address, given in its folded form.
pub async fn password_set(store: &Store, email_folded: String, password_hash: String) -> Result<(), StoreError> {
    store
        .write(&[Scope::Server], move |connection| {
            let user_id = user_id_of(connection, &email_folded)?;
            diesel::delete(setup_links::table.filter(setup_links::user_id.eq(user_id))).execute(connection)?;
            diesel::update(users::table.find(user_id))
                .set(users::password_hash.eq(&password_hash))
                .execute(connection)?;
            diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id))).execute(connection)?;
            Ok(())
        })
        .await
}

/// Ends every session of a user. Returns how many of them were still good at `now`.
///
/// Fails with [`StoreError::NotFound`] where nobody has the address, given in its folded form.
pub async fn sessions_end(store: &Store, email_folded: String, now: UtcTime) -> Result<i64, StoreError> {
    store
        .write(&[Scope::Server], move |connection| {
            let user_id = user_id_of(connection, &email_folded)?;
            let of_user = sessions::table.filter(sessions::user_id.eq(user_id));
            let good = of_user.filter(sessions::expires_at.gt(now)).select(count_star()).first(connection)?;
            diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id))).execute(connection)?;
            Ok(good)
        })
        .await
}

fn user_id_of(connection: &mut AnyConnection, email_folded: &str) -> QueryResult<i64> {
    let user = users::table.filter(users::email_folded.eq(email_folded)).select(users::id);
    Ok(user.first(connection).optional()?.ok_or(StoreError::NotFound)?)
}
