//! `releasepage owner`: makes the first account and restores access to accounts.

mod access;
mod password;

use std::{
    io::{Write as _, stderr},
    path::Path,
};

use chrono::Duration;
use releasepage_auth::{
    password::PasswordHasher,
    scope::Scope,
    token::{secret_hash, setup_token_new, token_new},
};
use releasepage_domain::{subscriber::SubscriberAddress, time::UtcTime};
use releasepage_storage::{
    DatabaseUrl, StoreError,
    accounts::{
        access::member_by_email,
        row::{AccessTokenNew, SetupLinkNew},
        users::{
            OwnerNew, User, owner_create as account_create, setup_link_renew as account_link_renew, user_by_email,
        },
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use self::password::password_read;
use super::{block_on, print};
use crate::{
    arguments::OwnerCommand,
    failure::Failure,
    settings::Settings,
    wiring::{Wiring, store_open},
};

/// The time for which the link for the first password works.
const SETUP_VALID: Duration = Duration::days(7);

/// The options of `owner create`.
#[derive(Clone, Copy, Debug)]
struct OwnerOptions {
    /// Prints JSON, with a personal access token.
    json: bool,
    /// Succeeds if the address has an account already.
    if_missing: bool,
}

/// Runs a subcommand on the accounts of the whole server.
pub(super) fn owner(settings: Settings, command: OwnerCommand) -> Result<(), Failure> {
    match command {
        OwnerCommand::Create { email, organization, json, if_missing } => {
            owner_create(settings, &email, organization, OwnerOptions { json, if_missing })
        }
        OwnerCommand::List { json } => access::list(&store_open(&settings)?, json),
        OwnerCommand::Link { email } => access::link(&settings, &email),
        OwnerCommand::SetPassword { email } => access::password_set(&settings, &email),
        OwnerCommand::SignOut { email } => access::sign_out(&settings, &email),
    }
}

/// The address from `--email`.
pub(super) fn address_parse(email: &str) -> Result<SubscriberAddress, Failure> {
    SubscriberAddress::parse("--email", email).map_err(|fault| Failure::Said(fault.to_string()))
}

/// The message for an address without an account. It leaves out the address, since errors are kept in logs.
pub(super) fn nobody_has_it() -> Failure {
    Failure::Said(
        "--email must be the address of an account: `releasepage owner list` shows those there are".to_owned(),
    )
}

/// The message for a failure of the database. A missing row means that nobody has the address.
fn failure_of(error: StoreError) -> Failure {
    match error {
        StoreError::NotFound => nobody_has_it(),
        other => other.into(),
    }
}

/// Makes an organization and its owner. Prints the next steps.
fn owner_create(settings: Settings, email: &str, organization: String, options: OwnerOptions) -> Result<(), Failure> {
    let address = address_parse(email)?;
    let password = password_read()?;
    let password_hash = match &password {
        Some(password) => Some(PasswordHasher::new().hash(password).map_err(|error| Failure::Said(error.to_string()))?),
        None => None,
    };
    database_announce(&settings);
    let wiring = Wiring::prepare(settings)?;
    if options.if_missing {
        let user = block_on(async { Ok(user_by_email(&wiring.store, address.folded()).await?) })?;
        if let Some(user) = user {
            return owner_remind(&wiring, user, options);
        }
    }
    let now = wiring.clock.now();
    let token = options.json.then(token_new);
    let setup = password.is_none().then(setup_token_new);
    let new = OwnerNew {
        email: address,
        organization,
        password_hash,
        setup_link: setup.as_ref().map(|token| setup_link(token, now)),
        access_token: token.as_ref().map(|token| AccessTokenNew {
            token_hash: secret_hash(token.expose_secret()),
            name: "owner create".into(),
            scopes: Scope::Admin.as_str().into(),
            expires_at: None,
        }),
    };
    let created = block_on(async { Ok(account_create(&wiring.store, new, now).await?) })?;
    let setup_url = setup.map(|token| setup_url(&wiring.settings, &token));
    if let Some(token) = token {
        let mut answer = json!({
            "user_id": created.user_id,
            "org_id": created.organization_id,
            "created": true,
            "token": token.expose_secret(),
        });
        if let Some(url) = setup_url {
            answer["setup_url"] = url.into();
        }
        return print(&format!("{answer}\n"));
    }
    match setup_url {
        Some(url) => {
            print(&format!("Made the organization. Its owner sets a password here, once, within 7 days:\n{url}\n"))
        }
        None => {
            print(&format!("Made the organization. Its owner signs in at {}/sign-in\n", public_url(&wiring.settings)))
        }
    }
}

/// Warns, beside the output, that a new database is about to be made. The next command must use the same place.
fn database_announce(settings: &Settings) {
    if let DatabaseUrl::Sqlite(path) = settings.database_url()
        && !Path::new(&path).exists()
    {
        // If standard error is closed, nobody can read the message.
        let _ = writeln!(stderr(), "Making a new database at {path}: {}.", settings.file_read());
    }
}

/// Prints how an existing user signs in. A user who never set a password gets a new link, since the first may be lost
/// or expired.
fn owner_remind(wiring: &Wiring, user: User, options: OwnerOptions) -> Result<(), Failure> {
    let token = setup_token_new();
    let link = setup_link(&token, wiring.clock.now());
    let folded = address_parse(&user.email)?.folded();
    let (renewed, member) = block_on(async {
        let renewed = account_link_renew(&wiring.store, user.id, link).await?;
        Ok((renewed, member_by_email(&wiring.store, folded).await?))
    })?;
    let url = renewed.then(|| setup_url(&wiring.settings, &token));
    if options.json {
        let mut answer = json!({
            "user_id": user.id,
            "org_id": member.map(|member| member.organization_id),
            "created": false,
        });
        if let Some(url) = url {
            answer["setup_url"] = url.into();
        }
        return print(&format!("{answer}\n"));
    }
    match url {
        Some(url) => print(&format!("The owner is there, and sets a password here, once, within 7 days:\n{url}\n")),
        None => print(&format!("The owner is there, and signs in at {}/sign-in\n", public_url(&wiring.settings))),
    }
}

fn setup_link(token: &SecretString, now: UtcTime) -> SetupLinkNew {
    SetupLinkNew { token_hash: secret_hash(token.expose_secret()), expires_at: now + SETUP_VALID }
}

fn setup_url(settings: &Settings, token: &SecretString) -> String {
    format!("{}/setup/{}", public_url(settings), token.expose_secret())
}

fn public_url(settings: &Settings) -> String {
    settings.server.public_url(settings.server.listen).to_string()
}
