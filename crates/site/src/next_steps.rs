//! The next steps of an owner, as lines to copy that work with this server.

use releasepage_domain::{account::Role, text::shell_word};
use releasepage_storage::accounts::sessions::SessionUser;
use releasepage_web::home::Step;
use url::Url;

/// Returns the next steps of a user who administers an organization. For others it returns none, because they cannot do
/// them.
pub(super) fn next_steps(user: &SessionUser, public_url: &Url) -> Vec<Step> {
    if !matches!(user.role, Role::Owner | Role::Admin) {
        return Vec::new();
    }
    let url = shell_word(public_url.as_str().trim_end_matches('/'));
    let create = format!("releasepage token create --email {}", shell_word(&user.email));
    let page = [
        format!("URL={url}"),
        r#"api() { curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; }"#.to_owned(),
        r#"PROJECT=$(api $URL/v1/projects -d '{"name": "iOS app"}')"#.to_owned(),
        r#"PAGE=$(api $URL/v1/pages -d '{"title": "Acme", "published": true}' | jq -r .id)"#.to_owned(),
        r#"api $URL/v1/pages/$PAGE/components -d "$(jq '{repo, name: "iOS app"}' <<< "$PROJECT")""#.to_owned(),
    ];
    let publish = [
        r#"curl -sS -u "$(jq -r '"\(.api_key):\(.secret_key)"' <<< "$PROJECT")" $URL/api/2/release \"#,
        r#"    -d version=1.0.0 -d title=Hello --data-urlencode "release_start=$(date -u '+%Y-%m-%d %H:%M:%S')""#,
    ];
    vec![
        Step {
            what: "Make a personal access token, on the machine that the server runs on and with its settings. It is \
                   shown once; one that was lost is replaced in the same way.",
            lines: format!("TOKEN=$({create})"),
        },
        Step {
            what: "With docker compose, instead:",
            lines: format!("TOKEN=$(docker compose exec --no-TTY api {create})"),
        },
        Step { what: "Make a project and a page that shows its releases (with curl and jq):", lines: page.join("\n") },
        Step { what: "Publish a release, as a pipeline would:", lines: publish.join("\n") },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_for_those_who_can_take_them() {
        for (role, steps) in [(Role::Owner, 4), (Role::Admin, 4), (Role::Editor, 0), (Role::Viewer, 0)] {
            let user = SessionUser {
                user_id: 1,
                email: "o'brien@example.com".into(),
                organization_id: 1,
                organization_name: "Acme".into(),
                role,
            };
            let found = next_steps(&user, &"https://releases.example.com".parse().unwrap());
            assert_eq!(found.len(), steps, "{role}");
            for step in found.iter().take(2) {
                assert!(step.lines.ends_with(r"token create --email 'o'\''brien@example.com')"), "{}", step.lines);
            }
        }
    }
}
