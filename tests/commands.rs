//! The command line: the output and the exit status of each command.

use std::net::TcpListener;

use serde_json::Value;

use crate::support::both_databases;
use crate::support::browser::Browser;
use crate::support::process::{SettingValues, fails, run, succeeds};
use crate::support::setup::Setup;

both_databases! {
    async fn owner_sets_a_password_under_the_printed_link_once(app: App) {
        let arguments = ["owner", "create", "--email", "Ada@Acme.Example", "--organization", "Second"];
        let printed = succeeds(&run(&arguments, app.settings(), ""));
        let link = printed.split_whitespace().find(|word| word.starts_with("http")).expect("a link is printed");
        assert!(link.starts_with(&format!("http://{}/setup/", app.address())), "{link}");

        let browser = Browser::new(app.address());
        let shown = browser.open(link).await.expect(200);
        let password = "a horse of another colour";
        let other = [("password", password), ("password_again", "a horse of the same colour")];
        browser.submit(link, &shown, &other).await.expect(400);
        browser.submit(link, &shown, &[("password", password), ("password_again", password)]).await.expect(303);
        browser.open("/mailbox").await.expect(200);
        Browser::new(app.address()).open(link).await.expect(404);

        let later = Browser::new(app.address());
        let shown = later.open("/sign-in").await.expect(200);
        later.submit("/sign-in", &shown, &[("email", "ada@acme.example"), ("password", password)]).await.expect(303);
    }
}

both_databases! {
    async fn owner_is_made_with_a_password_and_a_token(app: App) {
        let arguments = ["owner", "create", "--email", "ada@acme.example", "--organization", "Second", "--json"];
        let printed = succeeds(&run(&arguments, app.settings(), "a horse of another colour\n"));
        let created: Value = serde_json::from_str(&printed).expect("JSON is printed");
        let members: Vec<_> = created.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(members, ["user_id", "org_id", "created", "token"]);
        assert_eq!(created["created"], true);
        let me = app.api().with_token(created["token"].as_str().expect("a token")).get("/v1/me").await.expect(200);
        assert!(me.text().contains("ada@acme.example"), "{}", me.text());

        // Without a password, the output has a link for setting one.
        let arguments = ["owner", "create", "--email", "eve@acme.example", "--organization", "Third", "--json"];
        let created: Value = serde_json::from_str(&succeeds(&run(&arguments, app.settings(), ""))).expect("JSON");
        Browser::new(app.address()).open(created["setup_url"].as_str().expect("a link")).await.expect(200);
    }
}

both_databases! {
    async fn owner_that_is_there_is_left_alone_where_that_is_asked_for(app: App) {
        let address = app.owner.email.to_uppercase();
        let arguments = ["owner", "create", "--if-missing", "--email", &address, "--organization", "Second"];
        let printed = succeeds(&run(&arguments, app.settings(), "another password\n"));
        assert!(printed.ends_with(&format!("http://{}/sign-in\n", app.address())), "{printed}");
        let browser = Browser::new(app.address());
        let shown = browser.open("/sign-in").await.expect(200);
        let (email, password) = (app.owner.email.as_str(), app.owner.password.as_str());
        browser.submit("/sign-in", &shown, &[("email", email), ("password", password)]).await.expect(303);
    }
}

both_databases! {
    async fn owner_that_cannot_be_made_is_refused_with_a_sentence(app: App) {
        let known = app.owner.email.to_uppercase();
        let long = "x".repeat(101);
        let cases = [
            (["ada@@acme.example", "Second"], "", "--email must be one email address"),
            (["", "Second"], "", "--email must be one email address"),
            (["ada@acme.example", ""], "", "organization must be one line"),
            (["ada@acme.example", &long], "", "organization must be one line"),
            ([&known, "Second"], "", "email must be an address that no user has"),
            (["ada@acme.example", "Second"], "seven 7\n", "a password has at least 8 characters"),
        ];
        for ([email, organization], input, sentence) in cases {
            let arguments = ["owner", "create", "--email", email, "--organization", organization];
            fails(&run(&arguments, app.settings(), input), sentence);
        }
        // No part of them was made.
        let arguments = ["owner", "create", "--email", "ada@acme.example", "--organization", "Second"];
        succeeds(&run(&arguments, app.settings(), ""));
    }
}

both_databases! {
    async fn database_is_migrated_once_and_then_served(setup: Setup) {
        let setup = setup.with("database.auto_migrate", false);
        for command in ["serve", "work"] {
            fails(&run(&[command], setup.settings(), ""), "run `releasepage migrate` first");
        }
        assert!(succeeds(&run(&["migrate"], setup.settings(), "")).starts_with("Applied "));
        assert!(succeeds(&run(&["migrate"], setup.settings(), "")).contains("already"));
        setup.start().await.get("/readyz").await.expect(200);
    }
}

#[tokio::test]
async fn newer_database_is_refused_on_postgres() {
    let Some(setup) = Setup::on_postgres() else { return };
    succeeds(&run(&["migrate"], setup.settings(), ""));
    let database = setup.postgres().expect("it is on Postgres");
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')");
    for arguments in
        [&["migrate"][..], &["serve"], &["work"], &["owner", "create", "--email", "a@b.example", "--organization", "A"]]
    {
        fails(&run(arguments, setup.settings(), ""), "99991231000000, which this binary does not know");
    }
}

both_databases! {
    async fn health_is_the_exit_status(app: App) {
        let mut app = app;
        assert_eq!(succeeds(&run(&["health"], app.settings(), "")), "");
        app.kill();
        let told = fails(&run(&["health"], app.settings(), ""), "/healthz cannot be reached: Connection refused");
        assert!(told.starts_with(&format!("releasepage: http://{}/healthz", app.address())), "{told}");
    }
}

#[test]
fn start_that_cannot_be_ends_with_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("a listener has an address").to_string();
    let cases = [
        (
            ("server.lisen", "127.0.0.1:0"),
            "RELEASEPAGE__SERVER__LISEN, does not exist; the section `server` accepts listen, ",
        ),
        (("server.listen", address.as_str()), "cannot be listened on"),
        (("server.public_url", "https://example.com/releases"), "an http or https URL of a host, without a path"),
        (("database.url", "mysql://localhost/releasepage"), "sqlite://PATH"),
        (("database.url", "postgres://127.0.0.1:1/releasepage"), "the database cannot be opened"),
        (("mail.url", "smtp://localhost?tls=perhaps"), "smtp://USER:PASSWORD@HOST:PORT"),
        (("mail.from", "nobody"), "one mail address"),
        (("jobs.heartbeat_seconds", "40"), "jobs.heartbeat_seconds"),
        (("log.format", "xml"), "one of pretty, json"),
    ];
    for ((key, value), sentence) in cases {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut settings = SettingValues::from([("data_dir".to_owned(), directory.path().display().to_string())]);
        settings.insert("server.listen".to_owned(), "127.0.0.1:0".to_owned());
        // A Postgres database needs a key. Its absence would be reported first.
        settings.insert("secret_key".to_owned(), "0123456789abcdef".repeat(4));
        settings.insert("log.filter".to_owned(), "off".to_owned());
        settings.insert(key.to_owned(), value.to_owned());
        fails(&run(&["serve"], &settings, ""), sentence);
    }
}

#[test]
fn file_of_settings_that_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("releasepage.toml");
    let path = file.display().to_string();
    let serve = || run(&["serve", "--config", &path], &SettingValues::new(), "");
    fails(&serve(), &format!("the settings file {path} cannot be read"));
    std::fs::write(&file, "[server]\nlisten = 8080\n").expect("the file can be written");
    fails(&serve(), &format!("the setting `server.listen`, set in {path}"));
    std::fs::write(&file, "[server\n").expect("the file can be written");
    fails(&serve(), &path);
}

#[test]
fn wrong_usage_has_a_status_of_its_own() {
    for arguments in [
        &[][..],
        &["announce"],
        &["serve", "--no-workers"],
        &["owner"],
        &["owner", "create", "--email", "ada@acme.example"],
        &["migrate", "--config"],
    ] {
        let output = run(arguments, &SettingValues::new(), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--help"), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn every_command_helps_with_an_example() {
    for command in [
        &[][..],
        &["demo"],
        &["serve"],
        &["work"],
        &["migrate"],
        &["owner"],
        &["owner", "create"],
        &["owner", "list"],
        &["owner", "link"],
        &["owner", "set-password"],
        &["owner", "sign-out"],
        &["token"],
        &["token", "create"],
        &["publish"],
        &["import"],
        &["import", "changelog"],
        &["groups"],
        &["groups", "list"],
        &["groups", "show"],
        &["groups", "create"],
        &["groups", "edit"],
        &["groups", "withdraw"],
        &["jobs"],
        &["jobs", "list"],
        &["jobs", "retry"],
        &["jobs", "hold"],
        &["jobs", "resume"],
        &["backup"],
        &["restore"],
        &["doctor"],
        &["config"],
        &["health"],
    ] {
        let help = succeeds(&run(&[command, &["--help"]].concat(), &SettingValues::new(), ""));
        let (_, examples) =
            help.split_once("\nExample").unwrap_or_else(|| panic!("{command:?} has no example: {help}"));
        assert!(examples.contains(&format!(" {}", [&["releasepage"], command].concat().join(" "))), "{help}");
        assert!(help.contains("--config <FILE>"), "{help}");
    }
    let version = succeeds(&run(&["--version"], &SettingValues::new(), ""));
    assert_eq!(version, format!("releasepage {}\n", env!("CARGO_PKG_VERSION")));
}
