//! Organizations, the people in them, and the links under which they set their first password.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    account::{Role, name_check},
    fault::{Fault, Faults},
    subscriber::SubscriberAddress,
    text::slug_of,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    accounts::row::{AccessTokenNew, SetupLinkNew, access_token_insert, setup_link_insert},
    database::{
        name::name_first_free,
        schema::{memberships, organizations, sessions, setup_links, users},
    },
};

/// Longest slug of an organization, in characters.
const SLUG_MAX: usize = 60;

/// A person who can sign in.
#[derive(Clone, PartialEq, Eq, Queryable)]
pub struct User {
    /// The user.
    pub id: i64,
    /// The address as it was given.
    pub email: String,
    /// The password as argon2id's text form; `None` until the first one is set.
    pub password_hash: Option<String>,
    /// The time at which the user was made.
    pub created_at: UtcTime,
}

/// An organization that is to be made, with its owner.
pub struct OwnerNew {
    /// The owner's address.
    pub email: SubscriberAddress,
    /// The organization's display name.
    pub organization: String,
    /// The owner's password as argon2id's text form, where it is known by now.
    pub password_hash: Option<String>,
    /// A link under which the owner sets the password later.
    pub setup_link: Option<SetupLinkNew>,
    /// A personal access token for the owner's first programs.
    pub access_token: Option<AccessTokenNew>,
}

/// The ids of a new organization and its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerCreated {
    /// The owner.
    pub user_id: i64,
    /// The organization.
    pub organization_id: i64,
}

/// Makes an organization and its owner.
///
/// Fails with [`StoreError::Faults`] on `organization` where the name cannot be used, and on `email` where a user has
/// the address, in whatever case.
pub async fn owner_create(store: &Store, new: OwnerNew, now: UtcTime) -> Result<OwnerCreated, StoreError> {
    store
        .write(&[Scope::Server], move |connection| {
            let mut faults = Faults::new();
            let name = faults.take(name_check("organization", &new.organization));
            let email = faults.take(email_free(connection, &new.email)?);
            let (name, folded) = faults.finish(|| name.zip(email)).map_err(StoreError::from)?;
            let slug = name_first_free(&slug_of(&name, "organization"), SLUG_MAX, |slug| {
                let taken = organizations::table.filter(organizations::slug.eq(slug));
                Ok(diesel::select(exists(taken)).get_result(connection)?)
            })?;
            let organization_id: i64 = diesel::insert_into(organizations::table)
                .values((
                    organizations::name.eq(&name),
                    organizations::slug.eq(slug),
                    organizations::created_at.eq(now),
                ))
                .returning(organizations::id)
                .get_result(connection)?;
            let user_id: i64 = diesel::insert_into(users::table)
                .values((
                    users::email.eq(new.email.as_str()),
                    users::email_folded.eq(folded),
                    users::password_hash.eq(&new.password_hash),
                    users::created_at.eq(now),
                ))
                .returning(users::id)
                .get_result(connection)?;
            diesel::insert_into(memberships::table)
                .values((
                    memberships::organization_id.eq(organization_id),
                    memberships::user_id.eq(user_id),
                    memberships::role.eq(Role::Owner.as_str()),
                ))
                .execute(connection)?;
            if let Some(link) = &new.setup_link {
                setup_link_insert(connection, user_id, link)?;
            }
            if let Some(token) = &new.access_token {
                access_token_insert(connection, organization_id, user_id, token, now)?;
            }
            Ok(OwnerCreated { user_id, organization_id })
        })
        .await
}

/// The folded form of an address, or a fault where a user has it.
fn email_free(connection: &mut AnyConnection, email: &SubscriberAddress) -> QueryResult<Result<String, Fault>> {
    let folded = email.folded();
    let taken = users::table.filter(users::email_folded.eq(&folded));
    if diesel::select(exists(taken)).get_result(connection)? {
        return Ok(Err(Fault::taken("email", "must be an address that no user has")));
    }
    Ok(Ok(folded))
}

/// The user with an address, given in its folded form ([`SubscriberAddress::folded`]).
pub async fn user_by_email(store: &Store, email_folded: String) -> Result<Option<User>, StoreError> {
    store
        .read(move |connection| {
            Ok(users::table
                .filter(users::email_folded.eq(&email_folded))
                .select((users::id, users::email, users::password_hash, users::created_at))
                .first(connection)
                .optional()?)
        })
        .await
}

/// Replaces the stored form of a password that was right but hashed at another cost than today's. Where the password
/// has changed in the meantime, nothing happens.
pub async fn password_rehash(store: &Store, user_id: i64, old: String, new: String) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            diesel::update(users::table.find(user_id).filter(users::password_hash.eq(&old)))
                .set(users::password_hash.eq(&new))
                .execute(connection)?;
            Ok(())
        })
        .await
}

/// Gives a user who never set a password another set-up link, which takes the place of the ones before. Returns whether
/// it did: someone who has a password keeps it.
pub async fn setup_link_renew(store: &Store, user_id: i64, link: SetupLinkNew) -> Result<bool, StoreError> {
    store
        .write(&[], move |connection| {
            // Locks the row against a link that is just being used.
            let waiting = diesel::update(users::table.find(user_id).filter(users::password_hash.is_null()))
                .set(users::password_hash.eq(None::<String>))
                .execute(connection)?;
            if waiting == 0 {
                return Ok(false);
            }
            diesel::delete(setup_links::table.filter(setup_links::user_id.eq(user_id))).execute(connection)?;
            setup_link_insert(connection, user_id, &link)?;
            Ok(true)
        })
        .await
}

/// The organization that was made first; `None` where there is none yet.
pub async fn organization_first(store: &Store) -> Result<Option<i64>, StoreError> {
    store
        .read(|connection| {
            let ids = organizations::table.order(organizations::id).select(organizations::id);
            Ok(ids.first(connection).optional()?)
        })
        .await
}

/// The address of the user whose password a set-up link sets, or `None` where the link is unknown, used or expired.
pub async fn setup_link_email(store: &Store, token_hash: String, now: UtcTime) -> Result<Option<String>, StoreError> {
    store
        .read(move |connection| {
            Ok(setup_links::table
                .find(&token_hash)
                .filter(setup_links::used_at.is_null().and(setup_links::expires_at.gt(now)))
                .inner_join(users::table)
                .select(users::email)
                .first(connection)
                .optional()?)
        })
        .await
}

/// Sets the password of a set-up link's user, and answers the user. Every session of the user and every other
/// link ends with it: whoever had one is not trusted with the new password.
///
/// Fails with [`StoreError::NotFound`] where the link is unknown, used or expired.
pub async fn setup_link_use(
    store: &Store,
    token_hash: String,
    password_hash: String,
    now: UtcTime,
) -> Result<i64, StoreError> {
    store
        .write(&[], move |connection| {
            // One statement looks and marks, so that of two requests at once only one finds the link unused.
            let user_id: Option<i64> = diesel::update(setup_links::table.find(&token_hash))
                .filter(setup_links::used_at.is_null().and(setup_links::expires_at.gt(now)))
                .set(setup_links::used_at.eq(now))
                .returning(setup_links::user_id)
                .get_result(connection)
                .optional()?;
            let user_id = user_id.ok_or(StoreError::NotFound)?;
            diesel::update(setup_links::table)
                .filter(setup_links::user_id.eq(user_id).and(setup_links::used_at.is_null()))
                .set(setup_links::used_at.eq(now))
                .execute(connection)?;
            diesel::update(users::table.find(user_id))
                .set(users::password_hash.eq(&password_hash))
                .execute(connection)?;
            diesel::delete(sessions::table.filter(sessions::user_id.eq(user_id))).execute(connection)?;
            Ok(user_id)
        })
        .await
}
