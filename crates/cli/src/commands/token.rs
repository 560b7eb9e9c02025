//! `releasepage token create`: makes an access token for the operator of the server's machine.

use releasepage_auth::{
    scope::{Scope, Scopes},
    token::{secret_hash, token_new},
};
use releasepage_domain::{
    account::name_check,
    time::{UtcTime, time_ahead_parse, time_iso8601},
};
use releasepage_storage::{
    accounts::{
        access::{Member, member_by_email},
        row::AccessTokenNew,
        tokens::access_token_create,
    },
    database::clock::Clock,
};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    block_on,
    owner::{address_parse, nobody_has_it},
    print, tell,
};
use crate::{
    arguments::{TokenArguments, TokenCommand},
    failure::Failure,
    settings::Settings,
    wiring::store_open,
};

/// Makes the token and prints it, as plain text or as JSON.
pub(super) fn token(settings: &Settings, command: TokenCommand) -> Result<(), Failure> {
    let TokenCommand::Create(TokenArguments { email, name, scope, expires, json }) = command;
    let folded = address_parse(&email)?.folded();
    let name = name_check("--name", &name).map_err(|fault| Failure::Said(fault.to_string()))?;
    let now = Clock::system().now();
    let expires_at = expires.map(|when| expires_parse(&when, now)).transpose()?;
    let asked = scope.map(|list| scopes_parse(&list)).transpose()?;
    let store = store_open(settings)?;
    let member = block_on(async { Ok(member_by_email(&store, folded).await?) })?.ok_or_else(nobody_has_it)?;
    let scopes = scopes_allowed(asked, &member)?;
    let token = token_new();
    let new = AccessTokenNew {
        token_hash: secret_hash(token.expose_secret()),
        name: name.clone(),
        scopes: scopes.to_string(),
        expires_at,
    };
    let made = access_token_create(&store, member.organization_id, member.user_id, new, now);
    let id = block_on(async { Ok(made.await?) })?;
    if json {
        let answer = json!({
            "id": id,
            "name": name,
            "scopes": scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
            "user_id": member.user_id,
            "org_id": member.organization_id,
            "expires_at": expires_at.map(time_iso8601),
            "token": token.expose_secret(),
        });
        return print(&format!("{answer}\n"));
    }
    print(&format!("{}\n", token.expose_secret()))?;
    tell(&told(scopes, expires_at));
    Ok(())
}

/// The message that goes with the token.
fn told(scopes: Scopes, expires_at: Option<UtcTime>) -> String {
    let until = expires_at.map_or("until it is revoked".to_owned(), |time| format!("until {}", time_iso8601(time)));
    format!("the token is shown this once; it may {}, {until}", scopes.to_string().replace(' ', ", "))
}

fn expires_parse(when: &str, now: UtcTime) -> Result<UtcTime, Failure> {
    time_ahead_parse(when, now).ok_or_else(|| {
        Failure::Said(
            "--expires must be a time to come: a number of days, such as 90d, or ISO 8601 with an offset, such as \
             2027-01-31T00:00:00Z"
                .to_owned(),
        )
    })
}

fn scopes_parse(list: &str) -> Result<Scopes, Failure> {
    list.parse().map_err(|_| Failure::Said("--scope must be one of read, publish, manage and admin".to_owned()))
}

/// Returns the requested scopes. Without a request, all scopes of the role. Fails if the role does not allow them.
fn scopes_allowed(asked: Option<Scopes>, member: &Member) -> Result<Scopes, Failure> {
    let most = Scopes::of_role(member.role);
    match asked {
        Some(asked) if asked.limited_to(member.role) != asked => Err(Failure::Said(format!(
            "--scope must not be more than the account's role, {}, allows: {}",
            member.role,
            most.to_string().replace(' ', ", ")
        ))),
        asked => Ok(asked.unwrap_or(most)),
    }
}

#[cfg(test)]
mod tests {
    use releasepage_domain::account::Role;

    use super::*;

    #[test]
    fn a_token_may_do_no_more_than_its_owner() {
        for (asked, role, scopes) in [
            (None, Role::Owner, Some("read publish manage admin")),
            (None, Role::Editor, Some("read publish manage")),
            (Some("publish"), Role::Owner, Some("read publish")),
            (Some("read,manage"), Role::Editor, Some("read publish manage")),
            (Some("admin"), Role::Editor, None),
            (Some("publish"), Role::Viewer, None),
        ] {
            let member = Member {
                user_id: 1,
                email: String::new(),
                has_password: true,
                organization_id: 1,
                organization_name: String::new(),
                role,
            };
            let found = scopes_allowed(asked.map(|asked| asked.parse().unwrap()), &member);
            assert_eq!(found.ok().map(|scopes| scopes.to_string()).as_deref(), scopes, "{asked:?} {role}");
        }
    }
}
