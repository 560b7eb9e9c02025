//! `releasepage owner create`: the first account.

use std::io::{IsTerminal as _, Read as _};

use chrono::Duration;
use releasepage_auth::{
    password::{PasswordHasher, password_check},
    scope::Scope,
    token::{secret_hash, setup_token_new, token_new},
};
use releasepage_domain::subscriber::SubscriberAddress;
use releasepage_storage::{
    access_tokens::AccessTokenNew,
    accounts::{OwnerNew, SetupLinkNew, owner_create as account_create},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{block_on, print};
use crate::{failure::Failure, settings::Settings, wiring::Wiring};

/// How long the link under which the first password is set works.
const SETUP_VALID: Duration = Duration::days(7);

/// Makes an organization and its owner, and prints how to go on.
pub(super) fn owner_create(settings: Settings, email: &str, organization: String, json: bool) -> Result<(), Failure> {
    let address = SubscriberAddress::parse("--email", email).map_err(|fault| Failure::Said(fault.to_string()))?;
    let password = password_read()?;
    let password_hash = match &password {
        Some(password) => Some(PasswordHasher::new().hash(password).map_err(|error| Failure::Said(error.to_string()))?),
        None => None,
    };
    let wiring = Wiring::prepare(settings)?;
    let now = wiring.clock.now();
    let token = json.then(token_new);
    let setup = password.is_none().then(setup_token_new);
    let new = OwnerNew {
        email: address,
        organization,
        password_hash,
        setup_link: setup.as_ref().map(|token| SetupLinkNew {
            token_hash: secret_hash(token.expose_secret()),
            expires_at: now + SETUP_VALID,
        }),
        access_token: token.as_ref().map(|token| AccessTokenNew {
            token_hash: secret_hash(token.expose_secret()),
            name: "owner create".into(),
            scopes: Scope::Admin.as_str().into(),
            expires_at: None,
        }),
    };
    let created = block_on(async { Ok(account_create(&wiring.store, new, now).await?) })?;
    let public_url = wiring.settings.server.public_url(wiring.settings.server.listen);
    let setup_url = setup.map(|token| format!("{public_url}/setup/{}", token.expose_secret()));
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
        None => print(&format!("Made the organization. Its owner signs in at {public_url}/sign-in\n")),
    }
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
