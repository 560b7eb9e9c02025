//! `releasepage owner`: the first account, and the way back in for those who lost theirs.

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

/// How long the link under which the first password is set works.
const SETUP_VALID: Duration = Duration::days(7);

/// How an owner is made.
#[derive(Clone, Copy, Debug)]
struct OwnerOptions {
    /// Prints JSON, with a personal access token.
    json: bool,
    /// Ends well where the address has an account.
    if_missing: bool,
}

/// Does what was asked for with the accounts of the whole server.
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

/// The address that `--email` gives.
pub(super) fn address_parse(email: &str) -> Result<SubscriberAddress, Failure> {
    SubscriberAddress::parse("--email", email).map_err(|fault| Failure::Said(fault.to_string()))
}

/// What is said where nobody has an address. It does not repeat it: errors are kept in logs.
pub(super) fn nobody_has_it() -> Failure {
    Failure::Said(
        "--email must be the address of an account: `releasepage owner list` shows those there are".to_owned(),
    )
}

/// What is said of a failure of the database, which finds nothing where nobody has the address.
fn failure_of(error: StoreError) -> Failure {
    match error {
        StoreError::NotFound => nobody_has_it(),
        other => other.into(),
    }
}

/// Makes an organization and its owner, and prints how to go on.
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

/// Says, beside the answer, where a new database is about to be made: the next command must look in the same place.
fn database_announce(settings: &Settings) {
    if let DatabaseUrl::Sqlite(path) = settings.database_url()
        && !Path::new(&path).exists()
    {
        // Nobody is left to be told when standard error is gone.
        let _ = writeln!(stderr(), "Making a new database at {path}: {}.", settings.file_read());
    }
}

/// Says how a user who is there already signs in; one who never set a password gets another link for it, since the first
/// may be lost or past its time.
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
