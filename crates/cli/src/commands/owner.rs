//! `releasepage owner create`: the first account.

use std::{
    io::{IsTerminal as _, Read as _, Write as _, stderr},
    path::Path,
};

use chrono::Duration;
use releasepage_auth::{
    password::{PasswordHasher, password_check},
    scope::Scope,
    token::{secret_hash, setup_token_new, token_new},
};
use releasepage_domain::{subscriber::SubscriberAddress, time::UtcTime};
use releasepage_storage::{
    DatabaseUrl,
    access_tokens::AccessTokenNew,
    accounts::{
        OwnerNew, SetupLinkNew, User, owner_create as account_create, setup_link_renew as account_link_renew,
        user_by_email,
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{block_on, print};
use crate::{failure::Failure, settings::Settings, wiring::Wiring};

/// How long the link under which the first password is set works.
const SETUP_VALID: Duration = Duration::days(7);

/// How an owner is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnerOptions {
    /// Prints JSON, with a personal access token.
    pub(super) json: bool,
    /// Ends well where the address has an account.
    pub(super) if_missing: bool,
}

/// Makes an organization and its owner, and prints how to go on.
pub(super) fn owner_create(
    settings: Settings,
    email: &str,
    organization: String,
    options: OwnerOptions,
) -> Result<(), Failure> {
    let address = SubscriberAddress::parse("--email", email).map_err(|fault| Failure::Said(fault.to_string()))?;
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
            return owner_remind(&wiring, user);
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
    let setup_url = setup.map(|token| setup_url(&wiring, &token));
    if let Some(token) = token {
        let mut answer = json!({
            "user_id": created.user_id,
            "org_id": created.organization_id,
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
        None => print(&format!("Made the organization. Its owner signs in at {}/sign-in\n", public_url(&wiring))),
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
fn owner_remind(wiring: &Wiring, user: User) -> Result<(), Failure> {
    let token = setup_token_new();
    let link = setup_link(&token, wiring.clock.now());
    let renewed = block_on(async { Ok(account_link_renew(&wiring.store, user.id, link).await?) })?;
    if renewed {
        let url = setup_url(wiring, &token);
        return print(&format!("The owner is there, and sets a password here, once, within 7 days:\n{url}\n"));
    }
    print(&format!("The owner is there, and signs in at {}/sign-in\n", public_url(wiring)))
}

fn setup_link(token: &SecretString, now: UtcTime) -> SetupLinkNew {
    SetupLinkNew { token_hash: secret_hash(token.expose_secret()), expires_at: now + SETUP_VALID }
}

fn setup_url(wiring: &Wiring, token: &SecretString) -> String {
    format!("{}/setup/{}", public_url(wiring), token.expose_secret())
}

fn public_url(wiring: &Wiring) -> String {
    wiring.settings.server.public_url(wiring.settings.server.listen).to_string()
}

/// The password: the first line of standard input, where that is not a terminal and not empty.
fn password_read() -> Result<Option<SecretString>, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    stdin
        .take(8 * 1024)
        .read_to_string(&mut text)
        .map_err(Failure::io("the password cannot be read from standard input"))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Ok(None);
    }
    let password = SecretString::from(line);
    password_check(&password).map_err(|error| Failure::Said(error.to_string()))?;
    Ok(Some(password))
}
