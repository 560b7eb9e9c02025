//! `releasepage owner list`, `link`, `set-password` and `sign-out`: lists accounts and restores access to them.

use releasepage_auth::{password::PasswordHasher, token::setup_token_new};
use releasepage_domain::time::time_iso8601;
use releasepage_storage::{
    Store,
    accounts::access::{
        MemberSeen, member_list, password_set as account_password_set, sessions_end, setup_link_replace,
    },
    database::clock::Clock,
};
use serde_json::{Value, json};

use super::{address_parse, failure_of, password::password_read, setup_link, setup_url};
use crate::{
    commands::{block_on, print},
    failure::Failure,
    settings::Settings,
    wiring::store_open,
};

/// Prints the accounts.
pub(super) fn list(store: &Store, json: bool) -> Result<(), Failure> {
    let members = block_on(async { Ok(member_list(store).await?) })?;
    if json {
        return print(&format!("{}\n", Value::from_iter(members.iter().map(json_of))));
    }
    if members.is_empty() {
        return print("There is no account: `releasepage owner create` makes one.\n");
    }
    let mut text = format!("{:<32}  {:<24}  {:<7}  {:<8}  LAST SEEN\n", "EMAIL", "ORGANIZATION", "ROLE", "PASSWORD");
    text.extend(members.iter().map(line));
    print(&text)
}

fn line(seen: &MemberSeen) -> String {
    let MemberSeen { member, seen_at } = seen;
    let password = if member.has_password { "set" } else { "not set" };
    let seen_at = seen_at.map_or("-".to_owned(), time_iso8601);
    format!(
        "{:<32}  {:<24}  {:<7}  {password:<8}  {seen_at}\n",
        member.email,
        member.organization_name,
        member.role.as_str()
    )
}

fn json_of(seen: &MemberSeen) -> Value {
    let MemberSeen { member, seen_at } = seen;
    json!({
        "user_id": member.user_id,
        "email": member.email,
        "org_id": member.organization_id,
        "organization": member.organization_name,
        "role": member.role.as_str(),
        "password_set": member.has_password,
        "last_seen_at": seen_at.map(time_iso8601),
    })
}

/// Prints a link for setting the password.
pub(super) fn link(settings: &Settings, email: &str) -> Result<(), Failure> {
    let folded = address_parse(email)?.folded();
    let store = store_open(settings)?;
    let token = setup_token_new();
    let link = setup_link(&token, Clock::system().now());
    block_on(async { setup_link_replace(&store, folded, link).await.map_err(failure_of) })?;
    let url = setup_url(settings, &token);
    print(&format!("The password is set here, once, within 7 days:\n{url}\n"))
}

/// Sets the password from standard input.
pub(super) fn password_set(settings: &Settings, email: &str) -> Result<(), Failure> {
    let folded = address_parse(email)?.folded();
    let password = password_read()?.ok_or_else(|| {
        Failure::Said(
            "the password must stand in the first line of standard input, which is no terminal; `releasepage owner \
             link` prints a link to set it in a browser"
                .to_owned(),
        )
    })?;
    let hash = PasswordHasher::new().hash(&password).map_err(|error| Failure::Said(error.to_string()))?;
    let store = store_open(settings)?;
    block_on(async { account_password_set(&store, folded, hash).await.map_err(failure_of) })?;
    print("The password is set, and every session has ended.\n")
}

/// Ends every session.
pub(super) fn sign_out(settings: &Settings, email: &str) -> Result<(), Failure> {
    let folded = address_parse(email)?.folded();
    let store = store_open(settings)?;
    let now = Clock::system().now();
    let ended = block_on(async { sessions_end(&store, folded, now).await.map_err(failure_of) })?;
    let sessions = match ended {
        0 => "There was no session".to_owned(),
        1 => "1 session has ended".to_owned(),
        ended => format!("{ended} sessions have ended"),
    };
    print(&format!("{sessions}. Personal access tokens go on until they are revoked at /v1/tokens.\n"))
}
