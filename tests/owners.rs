//! The first token, and the ways back in after a lost password or token.

use std::process::Command;

use serde_json::Value;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::browser::Browser;
use crate::support::process::{fails, run, succeeds};
use crate::support::setup::PASSWORD;

/// Signs in and returns the status of the answer.
async fn sign_in(app: &App, browser: &Browser, password: &str) -> u16 {
    let shown = browser.open("/sign-in").await.expect(200);
    let fields = [("email", app.owner.email.as_str()), ("password", password)];
    browser.submit("/sign-in", &shown, &fields).await.status.as_u16()
}

both_databases! {
    async fn token_is_made_for_who_lost_theirs(app: App) {
        let address = app.owner.email.to_uppercase();
        let output = run(&["token", "create", "--email", &address], app.settings(), "");
        let printed = succeeds(&output);
        let token = printed.strip_suffix('\n').expect("the token alone is a line");
        assert!(token.starts_with("rp_pat_") && token.lines().count() == 1, "{printed}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains(token), "a secret stands on standard output alone");
        let me = app.api().with_token(token).get("/v1/me").await.expect(200).json();
        assert_eq!(me["user"]["email"], app.owner.email.as_str(), "{me}");

        let limits = ["--name", "ci", "--scope", "publish", "--expires", "30d", "--json"];
        let arguments = [&["token", "create", "--email", &address][..], &limits].concat();
        let printed = succeeds(&run(&arguments, app.settings(), ""));
        let made: Value = serde_json::from_str(&printed).expect("JSON is printed");
        assert_eq!(made["scopes"], serde_json::json!(["read", "publish"]));
        assert_eq!((&made["user_id"], &made["org_id"]), (&app.owner.user_id, &app.owner.org_id));
        let limited = app.api().with_token(made["token"].as_str().expect("a token"));
        limited.get("/v1/pages").await.expect(200);
        limited.post("/v1/pages", &serde_json::json!({ "title": "Acme" })).await.expect(403);
        let listed = app.api().get(&format!("/v1/tokens/{}", made["id"])).await.expect(200).json();
        assert_eq!((&listed["name"], &listed["expires_at"]), (&made["name"], &made["expires_at"]));
        assert!(listed["expires_at"].is_string(), "{listed}");

        for (arguments, sentence) in [
            (["--email", "nobody@acme.example", "--name", "ci"], "`releasepage owner list` shows those there are"),
            (["--email", "nobody", "--name", "ci"], "--email must be one email address"),
            (["--email", &address, "--name", " "], "--name must be one line"),
            (["--email", &address, "--scope", "write"], "--scope must be one of read, publish, manage and admin"),
            (["--email", &address, "--expires", "2020-01-01T00:00:00Z"], "--expires must be a time to come"),
        ] {
            let told = fails(&run(&[&["token", "create"][..], &arguments].concat(), app.settings(), ""), sentence);
            assert!(!told.contains("nobody@") && !told.contains(&address), "{told}");
        }
    }
}

both_databases! {
    async fn owners_are_listed(app: App) {
        let arguments = ["owner", "create", "--email", "eve@acme.example", "--organization", "Second"];
        succeeds(&run(&arguments, app.settings(), ""));
        assert_eq!(sign_in(&app, &Browser::new(app.address()), PASSWORD).await, 303);
        let listed: Value = serde_json::from_str(&succeeds(&run(&["owner", "list", "--json"], app.settings(), "")))
            .expect("JSON is printed");
        let [ada, eve] = &listed.as_array().expect("a list")[..] else { panic!("two accounts: {listed}") };
        assert_eq!((&ada["email"], &ada["user_id"]), (&app.owner.email.as_str().into(), &app.owner.user_id));
        assert_eq!((&ada["organization"], &ada["role"]), (&"Acme".into(), &"owner".into()));
        assert!(ada["password_set"] == true && ada["last_seen_at"].is_string(), "{listed}");
        assert!(eve["password_set"] == false && eve["last_seen_at"].is_null(), "{listed}");
        let told = succeeds(&run(&["owner", "list"], app.settings(), ""));
        let line = told.lines().find(|line| line.starts_with("eve@acme.example ")).unwrap_or_default();
        assert!(line.contains("Second") && line.contains("not set") && line.ends_with('-'), "{told}");
    }
}

both_databases! {
    async fn forgotten_password_is_set_under_another_link(app: App) {
        let printed = succeeds(&run(&["owner", "link", "--email", &app.owner.email], app.settings(), ""));
        let link = printed.split_whitespace().find(|word| word.starts_with("http")).expect("a link is printed");
        let signed_in = Browser::new(app.address());
        assert_eq!(sign_in(&app, &signed_in, PASSWORD).await, 303, "the password works until the link is used");
        let browser = Browser::new(app.address());
        let shown = browser.open(link).await.expect(200);
        let password = "a horse of another colour";
        let fields = [("password", password), ("password_again", password)];
        browser.submit(link, &shown, &fields).await.expect(303);
        signed_in.open("/mailbox").await.expect(303);
        assert_eq!(sign_in(&app, &Browser::new(app.address()), PASSWORD).await, 403);
        assert_eq!(sign_in(&app, &Browser::new(app.address()), password).await, 303);

        let first = succeeds(&run(&["owner", "link", "--email", &app.owner.email], app.settings(), ""));
        let first = first.split_whitespace().find(|word| word.starts_with("http")).expect("a link is printed");
        succeeds(&run(&["owner", "link", "--email", &app.owner.email], app.settings(), ""));
        browser.open(first).await.expect(404);
    }
}

both_databases! {
    async fn password_is_set_from_standard_input(app: App) {
        let signed_in = Browser::new(app.address());
        assert_eq!(sign_in(&app, &signed_in, PASSWORD).await, 303);
        let arguments = ["owner", "set-password", "--email", &app.owner.email];
        fails(&run(&arguments, app.settings(), ""), "the password must stand in the first line of standard input");
        fails(&run(&arguments, app.settings(), "seven 7\n"), "a password has at least 8 characters");
        signed_in.open("/mailbox").await.expect(200);
        succeeds(&run(&arguments, app.settings(), "a horse of another colour\n"));
        signed_in.open("/mailbox").await.expect(303);
        assert_eq!(sign_in(&app, &Browser::new(app.address()), PASSWORD).await, 403);
        assert_eq!(sign_in(&app, &Browser::new(app.address()), "a horse of another colour").await, 303);
    }
}

both_databases! {
    async fn all_sessions_of_an_owner_end(app: App) {
        let browsers = [(); 2].map(|()| Browser::new(app.address()));
        for browser in &browsers {
            assert_eq!(sign_in(&app, browser, PASSWORD).await, 303);
        }
        let told = succeeds(&run(&["owner", "sign-out", "--email", &app.owner.email], app.settings(), ""));
        assert!(told.starts_with("2 sessions have ended"), "{told}");
        for browser in &browsers {
            browser.open("/mailbox").await.expect(303);
        }
        app.api().get("/v1/me").await.expect(200);
        for arguments in [&["link"][..], &["sign-out"], &["set-password"]] {
            let arguments = [&["owner"][..], arguments, &["--email", "nobody@acme.example"]].concat();
            fails(&run(&arguments, app.settings(), "a horse of another colour\n"), "must be the address of an account");
        }
    }
}

both_databases! {
    async fn owner_that_is_there_is_told_in_json(app: App) {
        let create = |email: &str| {
            let arguments = ["owner", "create", "--if-missing", "--json", "--email", email, "--organization", "Second"];
            let printed = succeeds(&run(&arguments, app.settings(), ""));
            serde_json::from_str::<Value>(&printed).expect("JSON is printed")
        };
        let there = create(&app.owner.email);
        let expected = serde_json::json!({
            "user_id": app.owner.user_id, "org_id": app.owner.org_id, "created": false,
        });
        assert_eq!(there, expected);

        let made = create("eve@acme.example");
        assert_eq!(made["created"], true);
        app.api().with_token(made["token"].as_str().expect("a token")).get("/v1/me").await.expect(200);
        let again = create("eve@acme.example");
        assert_eq!((&again["created"], &again["user_id"], again.get("token")), (&false.into(), &made["user_id"], None));
        let open = async |answer: &Value| {
            let link = answer["setup_url"].as_str().expect("a link").to_owned();
            Browser::new(app.address()).open(&link).await.status.as_u16()
        };
        assert_eq!((open(&made).await, open(&again).await), (404, 200));
    }
}

/// The text of each `<pre>` in a document.
fn printed_lines(html: &str) -> Vec<String> {
    let texts = html.split("<pre").skip(1).map(|rest| {
        let text = rest.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).expect("code");
        [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")]
            .iter()
            .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
    });
    texts.collect()
}

both_databases! {
    async fn front_page_shows_an_owner_lines_that_work(app: App) {
        let browser = Browser::new(app.address());
        assert!(!browser.open("/").await.expect(200).text().contains("Next steps"));
        assert_eq!(sign_in(&app, &browser, PASSWORD).await, 303);
        let [token, compose, page, publish] = &printed_lines(&browser.open("/").await.expect(200).text())[..] else {
            panic!("four steps")
        };
        let arguments = token.strip_prefix("TOKEN=$(releasepage ").and_then(|line| line.strip_suffix(')'));
        let arguments = arguments.expect("a command of ours");
        assert!(compose.ends_with(&format!(" api releasepage {arguments})")), "{compose}");
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let token = succeeds(&run(&arguments, app.settings(), ""));

        let script = format!("set -euo pipefail\n{page}\n{publish}\n");
        let shell = tokio::task::spawn_blocking(move || {
            Command::new("bash").args(["-c", &script]).env("TOKEN", token.trim()).output().expect("bash starts")
        });
        let output = shell.await.expect("the script ends");
        let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{told}");
        let shown = app.get("/p/acme").await.expect(200).text();
        assert!(shown.contains("Hello") && shown.contains("1.0.0"), "{told}");
    }
}
